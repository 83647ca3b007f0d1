//! The tables of one subject, like those that the author of the original store made by hand, with the difference to the
//! rung before.

use super::cells::{NOTHING, time};
use super::explanation;
use super::subject_account::SubjectAccount;
use crate::lab::Measurement;
use crate::run_result::{LatencySummary, Outcome, RouteSummary};
use crate::table::{Align, Table, Tone};
use crate::units;

/// The maximum number of kinds of failures that are shown; the measurement's file has all of them.
const MOST_FAILURES: usize = 8;

/// Takes one of the times out of a summary.
type Figure = fn(&LatencySummary) -> f64;

pub(super) fn tables(subject: &SubjectAccount, before: Option<&SubjectAccount>) -> Vec<Table> {
    let Some(shown) = &subject.shown else { return Vec::new() };
    let mut tables = vec![requests(shown, before), times(shown)];
    if !shown.load.failure_groups.is_empty() {
        tables.push(failures(shown));
    }
    tables.extend(explanation::table(shown, before));
    tables
}

/// All routes, and their sum.
fn rows(measurement: &Measurement) -> impl Iterator<Item = (&RouteSummary, Tone)> {
    let load = &measurement.load;
    load.routes.iter().map(|route| (route, Tone::Plain)).chain([(&load.aggregated, Tone::Strong)])
}

fn requests(shown: &Measurement, before: Option<&SubjectAccount>) -> Table {
    let difference = before.map_or_else(|| "Before".to_owned(), |before| format!("To {}", before.short()));
    let columns = [
        ("Type", Align::Left),
        ("Name", Align::Left),
        ("# reqs", Align::Right),
        ("# fails", Align::Right),
        ("Failed", Align::Right),
        (difference.as_str(), Align::Right),
        ("good/s", Align::Right),
        ("fails/s", Align::Right),
    ];
    let mut table = Table::new("Requests and failures; differences in percentage points", &columns);
    let earlier = before.and_then(|before| before.shown.as_ref());
    for (route, tone) in rows(shown) {
        let same = |other: &&RouteSummary| other.method == route.method && other.route == route.route;
        let was = earlier.and_then(|earlier| rows(earlier).map(|(route, _)| route).find(same));
        let points = was.and_then(|was| Some(100.0 * (route.fail_ratio()? - was.fail_ratio()?)));
        let (failed, changed) = (if route.failures > 0 { Tone::Bad } else { tone }, tone_of(points));
        table.toned_row([
            (route.method.clone(), tone),
            (route.route.clone(), tone),
            (units::count(route.requests), tone),
            (units::count(route.failures), failed),
            (route.fail_ratio().map_or_else(|| NOTHING.to_owned(), units::percent), failed),
            (points.map_or_else(|| NOTHING.to_owned(), |points| format!("{points:+.1}")), changed),
            (units::significant(route.good_answers().per_second), tone),
            (units::significant(route.failures_per_s), failed),
        ]);
    }
    table
}

/// The tone of a change in the share of failures: good or bad from one percentage point on.
fn tone_of(points: Option<f64>) -> Tone {
    match points {
        Some(points) if points <= -1.0 => Tone::Good,
        Some(points) if points >= 1.0 => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// The times of good answers, and below those of failed requests, where there are any.
fn times(shown: &Measurement) -> Table {
    const FIGURES: [(&str, Figure); 6] = [
        ("Med", |t| t.p50),
        ("p95", |t| t.p95),
        ("p99", |t| t.p99),
        ("Avg", |t| t.mean),
        ("Min", |t| t.min),
        ("Max", |t| t.max),
    ];
    let mut header = vec![("Type", Align::Left), ("Name", Align::Left)];
    header.extend(FIGURES.map(|(name, _)| (name, Align::Right)));
    let below = if shown.load.failures > 0 { ", below of failed ones" } else { "" };
    let mut table = Table::new(format!("Response times in milliseconds, of good answers{below}"), &header);
    for (route, tone) in rows(shown) {
        for of in route.by_outcome() {
            let (method, name, tone) = match of.outcome {
                Outcome::Good => (route.method.clone(), route.route.clone(), tone),
                Outcome::Failed => (String::new(), "  failed".to_owned(), Tone::Bad),
            };
            let cells = [method, name].into_iter().chain(FIGURES.map(|(_, figure)| time(&of, figure)));
            table.toned_row(cells.map(|cell| (cell, tone)));
        }
    }
    table
}

fn failures(shown: &Measurement) -> Table {
    let columns = [
        ("# fails", Align::Right),
        ("Share", Align::Right),
        ("Type", Align::Left),
        ("Name", Align::Left),
        ("Error", Align::Left),
    ];
    let mut table = Table::new("Failures by message, with their share of all requests", &columns);
    let groups = &shown.load.failure_groups;
    for group in groups.iter().take(MOST_FAILURES) {
        table.row([
            units::count(group.count),
            units::percent(group.share),
            group.method.clone(),
            group.route.clone(),
            group.message.clone(),
        ]);
    }
    if let Some(rest) = groups.get(MOST_FAILURES..).filter(|rest| !rest.is_empty()) {
        let count = rest.iter().map(|group| group.count).sum();
        let share = rest.iter().map(|group| group.share).sum();
        let kinds = format!("{} more kinds of failures", rest.len());
        table.row([units::count(count), units::percent(share), String::new(), String::new(), kinds]);
    }
    table
}
