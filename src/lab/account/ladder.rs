//! The tables that compare all subjects.

use super::cells::{NOTHING, milliseconds, time, users};
use super::kind::RequestKind;
use super::subject_account::{SubjectAccount, SubjectState};
use crate::lab::{DatabaseSide, Measurement, ServerSide, UnloadedRequests};
use crate::run_result::Verdict;
use crate::table::{Align, Table, Tone};
use crate::units::Language;
use crate::{say, text};

pub(super) fn tables(subjects: &[SubjectAccount], language: Language) -> Vec<Table> {
    let mut tables = vec![
        results(subjects, language),
        reasons(subjects, language),
        losses(subjects, language),
        writes(subjects, language),
        agreement(subjects, language),
    ];
    tables.retain(|table| !table.is_empty());
    tables
}

/// The number of the rung; [`NOTHING`] for another service.
fn number(subject: &SubjectAccount) -> String {
    subject.rung.map_or_else(|| NOTHING.to_owned(), |number| number.to_string())
}

/// A share of failed requests with its tone: bad unless it is zero.
pub(super) fn share(ratio: Option<f64>, language: Language) -> (String, Tone) {
    match ratio {
        Some(ratio) if ratio > 0.0 => (language.percent(ratio), Tone::Bad),
        Some(ratio) => (language.percent(ratio), Tone::Good),
        None => (NOTHING.to_owned(), Tone::Plain),
    }
}

pub(super) fn results(subjects: &[SubjectAccount], language: Language) -> Table {
    let columns = language.names([
        ("#", Align::Right),
        (text!("Rung"), Align::Left),
        (text!("Requests"), Align::Right),
        (text!("Failed"), Align::Right),
        (text!("Orders"), Align::Right),
        (text!("Reports"), Align::Right),
        (text!("good/s"), Align::Right),
        (text!("p50"), Align::Right),
        (text!("p95"), Align::Right),
        (text!("p99"), Align::Right),
        (text!("Failed p50"), Align::Right),
    ]);
    let several = subjects.iter().any(|subject| subject.rounds > 1);
    let title = if several {
        text!("All rungs: the share that failed, and how long good answers took, in ms; the median round of each")
    } else {
        text!("All rungs: the share that failed, and how long good answers took, in milliseconds")
    };
    let mut table = Table::new(language.text(title), &columns);
    for subject in subjects.iter().filter(|subject| subject.state != SubjectState::Pending) {
        let Some(shown) = &subject.shown else {
            let dash = || NOTHING.to_owned();
            let mut cells = vec![(number(subject), Tone::Plain), (subject.name_in(language).to_owned(), Tone::Plain)];
            cells.push((dash(), Tone::Plain));
            cells.push((language.text(text!("broke")).to_owned(), Tone::Bad));
            cells.extend((0..7).map(|_| (dash(), Tone::Plain)));
            table.toned_row(cells);
            continue;
        };
        table.toned_row(result(subject, shown, language));
    }
    table
}

fn result(subject: &SubjectAccount, shown: &Measurement, language: Language) -> [(String, Tone); 11] {
    let load = &shown.load;
    let plain = |text: String| (text, Tone::Plain);
    // If the generator was the bottleneck, the figures are those of the generator.
    let doubtful = load.verdict == Verdict::GeneratorLimited;
    let name = subject.name_in(language);
    let name = if doubtful { format!("{name} (!)") } else { name.to_owned() };
    let (good, failures) = (load.aggregated.good_answers(), load.aggregated.failed_requests());
    let kind = |kind: RequestKind| share(kind.fail_ratio(shown), language);
    let mut failed = share(load.fail_ratio, language);
    if let Some((low, high)) = subject.fail_ratio_range.filter(|(low, high)| high - low >= 0.001) {
        let [low, high] = [low, high].map(|ratio| language.decimals(100.0 * ratio, 1));
        failed = (say!(language, "{low} to {high} %", low, high), Tone::Bad);
    }
    [
        plain(number(subject)),
        (name, if doubtful { Tone::Doubtful } else { Tone::Plain }),
        plain(language.count(load.requests)),
        failed,
        kind(RequestKind::Orders),
        kind(RequestKind::Reports),
        plain(language.significant(good.per_second)),
        plain(time(&good, |times| times.p50, language)),
        plain(time(&good, |times| times.p95, language)),
        plain(time(&good, |times| times.p99, language)),
        plain(failures.map_or_else(|| NOTHING.to_owned(), |failures| time(&failures, |times| times.p50, language))),
    ]
}

