//! Requests walk over all keys of Redis, which serves nobody else meanwhile.

use crate::explain::case::Case;
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::units::Language;
use crate::{say, text};

/// Keys that SCAN walks over at a time, where the caller does not say.
const KEYS_PER_SCAN: f64 = 10.0;

/// The time of a round trip on one machine, in seconds: a walk by SCAN is one for every ten keys.
const ROUND_TRIP_S: f64 = 50e-6;

/// From so many keys per request, and this share of Redis's time on, walking is its main work.
const MANY: f64 = 20.0;
const MOSTLY: f64 = 0.3;

pub(super) const RULE: Rule =
    Rule { cause: "key_scan", needs: Needs::Redis, follows_from: &["connections_left_open"], weigh, words };

const CALLS: &str = text!("KEYS and SCAN per request");
const WALKED: &str = text!("keys walked over per request");
const SHARE: &str = text!("share of Redis's time");
const KEYS: &str = text!("keys in Redis");
const TIME: &str = text!("time of these commands per request");

fn weigh(case: &Case<'_>) -> Weighed {
    let Some(redis) = case.redis else { return Weighed::Silent };
    let ((keys, keys_s), (scans, scans_s)) = (redis.command("keys"), redis.command("scan"));
    let all_s = case.redis_time_s().unwrap_or(0.0);
    let share = if all_s > 0.0 { (keys_s + scans_s) / all_s } else { 0.0 };
    let in_redis = redis.most_keys as f64;
    let walked = (keys as f64 * in_redis + scans as f64 * KEYS_PER_SCAN) / case.requests.max(1.0);
    let calls = (keys + scans) as f64 / case.requests.max(1.0);
    let evidence = vec![
        Evidence::new(CALLS, calls, ""),
        Evidence::new(WALKED, walked, ""),
        Evidence::share(SHARE, share),
        Evidence::new(KEYS, in_redis, ""),
        Evidence::new(TIME, 1e3 * (keys_s + scans_s) / case.requests.max(1.0), "ms"),
    ];
    if keys + scans == 0 || walked < MANY || share < MOSTLY {
        return Weighed::Against(text!("Hardly any keys of Redis were walked over."), evidence);
    }
    // Redis serves one at a time: what it spends on walking, everybody waits for.
    let busy = redis.cpu_cores >= 0.5;
    let alone = keys_s + scans_s + scans as f64 * ROUND_TRIP_S;
    let of_time = if busy { case.of_time(alone).max(0.5 * share) } else { case.of_time(alone) };
    let certainty = if share >= 0.5 && calls >= 0.05 { Certainty::Certain } else { Certainty::Likely };
    let now = 1e3 * all_s / case.requests.max(1.0);
    let mut expected = vec![Expected { figure: Figure::RedisMsPerRequest, now, then: now * (1.0 - share) }];
    expected.extend(Expected::of_time(case, of_time));
    Weighed::For(Weight {
        certainty,
        of_failures: 0.0,
        of_time: of_time.max(0.02),
        evidence,
        expected,
        apart_from: &[],
    })
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let sentence = say!(
        language,
        "Each request walks over {walked} keys of Redis on average; that takes {share} of its time, and it serves nobody else \
         meanwhile.",
        walked = language.significant(weight.value(WALKED)),
        share = language.percent(weight.value(SHARE))
    );
    let attempt = text!(
        "ask for the key by its name; keep the names that belong together in a set of their own, or give them a version that is part \
         of the name."
    );
    let expect = match weight.expected.first() {
        Some(redis) => say!(
            language,
            "{then} ms of Redis per request instead of {now} ms, however many keys there are.",
            then = language.significant(redis.then),
            now = language.significant(redis.now)
        ),
        None => String::new(),
    };
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
