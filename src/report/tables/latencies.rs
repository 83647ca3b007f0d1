//! The table of percentiles by route, of good answers: a failure is often quick, and would improve them.

use super::cells::percentile;
use crate::report::{Latencies, Report};
use crate::table::Align::{Left, Right};
use crate::table::{Table, Tone};
use crate::text;

pub(super) fn table(report: &Report) -> Table {
    let columns = [
        (text!("Method"), Left),
        (text!("Route"), Left),
        (text!("p50"), Right),
        (text!("p95"), Right),
        (text!("p99"), Right),
    ];
    let mut table = Table::new(text!("Time to a good answer"), &columns);
    for route in &report.routes {
        table.toned_row(cells(&route.method, &route.route, &route.traffic.latency_ms, Tone::Plain));
    }
    if !table.is_empty() {
        table.toned_row(cells("", text!("Aggregated"), &report.total.latency_ms, Tone::Strong));
    }
    table
}

fn cells(method: &str, route: &str, latencies: &Latencies, tone: Tone) -> Vec<(String, Tone)> {
    let Latencies { p50, p95, p99 } = *latencies;
    let names = [method.to_owned(), route.to_owned()];
    names.into_iter().chain([p50, p95, p99].map(percentile)).map(|cell| (cell, tone)).collect()
}
