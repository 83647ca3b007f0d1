//! The tables of one subject, like those that the author of the original store made by hand, with the difference to the
//! rung before.

use super::cells::{NOTHING, time};
use super::explanation;
use super::subject_account::SubjectAccount;
use crate::lab::Measurement;
use crate::loadtest::ramp_table;
use crate::run_result::{LatencySummary, Outcome, RouteSummary};
use crate::table::{Align, Table, Tone};
use crate::units::Language;
use crate::{say, text};

/// The maximum number of kinds of failures that are shown; the measurement's file has all of them.
const MOST_FAILURES: usize = 8;

/// Takes one of the times out of a summary.
type Figure = fn(&LatencySummary) -> f64;

pub(super) fn tables(subject: &SubjectAccount, before: Option<&SubjectAccount>, language: Language) -> Vec<Table> {
    let Some(shown) = &subject.shown else { return Vec::new() };
    let mut tables = vec![requests(shown, before, language), times(shown, language)];
    tables.extend(ramp_table(&shown.load, language));
    if !shown.load.failure_groups.is_empty() {
        tables.push(failures(shown, language));
    }
    tables.extend(explanation::table(shown, before, language));
    tables
}

/// All routes, and their sum.
fn rows(measurement: &Measurement) -> impl Iterator<Item = (&RouteSummary, Tone)> {
    let load = &measurement.load;
    load.routes.iter().map(|route| (route, Tone::Plain)).chain([(&load.aggregated, Tone::Strong)])
}

/// The route; for the sum of all, the word for it.
fn route_name(route: &RouteSummary, language: Language) -> String {
    if route.method.is_empty() { language.text(&route.route).to_owned() } else { route.route.clone() }
}

/// The table of requests and failures by route, beside those of the rung before.
pub(super) fn requests(shown: &Measurement, before: Option<&SubjectAccount>, language: Language) -> Table {
    let difference = before.map(|before| say!(language, "To {rung}", rung = before.short(language)));
    let mut columns = language
        .names([
            (text!("Type"), Align::Left),
            (text!("Name"), Align::Left),
            (text!("# reqs"), Align::Right),
            (text!("# fails"), Align::Right),
            (text!("Failed"), Align::Right),
            (text!("good/s"), Align::Right),
            (text!("fails/s"), Align::Right),
        ])
        .to_vec();
    // Without a rung before, a column of differences would be empty.
    if let Some(difference) = &difference {
        columns.insert(5, (difference, Align::Right));
    }
    let title = match difference {
        Some(_) => text!("Requests and failures; differences in percentage points"),
        None => text!("Requests and failures"),
    };
    let mut table = Table::new(language.text(title), &columns);
    let earlier = before.and_then(|before| before.shown.as_ref());
    for (route, tone) in rows(shown) {
        let same = |other: &&RouteSummary| other.method == route.method && other.route == route.route;
        let was = earlier.and_then(|earlier| rows(earlier).map(|(route, _)| route).find(same));
        let points = was.and_then(|was| Some(100.0 * (route.fail_ratio()? - was.fail_ratio()?)));
        let (failed, changed) = (if route.failures > 0 { Tone::Bad } else { tone }, tone_of(points));
        let mut cells = vec![
            (route.method.clone(), tone),
            (route_name(route, language), tone),
            (language.count(route.requests), tone),
            (language.count(route.failures), failed),
            (route.fail_ratio().map_or_else(|| NOTHING.to_owned(), |ratio| language.percent(ratio)), failed),
            (language.significant(route.good_answers().per_second), tone),
            (language.significant(route.failures_per_s), failed),
        ];
        if difference.is_some() {
            let points = points.map(|points| language.number(&format!("{points:+.1}")));
            cells.insert(5, (points.unwrap_or_else(|| NOTHING.to_owned()), changed));
        }
        table.toned_row(cells);
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
fn times(shown: &Measurement, language: Language) -> Table {
    const FIGURES: [(&str, Figure); 6] = [
        (text!("Med"), |t| t.p50),
        (text!("p95"), |t| t.p95),
        (text!("p99"), |t| t.p99),
        (text!("Avg"), |t| t.mean),
        (text!("Min"), |t| t.min),
        (text!("Max"), |t| t.max),
    ];
    let mut header = language.names([(text!("Type"), Align::Left), (text!("Name"), Align::Left)]).to_vec();
    header.extend(language.names(FIGURES.map(|(name, _)| (name, Align::Right))));
    let title = match shown.load.failures {
        0 => text!("Response times in milliseconds, of good answers"),
        _ => text!("Response times in milliseconds, of good answers, below of failed ones"),
    };
    let mut table = Table::new(language.text(title), &header);
    for (route, tone) in rows(shown) {
        for of in route.by_outcome() {
            let (method, name, tone) = match of.outcome {
                Outcome::Good => (route.method.clone(), route_name(route, language), tone),
                Outcome::Failed => (String::new(), language.text(text!("  failed")).to_owned(), Tone::Bad),
            };
            let cells = [method, name].into_iter().chain(FIGURES.map(|(_, figure)| time(&of, figure, language)));
            table.toned_row(cells.map(|cell| (cell, tone)));
        }
    }
    table
}

/// The table of the failures by message, with their share of all requests.
pub(super) fn failures(shown: &Measurement, language: Language) -> Table {
    let columns = language.names([
        (text!("# fails"), Align::Right),
        (text!("Share"), Align::Right),
        (text!("Type"), Align::Left),
        (text!("Name"), Align::Left),
        (text!("Error"), Align::Left),
    ]);
    let title = text!("Failures by message, with their share of all requests");
    let mut table = Table::new(language.text(title), &columns);
    let groups = &shown.load.failure_groups;
    for group in groups.iter().take(MOST_FAILURES) {
        table.row([
            language.count(group.count),
            language.percent(group.share),
            group.method.clone(),
            group.route.clone(),
            group.told(language),
        ]);
    }
    if let Some(rest) = groups.get(MOST_FAILURES..).filter(|rest| !rest.is_empty()) {
        let count = rest.iter().map(|group| group.count).sum();
        let share = rest.iter().map(|group| group.share).sum();
        let kinds = say!(language, "{count} more kinds of failures", count = rest.len());
        table.row([language.count(count), language.percent(share), String::new(), String::new(), kinds]);
    }
    table
}
