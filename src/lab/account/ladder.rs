//! The tables that compare all subjects.

use super::cells::{NOTHING, milliseconds, time, users};
use super::kind::RequestKind;
use super::subject_account::{SubjectAccount, SubjectState};
use crate::lab::Measurement;
use crate::run_result::Verdict;
use crate::table::{Align, Table, Tone};
use crate::units;

pub(super) fn tables(subjects: &[SubjectAccount]) -> Vec<Table> {
    let mut tables = vec![results(subjects), reasons(subjects), writes(subjects), agreement(subjects)];
    tables.retain(|table| !table.is_empty());
    tables
}

/// The number of the rung; [`NOTHING`] for another service.
fn number(subject: &SubjectAccount) -> String {
    subject.rung.map_or_else(|| NOTHING.to_owned(), |number| number.to_string())
}

/// A share of failed requests with its tone: bad unless it is zero.
fn share(ratio: Option<f64>) -> (String, Tone) {
    match ratio {
        Some(ratio) if ratio > 0.0 => (units::percent(ratio), Tone::Bad),
        Some(ratio) => (units::percent(ratio), Tone::Good),
        None => (NOTHING.to_owned(), Tone::Plain),
    }
}

fn results(subjects: &[SubjectAccount]) -> Table {
    let columns = [
        ("#", Align::Right),
        ("Rung", Align::Left),
        ("Requests", Align::Right),
        ("Failed", Align::Right),
        ("Orders", Align::Right),
        ("Reports", Align::Right),
        ("good/s", Align::Right),
        ("p50", Align::Right),
        ("p95", Align::Right),
        ("p99", Align::Right),
        ("Failed p50", Align::Right),
    ];
    let several = subjects.iter().any(|subject| subject.rounds > 1);
    let title = if several {
        "All rungs: the share that failed, and how long good answers took, in ms; the median round of each"
    } else {
        "All rungs: the share that failed, and how long good answers took, in milliseconds"
    };
    let mut table = Table::new(title, &columns);
    for subject in subjects.iter().filter(|subject| subject.state != SubjectState::Pending) {
        let Some(shown) = &subject.shown else {
            let dash = || NOTHING.to_owned();
            let mut cells = vec![(number(subject), Tone::Plain), (subject.name.clone(), Tone::Plain)];
            cells.push((dash(), Tone::Plain));
            cells.push(("broke".to_owned(), Tone::Bad));
            cells.extend((0..7).map(|_| (dash(), Tone::Plain)));
            table.toned_row(cells);
            continue;
        };
        table.toned_row(result(subject, shown));
    }
    table
}

fn result(subject: &SubjectAccount, shown: &Measurement) -> [(String, Tone); 11] {
    let load = &shown.load;
    let plain = |text: String| (text, Tone::Plain);
    // If the generator was the bottleneck, the figures are those of the generator.
    let doubtful = load.verdict == Verdict::GeneratorLimited;
    let name = if doubtful { format!("{} (!)", subject.name) } else { subject.name.clone() };
    let (good, failures) = (load.aggregated.good_answers(), load.aggregated.failed_requests());
    let kind = |kind: RequestKind| share(kind.fail_ratio(shown));
    let mut failed = share(load.fail_ratio);
    if let Some((low, high)) = subject.fail_ratio_range.filter(|(low, high)| high - low >= 0.001) {
        failed = (format!("{:.1} to {:.1} %", 100.0 * low, 100.0 * high), Tone::Bad);
    }
    [
        plain(number(subject)),
        (name, if doubtful { Tone::Doubtful } else { Tone::Plain }),
        plain(units::count(load.requests)),
        failed,
        kind(RequestKind::Orders),
        kind(RequestKind::Reports),
        plain(units::significant(good.per_second)),
        plain(time(&good, |times| times.p50)),
        plain(time(&good, |times| times.p95)),
        plain(time(&good, |times| times.p99)),
        plain(failures.map_or_else(|| NOTHING.to_owned(), |failures| time(&failures, |times| times.p50))),
    ]
}

fn reasons(subjects: &[SubjectAccount]) -> Table {
    let columns = [
        ("#", Align::Right),
        ("Connections", Align::Right),
        ("Asleep", Align::Right),
        ("Running", Align::Right),
        ("Refused", Align::Right),
        ("Statements", Align::Right),
        ("Cached", Align::Right),
        ("Rows", Align::Right),
        ("ms", Align::Right),
        ("Store", Align::Right),
        ("Database", Align::Right),
    ];
    let title = "What explains it: connections at the peak; an order of three products and a cold report, alone";
    let mut table = Table::new(title, &columns);
    let dash = || NOTHING.to_owned();
    for subject in subjects {
        let Some(shown) = subject.shown.as_ref().filter(|shown| shown.database.is_some() || shown.server.is_some())
        else {
            continue;
        };
        let database = shown.database.as_ref();
        let of_database = |value: fn(&crate::lab::DatabaseSide) -> String| database.map_or_else(dash, value);
        let of_alone =
            |value: fn(&crate::lab::UnloadedRequests) -> String| shown.alone.as_ref().map_or_else(dash, value);
        let server = shown.server.as_ref();
        table.row([
            number(subject),
            of_database(|database| format!("{} of {}", database.peak.open, database.max_connections)),
            of_database(|database| units::count(database.peak.asleep)),
            of_database(|database| units::count(database.peak.running)),
            server.map_or_else(dash, |server| units::count(server.refused_connections)),
            of_alone(|alone| units::count(alone.order_statements)),
            server.and_then(crate::lab::ServerSide::hit_ratio).map_or_else(dash, units::percent),
            of_alone(|alone| units::count(alone.cold_report_rows)),
            of_alone(|alone| milliseconds(alone.cold_report_ms)),
            server.map_or_else(dash, |server| format!("{:.2}", server.cpu_cores)),
            database.and_then(|database| database.cpu_cores).map_or_else(dash, |cores| format!("{cores:.2}")),
        ]);
    }
    table
}