pub(super) fn reasons(subjects: &[SubjectAccount], language: Language) -> Table {
    let columns = language.names([
        ("#", Align::Right),
        (text!("Connections"), Align::Right),
        (text!("Asleep"), Align::Right),
        (text!("Running"), Align::Right),
        (text!("Refused"), Align::Right),
        (text!("Statements"), Align::Right),
        (text!("Cached"), Align::Right),
        (text!("Rows"), Align::Right),
        (text!("ms"), Align::Right),
        (text!("Store"), Align::Right),
        (text!("Database"), Align::Right),
    ]);
    let title = text!("What explains it: connections at the peak; an order of three products and a cold report, alone");
    let mut table = Table::new(language.text(title), &columns);
    let dash = || NOTHING.to_owned();
    for subject in subjects {
        let Some(shown) = subject.shown.as_ref().filter(|shown| shown.database.is_some() || shown.server.is_some())
        else {
            continue;
        };
        let database = shown.database.as_ref();
        let of_database = |value: &dyn Fn(&DatabaseSide) -> String| database.map_or_else(dash, value);
        let of_alone = |value: &dyn Fn(&UnloadedRequests) -> String| shown.alone.as_ref().map_or_else(dash, value);
        let server = shown.server.as_ref();
        table.row([
            number(subject),
            of_database(&|database| {
                say!(language, "{open} of {most}", open = database.peak.open, most = database.max_connections)
            }),
            of_database(&|database| language.count(database.peak.asleep)),
            of_database(&|database| language.count(database.peak.running)),
            server.map_or_else(dash, |server| language.count(server.refused_connections)),
            of_alone(&|alone| language.count(alone.order_statements)),
            server.and_then(ServerSide::hit_ratio).map_or_else(dash, |ratio| language.percent(ratio)),
            of_alone(&|alone| language.count(alone.cold_report_rows)),
            of_alone(&|alone| milliseconds(alone.cold_report_ms, language)),
            server.map_or_else(dash, |server| language.decimals(server.cpu_cores, 2)),
            database.and_then(|database| database.cpu_cores).map_or_else(dash, |cores| language.decimals(cores, 2)),
        ]);
    }
    table
}

pub(super) fn writes(subjects: &[SubjectAccount], language: Language) -> Table {
    let searched = subjects.iter().any(|subject| subject.shown.as_ref().is_some_and(|shown| shown.limit.is_some()));
    let mut columns = vec![
        ("#", Align::Right),
        (text!("Rung"), Align::Left),
        (text!("Orders/s"), Align::Right),
        (text!("Failed"), Align::Right),
        (text!("p50 ms"), Align::Right),
        (text!("p99 ms"), Align::Right),
        (text!("Statements"), Align::Right),
        (text!("Per commit"), Align::Right),
    ];
    columns.extend(searched.then_some((text!("Users"), Align::Right)));
    let columns: Vec<_> = columns.into_iter().map(|(name, align)| (language.text(name), align)).collect();
    let burst = subjects.iter().find_map(|subject| subject.shown.as_ref()?.burst.as_ref());
    let title = match burst {
        Some(burst) => say!(
            language,
            "What it can write: {users} users who order as fast as they are answered, {seconds} s",
            users = burst.users,
            seconds = language.decimals(burst.duration_s, 0)
        ),
        None => language.text(text!("Users served correctly")).to_owned(),
    };
    let mut table = Table::new(title, &columns);
    let dash = || NOTHING.to_owned();
    for subject in subjects {
        let Some(shown) = subject.shown.as_ref().filter(|shown| shown.burst.is_some() || shown.limit.is_some()) else {
            continue;
        };
        let burst = shown.burst.as_ref();
        let plain = |text: String| (text, Tone::Plain);
        let optional = |value: Option<f64>| plain(value.map_or_else(dash, |value| language.significant(value)));
        let doubtful = burst.is_some_and(|burst| burst.verdict == Verdict::GeneratorLimited);
        let rate = burst.map_or_else(dash, |burst| language.significant(burst.orders_per_s));
        let mut cells = vec![
            plain(number(subject)),
            plain(subject.name_in(language).to_owned()),
            if doubtful { (format!("{rate} (!)"), Tone::Doubtful) } else { plain(rate) },
            share(burst.and_then(|burst| burst.fail_ratio), language),
            plain(burst.and_then(|burst| burst.p50_ms).map_or_else(dash, |time| milliseconds(time, language))),
            plain(burst.and_then(|burst| burst.p99_ms).map_or_else(dash, |time| milliseconds(time, language))),
            optional(burst.and_then(|burst| burst.statements_per_order)),
            optional(burst.and_then(|burst| burst.orders_per_commit)),
        ];
        cells.extend(searched.then(|| plain(shown.limit.as_ref().map_or_else(dash, |limit| users(limit, language)))));
        table.toned_row(cells);
    }
    table
}

