//! A statement reads a table from its first row to its last to give a few rows.

use crate::explain::case::{Case, MANY_ROWS, is_read};
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::units::Language;
use crate::{say, text};

/// From this share of the time of all requests on, reading is told.
const WORTH: f64 = 0.05;

/// From this share of the database's time on, it is the main work.
const MOST: f64 = 0.3;

/// So few statements seen running do not show how the time is divided.
const FEW_SEEN: f64 = 20.0;

pub(super) const RULE: Rule =
    Rule { cause: "full_scan", needs: Needs::Database, follows_from: &["connections_left_open"], weigh, words };

const ROWS: &str = text!("rows read each time");
const GIVEN: &str = text!("rows given each time");
const RUNS: &str = text!("times that it ran");
const TIME: &str = text!("time of each run");
const SHARE: &str = text!("share of the database's time");
const PER_REQUEST: &str = text!("rows read per request");
const SEEN: &str = text!("share of the running statements that were seen");

fn weigh(case: &Case<'_>) -> Weighed {
    let Some(database) = case.database else { return Weighed::Silent };
    let per_request = case.rows_read().map_or(0.0, |rows| rows / case.requests.max(1.0));
    if !database.statements_counted {
        return uncounted(case, per_request);
    }
    let reads: Vec<_> = case.wasteful_reads().collect();
    let time: f64 = reads.iter().map(|statement| statement.time_s).sum();
    let all = case.database_time_s().unwrap_or(0.0);
    let of_time = case.of_time(time);
    let of_database = if all > 0.0 { time / all } else { 0.0 };
    if reads.is_empty() || of_time < WORTH {
        let evidence = vec![Evidence::new(PER_REQUEST, per_request, ""), Evidence::share(SHARE, of_database)];
        return Weighed::Against(
            text!("Hardly any time went into statements that read many rows to give few."),
            evidence,
        );
    }
    let mut evidence = Vec::new();
    let mut rows = 0.0;
    for (place, statement) in reads.iter().enumerate() {
        let runs = statement.count.unwrap_or(0).max(1) as f64;
        let (examined, sent) = (statement.rows_examined.unwrap_or(0) as f64, statement.rows_sent.unwrap_or(0) as f64);
        rows += examined - sent;
        if place < 2 {
            evidence.push(Evidence::new(ROWS, examined / runs, "").of(&statement.text));
            evidence.push(Evidence::new(GIVEN, sent / runs, ""));
            evidence.push(Evidence::new(RUNS, runs, ""));
            evidence.push(Evidence::new(TIME, 1e3 * statement.time_s / runs, "ms"));
        }
    }
    evidence.push(Evidence::share(SHARE, of_database));
    let certainty = if of_database >= MOST { Certainty::Certain } else { Certainty::Likely };
    let expected = expected(case, per_request, rows / case.requests.max(1.0), of_time);
    Weighed::For(Weight {
        certainty,
        of_failures: slow_failures(case, of_database),
        of_time,
        evidence,
        expected,
        apart_from: &[],
    })
}

/// Without counts by statement: the rows that were read, and the statement that was seen running most.
fn uncounted(case: &Case<'_>, per_request: f64) -> Weighed {
    let evidence = vec![Evidence::new(PER_REQUEST, per_request, "")];
    let (seen, all) = case.sightings(|statement| is_read(&statement.text));
    let statements = case.database.into_iter().flat_map(|database| &database.statements);
    let most = statements.filter(|statement| is_read(&statement.text)).max_by_key(|statement| statement.seen);
    let part = if all > 0.0 { seen / all } else { 0.0 };
    let time = case.database_time_s().unwrap_or(0.0) * part;
    let of_time = case.of_time(time);
    let weighty = part >= MOST && of_time >= WORTH;
    // That nobody looked at the right moment is no proof to the contrary, and a part of the time is not none of it.
    let Some(most) = most.filter(|_| per_request >= MANY_ROWS && (of_time >= WORTH || all < FEW_SEEN)) else {
        return Weighed::Against(
            text!("Hardly any time went into statements that read many rows to give few."),
            evidence,
        );
    };
    let certainty = if weighty { Certainty::Likely } else { Certainty::Possible };
    let evidence =
        evidence.into_iter().chain([Evidence::share(SEEN, part).of(&most.text), Evidence::share(SHARE, part)]);
    let expected = expected(case, per_request, per_request, of_time);
    let of_failures = slow_failures(case, part);
    Weighed::For(Weight { certainty, of_failures, of_time, evidence: evidence.collect(), expected, apart_from: &[] })
}

/// Requests that were waited for in vain, as far as the database was busy with this.
fn slow_failures(case: &Case<'_>, of_database: f64) -> f64 {
    use crate::explain::symptom::Symptom;
    let busy = case.database.is_some_and(|database| database.mean_running >= 1.0);
    let slow = [Symptom::TimedOut, Symptom::FrontTimedOut, Symptom::PoolExhausted, Symptom::Refused];
    if busy { case.of_failures(case.failed(&slow)) * of_database } else { 0.0 }
}

fn expected(case: &Case<'_>, rows: f64, saved_rows: f64, of_time: f64) -> Vec<Expected> {
    let rows = Expected { figure: Figure::RowsPerRequest, now: rows, then: (rows - saved_rows).max(0.0) };
    [rows].into_iter().chain(Expected::of_time(case, of_time)).collect()
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let number = |what: &str| language.significant(weight.value(what));
    let counted = case.database.is_some_and(|database| database.statements_counted);
    let sentence = if counted {
        say!(
            language,
            "A statement reads {rows} rows each time to give {given}, {runs} times in this run ({time} ms each): {share} of the \
             database's time goes into such reading.",
            rows = language.count(weight.value(ROWS) as u64),
            given = number(GIVEN),
            runs = language.count(weight.value(RUNS) as u64),
            time = number(TIME),
            share = language.percent(weight.value(SHARE))
        )
    } else {
        say!(
            language,
            "The database reads {rows} rows per request, and {share} of the statements that were seen running only read.",
            rows = language.count(weight.value(PER_REQUEST) as u64),
            share = language.percent(weight.value(SEEN))
        )
    };
    let attempt = text!(
        "an index that fits the condition and the order of the statement; for sums over a whole history, totals that are kept up to \
         date with each change; a cache only hides it for as long as it lasts."
    );
    let mean = weight.expected.iter().find(|expected| expected.figure == Figure::MeanMs);
    let expect = match mean {
        Some(mean) => say!(
            language,
            "hardly any rows per request, and about {then} ms instead of {now} ms for an answer on average.",
            then = language.significant(mean.then),
            now = language.significant(mean.now)
        ),
        None => language.text(text!("hardly any rows per request.")).to_owned(),
    };
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
