//! Requests wait for rows that another transaction holds.

use super::commit_bound;
use crate::explain::case::{Case, is_commit};
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::observe::ObservedDatabase;
use crate::units::Language;
use crate::{say, text};

/// From this time on, a transaction whose connection does nothing holds its rows for no good reason, in seconds. Servers give
/// whole seconds: 1 may be a moment at the end of a second.
const IDLE_S: f64 = 2.0;

/// From this time on, a transaction for whose rows others wait is long, in seconds; whole ones, as above.
const LONG_S: f64 = 2.0;

/// From this share of the time of all requests on, waits for rows are told.
const WORTH: f64 = 0.1;

pub(super) const RULE: Rule = Rule {
    cause: "held_rows",
    needs: Needs::Database,
    follows_from: &["connections_left_open", "full_scan"],
    weigh,
    words,
};

const FAILED: &str = text!("requests that failed because rows were held");
const WAITS: &str = text!("waits for a row");
const WAITED: &str = text!("time of all these waits");
const LONGEST: &str = text!("longest wait that was seen");
const HOLDER: &str = text!("longest that the holder's transaction was open");
const IDLE: &str = text!("longest that a transaction was open and did nothing");

fn weigh(case: &Case<'_>) -> Weighed {
    let Some(database) = case.database else { return Weighed::Silent };
    let failed = case.failed(&[Symptom::RowsHeld]);
    let waits = case.counter("Innodb_row_lock_waits").unwrap_or(0.0);
    let waited_s = case.counter("Innodb_row_lock_time").unwrap_or(0.0) / 1e3;
    let longest = database.row_waits.iter().map(|wait| wait.longest_s).fold(0.0, f64::max);
    let holder = database.row_waits.iter().map(|wait| wait.holder_open_s).fold(0.0, f64::max);
    let idle = database.transactions.as_ref().map_or(0.0, |transactions| transactions.oldest_idle_s);
    // A wait that has not ended is not in the server's sum.
    let seen: u64 = database.row_waits.iter().map(|wait| wait.seen).sum();
    let seen_s = if database.looks > 0 { seen as f64 / database.looks as f64 * case.seconds() } else { 0.0 };
    let of_time = case.of_time(waited_s.max(seen_s));
    let mut evidence = vec![Evidence::new(FAILED, failed, ""), Evidence::new(WAITS, waits.max(seen as f64), "")];
    evidence.push(Evidence::new(WAITED, 1e3 * waited_s.max(seen_s), "ms"));
    if failed <= 0.0 && of_time < WORTH {
        return Weighed::Against(text!("Requests hardly waited for rows."), evidence);
    }
    if let Some(wait) = database.row_waits.first() {
        evidence.push(Evidence::new(LONGEST, longest, "s").of(&wait.waits));
        evidence.push(match &wait.holder_runs {
            Some(runs) => Evidence::new(HOLDER, holder, "s").of(runs),
            None => Evidence::new(HOLDER, holder, "s"),
        });
    }
    if database.transactions.is_some() {
        evidence.push(Evidence::new(IDLE, idle, "s"));
    }
    let waits_seen = seen >= 2 || waits >= 1.0;
    let certainty = match (failed > 0.0 || waits_seen, idle >= IDLE_S || holder >= LONG_S || of_time >= 0.5) {
        // Who waits for the disk to commit holds its rows meanwhile: that is what the wait for the disk costs the others.
        _ if held_by_commits(database) && commit_bound::is_one(case) => Certainty::Possible,
        (true, true) => Certainty::Certain,
        _ => Certainty::Likely,
    };
    // Requests that wait in vain for a row end in whatever way the service ends them.
    let nameless = if of_time >= 0.3 || idle >= IDLE_S {
        case.failed(&[Symptom::TimedOut, Symptom::FrontTimedOut, Symptom::ServerError, Symptom::PoolExhausted])
    } else {
        0.0
    };
    let of_failures = case.of_failures(failed + nameless);
    let mut expected = vec![Expected::of_failures(case, of_failures)];
    let per_request = 1e3 * waited_s / case.requests.max(1.0);
    expected.push(Expected { figure: Figure::RowWaitMsPerRequest, now: per_request, then: 0.0 });
    expected.extend(Expected::of_time(case, of_time));
    // Who does nothing does not scan.
    let apart_from: &[_] = if idle >= IDLE_S { &["full_scan"] } else { &[] };
    Weighed::For(Weight { certainty, of_failures, of_time, evidence, expected, apart_from })
}

/// Whether most transactions for whose rows others waited were being committed.
fn held_by_commits(database: &ObservedDatabase) -> bool {
    let commits = |runs: &Option<String>| runs.as_deref().is_some_and(is_commit);
    let (of_commits, all) = database.row_waits.iter().fold((0, 0), |(some, all), wait| {
        (if commits(&wait.holder_runs) { some + wait.seen } else { some }, all + wait.seen)
    });
    2 * of_commits > all
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let seconds = |what: &str| language.significant(weight.value(what));
    let idle = weight.value(IDLE) >= IDLE_S;
    let sentence = if idle {
        say!(
            language,
            "Requests waited for rows that other transactions held; one transaction was open for {idle} s while its connection did \
             nothing. {failed} requests failed because of held rows, and all waits took {waited} ms together.",
            idle = seconds(IDLE),
            failed = language.count(weight.value(FAILED) as u64),
            waited = seconds(WAITED)
        )
    } else {
        say!(
            language,
            "Requests waited for rows that other requests held: {waits} waits of {waited} ms together, and {failed} requests failed \
             because of held rows.",
            waits = language.count(weight.value(WAITS) as u64),
            waited = seconds(WAITED),
            failed = language.count(weight.value(FAILED) as u64)
        )
    };
    let attempt = if idle {
        text!(
            "find who leaves a transaction open (a console, a job, a request that calls another service before it commits), and commit \
             before anything slow; a limit on the server (idle_transaction_timeout on MariaDB) ends what is forgotten."
        )
    } else {
        text!(
            "shorter transactions that lock rows last and in the same order everywhere, several orders in one transaction, or the \
             contended row divided into several."
        )
    };
    let then = case.mean_ms() * (1.0 - weight.of_time);
    let expect = say!(
        language,
        "no wait for rows; about {then} ms instead of {now} ms for an answer on average.",
        then = language.significant(then),
        now = language.significant(case.mean_ms())
    );
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
