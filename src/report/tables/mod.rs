//! The heading of a report, its tables, and the notes that say how to read them. All are pure functions of the result.
//!
//! Each table is one file. None is wider than 100 columns with the routes of the store.

mod batches;
mod cache;
mod cells;
mod connections;
mod count_comparison;
mod failures;
mod instances;
mod latencies;
mod orders;
mod processes;
mod requests;
mod saturation;
mod timeline;

use std::time::Duration;

pub(super) use self::cells::{NOTHING, fail_share, percentile, rate};
use super::Report;
use crate::table::Table;
use crate::units;

/// The window, and the source of the figures.
pub fn heading(report: &Report) -> String {
    let window = &report.window;
    let length = units::duration(Duration::from_secs_f64(window.duration_s));
    let instances = match report.instances.len() {
        1 => "1 instance".to_owned(),
        many => format!("{many} instances"),
    };
    let interval = window.scrape_interval_s.map(|seconds| format!(", scraped every {} s", units::significant(seconds)));
    let interval = interval.unwrap_or_default();
    format!(
        "{} to {} ({length})\n{instances}{interval}, as seen by Prometheus at {}",
        window.started_at, window.ended_at, report.prometheus
    )
}

/// All tables that are not empty, in the order in which they are shown.
pub fn tables(report: &Report) -> Vec<Table> {
    let comparison = report.load_test.as_ref().map(count_comparison::table);
    let mut tables = vec![requests::table(report), latencies::table(report), instances::table(report)];
    tables.push(failures::table(report));
    tables.extend(comparison);
    tables.push(orders::table(report));
    tables.push(saturation::table(report));
    tables.push(saturation::waits(report));
    tables.push(batches::table(report));
    tables.push(batches::sizes(report));
    tables.push(connections::table(report));
    tables.push(connections::errors(report));
    tables.push(cache::table(report));
    tables.push(processes::table(report));
    tables.retain(|table| !table.is_empty());
    tables
}

/// The table with a sparkline for each figure; empty if there were too few scrapes.
pub fn over_time(report: &Report) -> Table {
    timeline::table(report)
}

/// How to read the figures, one sentence each.
pub fn notes(report: &Report) -> Vec<String> {
    let mut notes = report.remarks.clone();
    if report.total.requests == 0 {
        notes.push("The store was running but got no requests in this window.".to_owned());
    }
    if report.probes > 0 {
        notes.push(format!("{} requests of probes and scrapes are left out.", units::count(report.probes)));
    }
    notes.push(
        "Failed: answered with 5xx. Refused: answered with 4xx. Prometheus does not know requests that never reached an instance."
                    .to_owned(),
    );
    notes.push(
        "Percentiles are estimated from the buckets of a histogram and measured in the server, so they do not include \
        the network."
            .to_owned(),
    );
    notes.push(
        "Peaks are the highest values at a scrape; Prometheus does not see what happens between two scrapes."
            .to_owned(),
    );
    notes.extend(report.load_test.as_ref().and_then(|comparison| count_comparison::note(report, comparison)));
    notes
}

#[cfg(test)]
pub(super) mod tests;