/// What the loss of the primary did, of the rungs that lost one.
fn losses(subjects: &[SubjectAccount], language: Language) -> Table {
    let columns = language.names([
        ("#", Align::Right),
        (text!("Rung"), Align::Left),
        (text!("Killed at"), Align::Right),
        (text!("Order after"), Align::Right),
        (text!("Failed"), Align::Right),
        ("503", Align::Right),
        (text!("Accepted"), Align::Right),
        (text!("Stored"), Align::Right),
        (text!("Lost"), Align::Right),
    ]);
    let title = text!("The loss of the primary: when, how long until an order was accepted, and what it cost");
    let mut table = Table::new(language.text(title), &columns);
    for subject in subjects {
        let Some(failover) = subject.shown.as_ref().and_then(|shown| shown.failover.as_ref()) else { continue };
        let plain = |text: String| (text, Tone::Plain);
        let seconds = |seconds: f64| language.number(&format!("{seconds:.1} s"));
        let count = |count: Option<u64>| count.map_or_else(|| NOTHING.to_owned(), |count| language.count(count));
        let bad = |count: u64| if count > 0 { Tone::Bad } else { Tone::Good };
        table.toned_row([
            plain(number(subject)),
            plain(subject.name_in(language).to_owned()),
            plain(seconds(failover.killed_at_s)),
            failover.accepted_after_s.map_or_else(|| (NOTHING.to_owned(), Tone::Bad), |after| plain(seconds(after))),
            (language.count(failover.failed), bad(failover.failed)),
            plain(language.count(failover.refused)),
            plain(language.count(failover.accepted_orders)),
            plain(count(failover.stored_orders)),
            (count(failover.lost_orders()), failover.lost_orders().map_or(Tone::Doubtful, bad)),
        ]);
    }
    table
}

/// A difference above this, in percent, is marked as doubtful.
const DOUBTFUL_DIFFERENCE: f64 = 1.0;

fn agreement(subjects: &[SubjectAccount], language: Language) -> Table {
    let columns = language.names([
        ("#", Align::Right),
        (text!("Rung"), Align::Left),
        (text!("Load test"), Align::Right),
        (text!("Prometheus"), Align::Right),
        (text!("Diff"), Align::Right),
        (text!("Failed"), Align::Right),
        (text!("4xx, 5xx"), Align::Right),
        (text!("Diff"), Align::Right),
    ]);
    let title = text!("Requests and failures as the load test counted them, beside Prometheus");
    let mut table = Table::new(language.text(title), &columns);
    for subject in subjects {
        let Some((shown, server)) = subject.shown.as_ref().and_then(|shown| Some((shown, shown.server.as_ref()?)))
        else {
            continue;
        };
        let load = &shown.load;
        let plain = |text: String| (text, Tone::Plain);
        table.toned_row([
            plain(number(subject)),
            plain(subject.name_in(language).to_owned()),
            plain(language.count(load.requests)),
            plain(language.count(server.requests)),
            difference(load.requests, server.requests, language),
            plain(language.count(load.failures)),
            plain(language.count(server.failures)),
            difference(load.failures, server.failures, language),
        ]);
    }
    table
}

fn difference(own: u64, theirs: u64, language: Language) -> (String, Tone) {
    if own == 0 && theirs == 0 {
        return (language.number("+0.00 %"), Tone::Plain);
    }
    let percent = 100.0 * (theirs as f64 - own as f64) / own.max(1) as f64;
    let tone = if percent.abs() > DOUBTFUL_DIFFERENCE { Tone::Doubtful } else { Tone::Plain };
    (language.number(&format!("{percent:+.2} %")), tone)
}
