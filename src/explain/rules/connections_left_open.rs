//! Requests leave their database connections open: they sleep until somebody reclaims them, and new ones are refused.

use crate::explain::case::Case;
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

/// Fewer connections than this are no pile.
const FEW: u64 = 10;

/// From these shares of the open connections on, they are mostly asleep, and mostly for long.
const MOSTLY_ASLEEP: f64 = 0.6;
const MOSTLY_LONG: f64 = 0.3;

/// A service that keeps its connections opens far fewer than this per request.
const ONE_PER_REQUEST: f64 = 0.3;

pub(super) const RULE: Rule =
    Rule { cause: "connections_left_open", needs: Needs::Database, follows_from: &[], weigh, words };

const OPEN: &str = text!("connections open at the peak");
const ASLEEP: &str = text!("of these asleep");
const LONG: &str = text!("of these unused for two seconds or more");
const LONGEST: &str = text!("longest that one was asleep");
const RUNNING: &str = text!("mean number that ran a statement");
const LIMIT: &str = text!("connections allowed");
const PER_REQUEST: &str = text!("connections opened for each good answer");
const NEEDED: &str = text!("connections needed for the same requests");

fn weigh(case: &Case<'_>) -> Weighed {
    let Some(database) = case.database else { return Weighed::Silent };
    let peak = database.peak;
    // MariaDB counts only connections that were accepted, so that they are compared with requests that were served.
    let served = (case.requests - case.bad).max(1.0);
    let per_request = case.counter("Connections").map(|opened| opened / served);
    let share = |part: u64| part as f64 / peak.open.max(1) as f64;
    let full = case.connections_used_up() || case.failed(&[Symptom::TooManyConnections]) > 0.0;
    let opens_anew = per_request.is_some_and(|per_request| per_request >= ONE_PER_REQUEST);
    let mut evidence = vec![
        Evidence::count(OPEN, peak.open),
        Evidence::count(ASLEEP, peak.asleep),
        Evidence::count(LONG, peak.long_asleep),
    ];
    let piles_up = peak.open >= FEW && share(peak.asleep) >= MOSTLY_ASLEEP && share(peak.long_asleep) >= MOSTLY_LONG;
    if !piles_up || !(opens_anew || full) {
        evidence.extend(per_request.map(|per_request| Evidence::new(PER_REQUEST, per_request, "")));
        return Weighed::Against(text!("Connections are used again, or not many of them are asleep."), evidence);
    }
    evidence.push(Evidence::new(LONGEST, peak.longest_sleep_s, "s"));
    evidence.push(Evidence::new(RUNNING, database.mean_running, ""));
    evidence.extend(case.connection_limit().map(|limit| Evidence::new(LIMIT, limit, "")));
    evidence.extend(per_request.map(|per_request| Evidence::new(PER_REQUEST, per_request, "")));
    let needed = case.connections_needed();
    evidence.extend(needed.map(|needed| Evidence::new(NEEDED, needed, "")));
    // Where all are taken, requests also wait in vain, or fail without saying why.
    let named = case.failed(&[Symptom::TooManyConnections]);
    let nameless =
        case.failed(&[Symptom::ServerError, Symptom::TimedOut, Symptom::FrontTimedOut, Symptom::PoolExhausted]);
    let failed = if full { named + nameless } else { named };
    let idle = database.mean_running <= 0.25 * database.mean_open;
    let certainty = if (full || share(peak.long_asleep) >= 2.0 * MOSTLY_LONG) && idle {
        Certainty::Certain
    } else {
        Certainty::Likely
    };
    let explained = case.of_failures(failed);
    let mut expected = vec![Expected::of_failures(case, explained)];
    expected.extend(needed.map(|then| Expected { figure: Figure::OpenConnections, now: peak.open as f64, then }));
    expected.extend(per_request.map(|now| Expected { figure: Figure::ConnectionsPerRequest, now, then: 0.0 }));
    // Opening a connection is a part of each request; the figures do not tell how much, so that little is claimed.
    Weighed::For(Weight {
        certainty,
        of_failures: explained,
        of_time: if opens_anew { 0.2 } else { 0.05 },
        evidence,
        expected,
        apart_from: &[],
    })
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let count = |what: &str| language.count(weight.value(what) as u64);
    let limit = case.connection_limit().filter(|_| case.connections_used_up());
    let of = limit.map(|limit| say!(language, " of {limit}", limit = language.count(limit as u64))).unwrap_or_default();
    let sentence = say!(
        language,
        "{open}{of} connections of the database were open, and {asleep} of them did nothing, one for {longest} s: requests open \
         connections and leave them behind. On average {running} ran a statement, so the database itself had little to do.",
        open = count(OPEN),
        of,
        asleep = count(ASLEEP),
        longest = language.significant(weight.value(LONGEST)),
        running = language.significant(weight.value(RUNNING))
    );
    let attempt = language.text(text!(
        "one pool of connections for the whole process, made once when it starts, from which each request takes a connection and \
         gives it back, also after an error. More connections, fewer statements or another instance only move the moment of collapse."
    ));
    let needed = case.connections_needed();
    let expect = match needed {
        Some(needed) => say!(
            language,
            "by Little's law (requests per second times the time for which each needs a connection) {needed} connections are enough \
             for these requests; no more refusals by the database.",
            needed = language.count(needed as u64)
        ),
        None => language.text(text!("no more refusals by the database.")).to_owned(),
    };
    Words { sentence, attempt: attempt.to_owned(), expect }
}
