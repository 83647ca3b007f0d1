//! The table with a sparkline over the window for each figure.

use std::time::Duration;

use super::cells::rate;
use crate::report::Report;
use crate::table::Align::{Left, Right};
use crate::table::Table;
use crate::units::{self, Language};
use crate::{say, text};

/// The maximum width of a sparkline in characters, so that the table fits a terminal of 80 columns.
const WIDTH: usize = 52;

pub(super) fn table(report: &Report, language: Language) -> Table {
    let timeline = &report.timeline;
    let length = units::duration(Duration::from_secs_f64(report.window.duration_s));
    let line = say!(language, "in {length}", length = language.number(&length));
    let mut table =
        Table::new(text!("Over time"), &[("", Left), (text!("Highest"), Right), (&line, Left)]).with_named_rows();
    if timeline.at_s.is_empty() {
        return table;
    }
    let some = |line: &[f64]| line.iter().copied().map(Some).collect::<Vec<_>>();
    let milliseconds = |value: f64| units::duration(Duration::from_secs_f64(value / 1000.0));
    let whole = |value: f64| units::count(value as u64);
    let mut row = |name: &str, values: &[Option<f64>], written: &dyn Fn(f64) -> String| {
        let known = values.iter().copied().flatten();
        if let Some(most) = known.reduce(f64::max) {
            table.row([name.to_owned(), written(most), drawn(values)]);
        }
    };
    row(text!("requests/s"), &some(&timeline.requests_per_s), &rate);
    row(text!("failures/s"), &some(&timeline.failures_per_s), &rate);
    row(text!("p95"), &timeline.p95_ms, &milliseconds);
    row(text!("connections"), &timeline.connections_total, &whole);
    if timeline.order_queue_depth.iter().flatten().any(|waiting| *waiting > 0.0) {
        row(text!("orders waiting"), &timeline.order_queue_depth, &whole);
    }
    table
}

/// The sparkline. Each character shows the highest of the slots that it covers, equally many for all: of three slots the
/// highest is higher than of two, where nothing has changed. A last character of fewer slots is left as it is.
fn drawn(values: &[Option<f64>]) -> String {
    let slots = values.len().div_ceil(WIDTH).max(1);
    let highest = |slots: &[Option<f64>]| slots.iter().copied().flatten().reduce(f64::max);
    units::sparkline(values.chunks(slots).map(highest).collect::<Vec<_>>())
}
