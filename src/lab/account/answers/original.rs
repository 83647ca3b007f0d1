//! The answers beside those of the original report, with the figures that explain each difference.
//!
//! The report is that of the store from which this project began: 150 users, one change after the other, each followed by the
//! same load test. Its figures are constants here; everything else is computed.

use super::super::balancing;
use super::super::cells::{NOTHING, milliseconds};
use super::super::findings;
use super::super::kind::RequestKind;
use super::super::{Account, ladder};
use super::answer::{Measured, rung};
use crate::lab::conditions::SPAWN_SECONDS;
use crate::lab::ladder::LINGER_SECONDS;
use crate::lab::{BalancedRun, DatabaseSide, Measurement, OrderLines};
use crate::table::{Align, Table, Tone};
use crate::units::Language;
use crate::{say, text};

/// What stands beside one answer of the original: the figures of this lab, and what explains the difference.
struct Beside {
    here: String,
    because: String,
}

/// Finds it for one question; `None` if that was not measured.
type Comparison = fn(&Account) -> Option<Beside>;

/// The answers of the original report in the order of the questions.
const ORIGINAL: [(&str, Comparison); 9] = [
    (text!("100 to 140 users"), first_failure),
    (text!("orders 96 %, reports 54 %"), by_kind),
    (text!("1040 Too many connections, time-outs after 60 s, bare 500 pages"), by_message),
    (text!("64 % failed instead of 70 %"), one_query),
    (text!("not measured"), many_articles),
    (text!("35 % failed instead of 64 %"), cache),
    (text!("90 % of the orders still failed at the end"), writes),
    (text!("29 % failed instead of 35 %"), instances),
    (text!("least_conn, not compared with another"), policy),
];

/// The table, with a row for each question.
pub(in super::super) fn beside(account: &Account) -> Table {
    let language = account.language;
    let columns = language.names([
        ("#", Align::Right),
        (text!("The original report"), Align::Left),
        (text!("Here"), Align::Left),
        (text!("What explains the difference"), Align::Left),
    ]);
    let mut table = Table::new("", &columns);
    for ((original, compared), number) in ORIGINAL.into_iter().zip(1_u32..) {
        let Beside { here, because } =
            compared(account).unwrap_or_else(|| Beside { here: NOTHING.to_owned(), because: NOTHING.to_owned() });
        let cells = [number.to_string(), language.text(original).to_owned(), here, because];
        table.toned_row(cells.map(|cell| (cell, Tone::Plain)));
    }
    table
}

/// The connections that the store can have, and for how many seconds a request keeps one that it left open: no longer than
/// the load test lasts.
fn supply(shown: &Measurement) -> Option<(f64, f64)> {
    Some((shown.connections_of_store()? as f64, LINGER_SECONDS.min(shown.load.duration_s)))
}

fn percent(ratio: Option<f64>, language: Language) -> String {
    ladder::share(ratio, language).0
}

fn kind(kind: RequestKind, shown: &Measurement, language: Language) -> String {
    percent(kind.fail_ratio(shown), language)
}

/// The time of the slowest answer, good or failed, in milliseconds.
fn slowest(shown: &Measurement, language: Language) -> String {
    let all = shown.load.aggregated.latency_ms.as_ref();
    all.map_or_else(|| NOTHING.to_owned(), |times| milliseconds(times.max, language))
}

fn first_failure(account: &Account) -> Option<Beside> {
    let language = account.language;
    let (_, shown) = rung(account, 1)?;
    let first = shown.load.timeline.iter().find(|point| point.failures > 0)?;
    let (connections, _) = supply(shown)?;
    let at_first = say!(
        language,
        "{users} users, in second {second}",
        users = language.count(first.users as u64),
        second = language.decimals(first.at_s, 0)
    );
    let held = shown.limit.as_ref().filter(|limit| !limit.generator_gave_way).and_then(|limit| limit.first_bad);
    let held = held.map(|bad| say!(language, "held for long, {users} users", users = language.count(bad.into())));
    Some(Beside {
        here: [Some(at_first), held].into_iter().flatten().collect::<Vec<_>>().join("; "),
        because: say!(
            language,
            "All users start within {seconds} s here: the faster they start, the more of them are there when {connections} \
             connections have been left open. Held for long, {rate} requests a second use them up.",
            seconds = language.decimals(SPAWN_SECONDS, 0),
            connections = language.decimals(connections, 0),
            rate = language.decimals(connections / LINGER_SECONDS, 1)
        ),
    })
}

fn by_kind(account: &Account) -> Option<Beside> {
    let language = account.language;
    let (_, shown) = rung(account, 1)?;
    let (connections, linger) = supply(shown)?;
    let rate = shown.load.requests_per_s;
    let expected = (1.0 - connections / (linger * rate)).max(0.0);
    Some(Beside {
        here: say!(
            language,
            "orders {orders}, reports {reports}",
            orders = kind(RequestKind::Orders, shown, language),
            reports = kind(RequestKind::Reports, shown, language)
        ),
        because: say!(
            language,
            "There a request hung for up to 60 s, and who waits sends nothing. Here the slowest answer took {slowest} ms, so \
             {rate} requests came a second, and 1 - {connections} / ({linger} s × {rate}/s) = {expected} of them find no connection.",
            slowest = slowest(shown, language),
            rate = language.decimals(rate, 1),
            connections = language.decimals(connections, 0),
            linger = language.decimals(linger, 0),
            expected = language.percent(expected)
        ),
    })
}

