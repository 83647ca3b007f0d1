//! The report for people: a heading, the tables, and notes that say how to read them. Pure functions of the result.
//!
//! Each table is one file with one function; none is wider than 100 columns with the store's own routes.

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

/// What the report is about: the window, and where the figures are from.
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

/// All tables, in the order in which they are read; those without anything to say are left out.
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

/// The window at a glance, in lines of text; empty where there were too few scrapes.
pub fn over_time(report: &Report) -> Table {
    timeline::table(report)
}

/// How the figures are to be read, one sentence each.
pub fn notes(report: &Report) -> Vec<String> {
    let mut notes = report.remarks.clone();
    if report.total.requests == 0 {
        notes.push("The store was up, and nobody asked it anything in this window.".to_owned());
    }
    if report.probes > 0 {
        notes.push(format!("{} requests of probes and scrapes are left out.", units::count(report.probes)));
    }
    notes.push(
        "Failed: answered with 5xx. Refused: answered with 4xx. What never reached an instance, Prometheus does not know.".to_owned(),
    );
    notes.push(
        "Percentiles are estimated within the buckets of a histogram, and measured in the server: the way there and \
         back is not in them."
            .to_owned(),
    );
    notes.push(
        "Peaks are the highest that Prometheus saw at a scrape; what came and went in between it did not see."
            .to_owned(),
    );
    notes.extend(report.load_test.as_ref().and_then(|comparison| count_comparison::note(report, comparison)));
    notes
}

#[cfg(test)]
pub(super) mod tests;
