//! The time of requests goes neither into the database's statements nor into processors: something else is waited for.

use crate::explain::case::Case;
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

/// Answers that come within this time are not slow, in milliseconds.
const SLOW_MS: f64 = 20.0;

/// From this part of a request's time on that nothing else explains, something else is waited for.
const MOSTLY: f64 = 0.6;
const NEARLY_ALL: f64 = 0.85;

pub(super) const RULE: Rule = Rule {
    cause: "slow_dependency",
    needs: Needs::Process,
    follows_from: &[
        "connections_left_open",
        "connection_limit",
        "pool_too_small",
        "held_rows",
        "full_scan",
        "one_processor",
        "processors_used_up",
        "cache_stampede",
        "key_scan",
        "commit_bound",
        "generator_limited",
    ],
    weigh,
    words,
};

const MEAN: &str = text!("mean time of good answers");
const DATABASE: &str = text!("time of statements per request");
const PROCESSOR: &str = text!("time of the service's processors per request");
const REDIS: &str = text!("time of Redis per request");
const REST: &str = text!("time per request that is spent elsewhere");
const HELD: &str = text!("connections of the database that waited inside a transaction, on average");

fn weigh(case: &Case<'_>) -> Weighed {
    let (requests, seconds) = (case.requests.max(1.0), case.seconds());
    let mean = case.mean_ms();
    if mean <= 0.0 || seconds <= 0.0 {
        return Weighed::Silent;
    }
    let per_request = |total_s: f64| 1e3 * total_s / requests;
    let database = case.database_time_s().map(per_request);
    let processor =
        case.services().map(|service| service.cpu_cores + service.waiting_cores.unwrap_or(0.0)).sum::<f64>() * seconds;
    let (processor, redis) = (per_request(processor), case.redis_time_s().map(per_request));
    let rest = (mean - database.unwrap_or(0.0) - processor - redis.unwrap_or(0.0)).max(0.0);
    let mut evidence = vec![Evidence::new(MEAN, mean, "ms")];
    evidence.extend(database.map(|time| Evidence::new(DATABASE, time, "ms")));
    evidence.push(Evidence::new(PROCESSOR, processor, "ms"));
    evidence.extend(redis.map(|time| Evidence::new(REDIS, time, "ms")));
    evidence.push(Evidence::new(REST, rest, "ms"));
    let part = rest / mean;
    if case.processors_wanted_always() {
        return Weighed::Against(text!("Requests waited for the processors of the service itself."), evidence);
    }
    if mean < SLOW_MS || part < MOSTLY {
        return Weighed::Against(text!("Answers were quick, or their time went into what was watched."), evidence);
    }
    let held = case.database.map_or(0.0, |database| (database.mean_busy - database.mean_running).max(0.0));
    evidence.extend(case.database.map(|_| Evidence::new(HELD, held, "")));
    // Waiting in a queue of the service's own looks the same.
    let queues = case.failed(&[Symptom::PoolExhausted, Symptom::Refused, Symptom::TooManyConnections]) > 0.0;
    let certainty = match (case.database.is_some(), queues) {
        (true, false) if part >= NEARLY_ALL => Certainty::Certain,
        (true, false) => Certainty::Likely,
        _ => Certainty::Possible,
    };
    let expected = vec![Expected { figure: Figure::MeanMs, now: mean, then: mean - rest }];
    let of_failures = case.of_failures(case.failed(&[Symptom::TimedOut, Symptom::FrontTimedOut])) * part;
    Weighed::For(Weight { certainty, of_failures, of_time: part, evidence, expected, apart_from: &[] })
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let number = |what: &str| language.significant(weight.value(what));
    let sentence = say!(
        language,
        "An answer takes {mean} ms on average, but the database works on it for {database} ms and the processors of the service for \
         {processor} ms: {rest} ms are spent waiting for something else.",
        mean = number(MEAN),
        database = number(DATABASE),
        processor = number(PROCESSOR),
        rest = number(REST)
    );
    let between = case.database.is_some() && weight.value(HELD) >= 0.5;
    let attempt = if between {
        text!(
            "look at the way between the service and its database, and at what a request does while its transaction is open: \
             connections wait inside transactions, and the database waits for the service. Fewer round trips help as much as a faster \
             way."
        )
    } else {
        text!(
            "measure each call of the service to others (another service, a name server, a file, a queue of its own), put a time limit \
             on it, and make it outside of the request where the answer does not need it."
        )
    };
    let expect = say!(
        language,
        "about {then} ms for an answer on average.",
        then = language.significant(weight.value(MEAN) - weight.value(REST))
    );
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