fn by_message(account: &Account) -> Option<Beside> {
    let language = account.language;
    let (_, shown) = rung(account, 1)?;
    let (group, share) = findings::most_frequent(shown)?;
    Some(Beside {
        here: format!("{} ({})", group.told(language), language.percent(share)),
        because: say!(
            language,
            "The store says at once that no connection is left, and gives a code with it: the slowest answer took {slowest} ms, so \
             that nobody waited for 60 s.",
            slowest = slowest(shown, language)
        ),
    })
}

/// The share that failed on a rung, beside that of the rung before.
fn failed(before: &Measurement, now: &Measurement, language: Language) -> String {
    let [before, now] = [before, now].map(|shown| percent(shown.load.fail_ratio, language));
    say!(language, "{now} failed instead of {before}", now, before)
}

fn pair(account: &Account, before: u8, now: u8) -> Option<(Measured<'_>, Measured<'_>)> {
    rung(account, before).zip(rung(account, now))
}

fn open(database: &DatabaseSide, language: Language) -> String {
    let [open, most] = [database.peak.open, database.max_connections].map(|count| language.count(count));
    say!(language, "{open} of {most}", open, most)
}

fn one_query(account: &Account) -> Option<Beside> {
    let language = account.language;
    let ((_, before), (_, now)) = pair(account, 1, 2)?;
    let (alone, was) = (now.alone.as_ref()?, before.alone.as_ref()?);
    Some(Beside {
        here: failed(before, now, language),
        because: say!(
            language,
            "{statements} statements an order instead of {was}, but as many connections: {open} were open.",
            statements = language.count(alone.order_statements),
            was = language.count(was.order_statements),
            open = open(now.database.as_ref()?, language)
        ),
    })
}

/// The largest order that was accepted from the last writer, and why a larger one was not.
fn many_articles(account: &Account) -> Option<Beside> {
    let language = account.language;
    let OrderLines { orders, .. } = account.order_lines.as_ref()?;
    let writer = &orders.last()?.writer;
    let of_writer = || orders.iter().filter(|order| order.writer == *writer);
    let largest = of_writer().filter(|order| order.refused_because.is_none()).max_by_key(|order| order.lines)?;
    let rejected = of_writer().filter(|order| order.refused_because.is_some()).min_by_key(|order| order.lines);
    Some(Beside {
        here: say!(
            language,
            "{lines} articles in {took} ms ({writer})",
            lines = language.count(largest.lines),
            took = milliseconds(largest.took_ms, language),
            writer
        ),
        because: rejected.map_or_else(
            || NOTHING.to_owned(),
            |order| {
                say!(
                    language,
                    "{lines} articles are rejected: {status} {code}.",
                    lines = language.count(order.lines),
                    status = order.status,
                    code = order.refused_code.as_deref().unwrap_or_default()
                )
            },
        ),
    })
}

fn cache(account: &Account) -> Option<Beside> {
    let language = account.language;
    let ((_, before), (_, now)) = pair(account, 2, 3)?;
    Some(Beside {
        here: failed(before, now, language),
        because: say!(
            language,
            "{hits} of the reports came from the cache and {reports} failed: a third of the requests are orders, of which \
             {orders} found no connection.",
            hits = percent(now.server.as_ref()?.hit_ratio(), language),
            reports = kind(RequestKind::Reports, now, language),
            orders = kind(RequestKind::Orders, now, language)
        ),
    })
}

fn writes(account: &Account) -> Option<Beside> {
    let language = account.language;
    let ((_, before), (_, now)) = pair(account, 4, 5)?;
    let [share, cured] = [before, now].map(|shown| kind(RequestKind::Orders, shown, language));
    Some(Beside {
        here: say!(language, "{share} on rung 4, {cured} on rung 5", share, cured),
        because: say!(
            language,
            "The original had no rung 5: with a pool {now} connections are open, where requests had left {before} behind.",
            now = language.count(now.database.as_ref()?.peak.open),
            before = language.count(before.database.as_ref()?.peak.asleep)
        ),
    })
}

fn instances(account: &Account) -> Option<Beside> {
    let language = account.language;
    let ((_, before), (_, now)) = pair(account, 3, 4)?;
    Some(Beside {
        here: failed(before, now, language),
        because: say!(
            language,
            "Both instances together used {cores} processors: they are not the limit, and share the connections of one database.",
            cores = language.decimals(now.server.as_ref()?.cpu_cores, 2)
        ),
    })
}

fn policy(account: &Account) -> Option<Beside> {
    let language = account.language;
    let measured = account.balancing.as_ref()?;
    let (all_equal, all_slow) = (balancing::best(measured, false), balancing::best(measured, true));
    let names = |runs: &[&BalancedRun]| {
        runs.iter().filter_map(|run| run.policy).map(|policy| policy.to_string()).collect::<Vec<_>>().join(", ")
    };
    let (equal, slow) = (all_equal.first()?, all_slow.first()?);
    let rate = |rate: f64| language.significant(rate);
    Some(Beside {
        here: say!(
            language,
            "{equal} with equal instances, {slow} with a slow one",
            equal = names(&all_equal),
            slow = names(&all_slow)
        ),
        because: say!(
            language,
            "{equal} and {slow} good answers a second, each instance held to a share of a processor: on the rungs above no \
             instance is the limit, and no policy matters.",
            equal = rate(equal.good_per_s),
            slow = rate(slow.good_per_s)
        ),
    })
}
