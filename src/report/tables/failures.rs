//! The table of rejected and failed requests, by reason.

use super::cells::NOTHING;
use crate::report::{FailureGroup, Report};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

/// The maximum number of rows. The JSON has all reasons.
const MOST: usize = 20;

pub(super) fn table(report: &Report, language: Language) -> Table {
    let columns = [
        (text!("Method"), Left),
        (text!("Route"), Left),
        (text!("Status"), Left),
        (text!("Reason"), Left),
        (text!("Requests"), Right),
        (text!("Share"), Right),
    ];
    let mut table = Table::new(text!("Rejected and failed, by reason"), &columns);
    let share = |count: u64| units::percent(count as f64 / report.total.requests.max(1) as f64);
    for FailureGroup { method, route, status, code, count } in report.failure_groups.iter().take(MOST) {
        let tone = if status.starts_with('5') { Tone::Bad } else { Tone::Plain };
        let code = if code.is_empty() { NOTHING } else { code };
        let words = [method, route, status, code].map(str::to_owned);
        let cells = words.into_iter().chain([units::count(*count), share(*count)]);
        table.toned_row(cells.map(|cell| (cell, tone)));
    }
    let rest: u64 = report.failure_groups.iter().skip(MOST).map(|group| group.count).sum();
    if rest > 0 {
        let others = say!(language, "{count} other reasons", count = report.failure_groups.len() - MOST);
        table.row(["", "", "", &others, &units::count(rest), &share(rest)]);
    }
    table
}