fn writes(subjects: &[SubjectAccount]) -> Table {
    let searched = subjects.iter().any(|subject| subject.shown.as_ref().is_some_and(|shown| shown.limit.is_some()));
    let mut columns = vec![
        ("#", Align::Right),
        ("Rung", Align::Left),
        ("Orders/s", Align::Right),
        ("Failed", Align::Right),
        ("p50 ms", Align::Right),
        ("p99 ms", Align::Right),
        ("Statements", Align::Right),
        ("Per commit", Align::Right),
    ];
    columns.extend(searched.then_some(("Users", Align::Right)));
    let burst = subjects.iter().find_map(|subject| subject.shown.as_ref()?.burst.as_ref());
    let title = match burst {
        Some(burst) => format!(
            "What it can write: {} users who order as fast as they are answered, {:.0} s",
            burst.users, burst.duration_s
        ),
        None => "Users served correctly".to_owned(),
    };
    let mut table = Table::new(title, &columns);
    let dash = || NOTHING.to_owned();
    for subject in subjects {
        let Some(shown) = subject.shown.as_ref().filter(|shown| shown.burst.is_some() || shown.limit.is_some()) else {
            continue;
        };
        let burst = shown.burst.as_ref();
        let plain = |text: String| (text, Tone::Plain);
        let optional = |value: Option<f64>| plain(value.map_or_else(dash, units::significant));
        let doubtful = burst.is_some_and(|burst| burst.verdict == Verdict::GeneratorLimited);
        let rate = burst.map_or_else(dash, |burst| units::significant(burst.orders_per_s));
        let mut cells = vec![
            plain(number(subject)),
            plain(subject.name.clone()),
            if doubtful { (format!("{rate} (!)"), Tone::Doubtful) } else { plain(rate) },
            share(burst.and_then(|burst| burst.fail_ratio)),
            plain(burst.and_then(|burst| burst.p50_ms).map_or_else(dash, milliseconds)),
            plain(burst.and_then(|burst| burst.p99_ms).map_or_else(dash, milliseconds)),
            optional(burst.and_then(|burst| burst.statements_per_order)),
            optional(burst.and_then(|burst| burst.orders_per_commit)),
        ];
        cells.extend(searched.then(|| plain(shown.limit.as_ref().map_or_else(dash, users))));
        table.toned_row(cells);
    }
    table
}

/// A difference above this, in percent, is marked as doubtful.
const DOUBTFUL_DIFFERENCE: f64 = 1.0;

fn agreement(subjects: &[SubjectAccount]) -> Table {
    let columns = [
        ("#", Align::Right),
        ("Rung", Align::Left),
        ("Load test", Align::Right),
        ("Prometheus", Align::Right),
        ("Diff", Align::Right),
        ("Failed", Align::Right),
        ("4xx, 5xx", Align::Right),
        ("Diff", Align::Right),
    ];
    let title = "Requests and failures as the load test counted them, beside Prometheus";
    let mut table = Table::new(title, &columns);
    for subject in subjects {
        let Some((shown, server)) = subject.shown.as_ref().and_then(|shown| Some((shown, shown.server.as_ref()?)))
        else {
            continue;
        };
        let load = &shown.load;
        let plain = |text: String| (text, Tone::Plain);
        table.toned_row([
            plain(number(subject)),
            plain(subject.name.clone()),
            plain(units::count(load.requests)),
            plain(units::count(server.requests)),
            difference(load.requests, server.requests),
            plain(units::count(load.failures)),
            plain(units::count(server.failures)),
            difference(load.failures, server.failures),
        ]);
    }
    table
}

fn difference(own: u64, theirs: u64) -> (String, Tone) {
    if own == 0 && theirs == 0 {
        return ("+0.00 %".to_owned(), Tone::Plain);
    }
    let percent = 100.0 * (theirs as f64 - own as f64) / own.max(1) as f64;
    let tone = if percent.abs() > DOUBTFUL_DIFFERENCE { Tone::Doubtful } else { Tone::Plain };
    (format!("{percent:+.2} %"), tone)
}
