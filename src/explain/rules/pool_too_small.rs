//! Requests wait for a connection of the service's own pool, while the database could serve more of them.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

/// From this mean part of its connections in use on, a pool has hardly one to give.
const USED_UP: f64 = 0.8;

pub(super) const RULE: Rule = Rule {
    cause: "pool_too_small",
    needs: Needs::Run,
    follows_from: &[
        "connections_left_open",
        "connection_limit",
        "held_rows",
        "full_scan",
        "query_per_item",
        "cache_stampede",
        "commit_bound",
    ],
    weigh,
    words,
};

const FAILED: &str = text!("requests that got no connection of the pool");
const OPEN: &str = text!("connections open at the peak");
const BUSY: &str = text!("mean number in use");
const USERS: &str = text!("users at the same time");
const HELD: &str = text!("time for which a request needs a connection");
const MOST: &str = text!("most requests per second that they can serve");

fn weigh(case: &Case<'_>) -> Weighed {
    let failed = case.failed(&[Symptom::PoolExhausted]);
    let Some(database) = case.database else {
        if failed <= 0.0 {
            return Weighed::Silent;
        }
        let evidence = vec![Evidence::new(FAILED, failed, "")];
        let of_failures = case.of_failures(failed);
        return Weighed::For(Weight {
            certainty: Certainty::Likely,
            of_failures,
            of_time: 0.0,
            evidence,
            expected: Vec::new(),
            apart_from: &[],
        });
    };
    let open = database.peak.open as f64;
    let users = case.run.users_started as f64;
    let busy = case.busy_connections();
    let used = if open > 0.0 { busy / open } else { 0.0 };
    let mut evidence = vec![
        Evidence::new(FAILED, failed, ""),
        Evidence::new(OPEN, open, ""),
        Evidence::new(BUSY, busy, ""),
        Evidence::new(USERS, users, ""),
    ];
    let at_limit = case.connections_used_up();
    // A pool that is used up all the time, with more users than connections, and none refused by the database itself.
    let used_up = open > 0.0 && used >= USED_UP && users >= 2.0 * open && !at_limit;
    if failed <= 0.0 && !used_up {
        return Weighed::Against(text!("Connections were free."), evidence);
    }
    let good = (case.good_per_s() * case.run.duration_s).max(1.0);
    let held_s = busy * case.seconds() / good;
    evidence.push(Evidence::new(HELD, 1e3 * held_s, "ms"));
    let mut expected = Vec::new();
    if held_s > 0.0 {
        evidence.push(Evidence::new(MOST, open / held_s, "requests/s"));
    }
    let of_failures = case.of_failures(failed + if used_up { case.failed(&[Symptom::TimedOut]) } else { 0.0 });
    if failed > 0.0 {
        expected.push(Expected::of_failures(case, of_failures));
    }
    // The rest of a request's time is the wait for a connection.
    let waits_s = (case.time_s - busy * case.seconds()).max(0.0);
    let of_time = if used_up { case.of_time(waits_s) } else { 0.0 };
    let certainty = if failed > 0.0 && used >= 0.5 { Certainty::Certain } else { Certainty::Likely };
    Weighed::For(Weight { certainty, of_failures, of_time, evidence, expected, apart_from: &[] })
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let number = |what: &str| language.significant(weight.value(what));
    let sentence = match case.database {
        Some(_) => say!(
            language,
            "The service keeps {open} connections to the database, of which {busy} were in use on average, and {users} users share \
             them: requests wait for a connection.",
            open = language.count(weight.value(OPEN) as u64),
            busy = number(BUSY),
            users = language.count(weight.value(USERS) as u64)
        ),
        None => say!(
            language,
            "{failed} requests got no connection of the service's pool in time.",
            failed = language.count(weight.value(FAILED) as u64)
        ),
    };
    let attempt = text!(
        "first what makes a request hold its connection for long (slow statements, calls to others in the middle of a transaction); \
         then a larger pool, as long as the database has processors to spare."
    );
    let needed = case.connections_needed();
    let expect = match needed.filter(|_| weight.value(HELD) > 0.0) {
        Some(needed) => say!(
            language,
            "a request needs a connection for {held} ms, so that these can serve {most} requests per second at most; by Little's law \
             the requests of this run need {needed}.",
            held = number(HELD),
            most = number(MOST),
            needed = language.count(needed as u64)
        ),
        None => language.text(text!("no more requests that wait in vain for a connection.")).to_owned(),
    };
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
