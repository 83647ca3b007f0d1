//! When a copy in the cache ends, many requests compute it anew at the same time.

use crate::explain::case::{Case, is_read};
use crate::explain::finding::{Certainty, Evidence};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::units::Language;
use crate::{say, text};

/// From so many equal statements at the same time on, requests compute the same.
const AT_ONCE: u64 = 4;
const MANY: u64 = 8;

pub(super) const RULE: Rule =
    Rule { cause: "cache_stampede", needs: Needs::Redis, follows_from: &["connections_left_open"], weigh, words };

const AT_ONCE_NAME: &str = text!("most connections that ran the same statement at the same time");
const HITS: &str = text!("share of Redis's look-ups that found something");
const EXPIRED: &str = text!("keys whose time to live ended");
const P99: &str = text!("99th percentile of good answers");
const MEDIAN: &str = text!("median of good answers");

fn weigh(case: &Case<'_>) -> Weighed {
    let (Some(redis), Some(database)) = (case.redis, case.database) else { return Weighed::Silent };
    let look_ups = redis.hits + redis.misses;
    if look_ups == 0 {
        return Weighed::Against(text!("Nobody asked Redis for a copy."), Vec::new());
    }
    let hits = redis.hits as f64 / look_ups as f64;
    let most =
        database.statements.iter().filter(|statement| is_read(&statement.text)).max_by_key(|found| found.most_at_once);
    let at_once = most.map_or(0, |statement| statement.most_at_once);
    let mut evidence = vec![match most {
        Some(statement) => Evidence::count(AT_ONCE_NAME, at_once).of(&statement.text),
        None => Evidence::count(AT_ONCE_NAME, 0),
    }];
    evidence.push(Evidence::share(HITS, hits));
    evidence.push(Evidence::count(EXPIRED, redis.expired));
    // Without a cache that serves, the same statement at the same time is a missing cache.
    if at_once < AT_ONCE || hits < 0.3 {
        return Weighed::Against(text!("Hardly any requests computed the same at the same time."), evidence);
    }
    let times = case.run.aggregated.succeeded_latency_ms.as_ref();
    evidence.extend(times.map(|times| Evidence::new(P99, times.p99, "ms")));
    evidence.extend(times.map(|times| Evidence::new(MEDIAN, times.p50, "ms")));
    let certainty = if at_once >= MANY && redis.expired > 0 { Certainty::Certain } else { Certainty::Likely };
    let time = if database.statements_counted {
        most.map_or(0.0, |statement| statement.time_s)
    } else {
        let (seen, all) = case.sightings(|statement| is_read(&statement.text));
        case.database_time_s().unwrap_or(0.0) * if all > 0.0 { seen / all } else { 0.0 }
    };
    // One of those that ran at the same time is needed.
    let of_time = case.of_time(time * (1.0 - 1.0 / at_once as f64));
    Weighed::For(Weight { certainty, of_failures: 0.0, of_time, evidence, expected: Vec::new(), apart_from: &[] })
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let sentence = say!(
        language,
        "The cache answers {hits} of the look-ups, but when a copy ends, up to {at_once} requests compute the same at the same time.",
        hits = language.percent(weight.value(HITS)),
        at_once = language.count(weight.value(AT_ONCE_NAME) as u64)
    );
    let attempt = text!(
        "let one request compute (a lock in the process, or SET … NX in Redis) while the others get the old copy or wait for the new \
         one, and refresh a little before the end, at random."
    );
    let expect = say!(
        language,
        "one computation where now up to {at_once} run at the same time; the slowest answers come closer to the median.",
        at_once = language.count(weight.value(AT_ONCE_NAME) as u64)
    );
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
