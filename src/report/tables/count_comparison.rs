//! The table with the counts of the load test beside those of Prometheus.

use super::cells::{DOUBTFUL_DIFFERENCE, NOTHING};
use crate::report::{CountComparison, Report, RouteComparison};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::units::{self, Language};
use crate::{say, text};

pub(super) fn table(comparison: &CountComparison) -> Table {
    let columns = [
        (text!("Method"), Left),
        (text!("Route"), Left),
        (text!("Load test"), Right),
        (text!("Prometheus"), Right),
        (text!("Diff"), Right),
        (text!("Failed"), Right),
        (text!("4xx, 5xx"), Right),
    ];
    let mut table =
        Table::new(text!("Requests and failures as the load test counted them, beside Prometheus"), &columns);
    for route in &comparison.routes {
        table.toned_row(cells(route, Tone::Plain));
    }
    table.toned_row(cells(&comparison.total, Tone::Strong));
    table
}

/// The note that explains a difference between the counts; `None` if it is small.
pub(super) fn note(report: &Report, comparison: &CountComparison, language: Language) -> Option<String> {
    if !is_doubtful(&comparison.total) {
        return None;
    }
    let until = &report.window.counted_until;
    Some(say!(
        language,
        "The counts differ by more than {percent} %. Only the load test counts requests that never reached an instance; only \
         Prometheus counts requests of other clients, and those between the end of the run and the scrape at {until}.",
        percent = DOUBTFUL_DIFFERENCE,
        until
    ))
}

fn is_doubtful(counts: &RouteComparison) -> bool {
    counts.load_test_requests != counts.prometheus_requests
        && counts.difference_percent.is_none_or(|percent| percent.abs() > DOUBTFUL_DIFFERENCE)
}

fn cells(counts: &RouteComparison, tone: Tone) -> [(String, Tone); 7] {
    let difference = counts.difference_percent.map_or_else(|| NOTHING.to_owned(), |percent| format!("{percent:+.2} %"));
    let doubt = if is_doubtful(counts) { Tone::Doubtful } else { tone };
    [
        (counts.method.clone(), tone),
        (counts.route.clone(), tone),
        (units::count(counts.load_test_requests), tone),
        (units::count(counts.prometheus_requests), tone),
        (difference, doubt),
        (units::count(counts.load_test_failures), tone),
        (units::count(counts.prometheus_failures), tone),
    ]
}
