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
use crate::run_result::builds_table;
use crate::table::Table;
use crate::units::{self, Language};
use crate::{say, text};

/// The window, and the source of the figures.
pub fn heading(report: &Report, language: Language) -> String {
    let window = &report.window;
    let length = language.number(&units::duration(Duration::from_secs_f64(window.duration_s)));
    let (from, to) = (&window.started_at, &window.ended_at);
    let instances = match report.instances.len() {
        1 => language.text(text!("1 instance")).to_owned(),
        many => say!(language, "{many} instances", many),
    };
    let interval = window.scrape_interval_s.map(|seconds| language.significant(seconds));
    let interval = interval.map(|seconds| say!(language, ", scraped every {seconds} s", seconds)).unwrap_or_default();
    let source = say!(
        language,
        "{instances}{interval}, as seen by Prometheus at {address}",
        instances,
        interval,
        address = report.prometheus
    );
    let window = say!(language, "{from} to {to} ({length})", from, to, length);
    let load = report.load_test.as_ref().and_then(|run| Some((run.scenario.as_ref()?, run.host.as_ref()?)));
    let load = load.map(|(scenario, host)| say!(language, "Load test {scenario} on {host}", scenario, host));
    [Some(window), load, Some(source)].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// All tables that are not empty, in the order in which they are shown.
pub fn tables(report: &Report, language: Language) -> Vec<Table> {
    let comparison = report.load_test.as_ref().map(count_comparison::table);
    let mut tables = vec![requests::table(report), latencies::table(report), instances::table(report)];
    tables.push(failures::table(report, language));
    tables.extend(comparison);
    tables.push(orders::table(report));
    tables.push(saturation::table(report));
    tables.push(saturation::waits(report));
    tables.push(batches::table(report));
    tables.push(batches::sizes(report, language));
    tables.push(connections::table(report));
    tables.push(connections::errors(report));
    tables.push(cache::table(report));
    tables.push(processes::table(report));
    tables.push(builds_table(&report.builds));
    tables.retain(|table| !table.is_empty());
    tables.into_iter().map(|table| table.in_language(language)).collect()
}

/// The table with a sparkline for each figure; empty if there were too few scrapes.
pub fn over_time(report: &Report, language: Language) -> Table {
    timeline::table(report, language).in_language(language)
}

/// How to read the figures, one sentence each.
pub fn notes(report: &Report, language: Language) -> Vec<String> {
    let text = |text: &'static str| language.text(text).to_owned();
    let mut notes = language.retold_all(&report.remarks);
    if report.total.requests == 0 {
        notes.push(text(text!("The store was running but got no requests in this window.")));
    }
    if report.probes > 0 {
        let count = language.count(report.probes);
        notes.push(say!(language, "{count} requests of probes and scrapes are left out.", count));
    }
    notes.push(text(text!(
        "Failed: answered with 5xx. Rejected: answered with 4xx. Prometheus does not know requests that never reached an instance."
    )));
    notes.push(text(text!(
        "Percentiles are estimated from the buckets of a histogram and measured in the server, so they do not include the network."
    )));
    notes.push(text(text!(
        "Peaks are the highest values at a scrape; Prometheus does not see what happens between two scrapes."
    )));
    notes.extend(report.load_test.as_ref().and_then(|comparison| count_comparison::note(report, comparison, language)));
    notes
}

#[cfg(test)]
pub(super) mod tests;
