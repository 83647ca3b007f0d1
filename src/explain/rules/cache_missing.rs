//! The same expensive answer is computed for every request, and no cache serves a copy.

use crate::explain::case::{Case, is_read};
use crate::explain::figure::Figure;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::observe::Statement;
use crate::units::Language;
use crate::{say, text};

/// A read that takes so long each time is worth a copy, in milliseconds.
const EXPENSIVE_MS: f64 = 1.0;
const ROWS: f64 = 500.0;

/// From this many runs per request of the same address on, hardly any is served from a copy.
const EACH_TIME: f64 = 0.5;

/// From this share of the time of all requests on, it is told.
const WORTH: f64 = 0.05;

pub(super) const RULE: Rule = Rule {
    cause: "cache_missing",
    needs: Needs::Database,
    follows_from: &["connections_left_open", "cache_stampede"],
    weigh,
    words,
};

const RUNS: &str = text!("times that it ran for each request of the same address");
const TIME: &str = text!("time of each run");
const SHARE: &str = text!("share of the database's time");
const HITS: &str = text!("share of Redis's look-ups that found something");
const LOOK_UPS: &str = text!("look-ups in Redis");
const SEEN: &str = text!("share of the running statements that were seen");

fn weigh(case: &Case<'_>) -> Weighed {
    let Some(database) = case.database else { return Weighed::Silent };
    let requests = case.same_reads();
    if requests < 10.0 {
        return Weighed::Silent;
    }
    let look_ups = case.redis.map(|redis| redis.hits + redis.misses);
    let hits = case.redis.map(|redis| redis.hits as f64 / look_ups.unwrap_or(0).max(1) as f64);
    let mut evidence: Vec<_> = look_ups.map(|look_ups| Evidence::count(LOOK_UPS, look_ups)).into_iter().collect();
    evidence.extend(hits.filter(|_| look_ups > Some(0)).map(|hits| Evidence::share(HITS, hits)));
    let against = text!("No expensive answer is computed again for each request.");
    let is_served =
        look_ups.is_some_and(|look_ups| look_ups as f64 >= 0.5 * requests) && hits.is_some_and(|hits| hits >= 0.5);
    if is_served {
        return Weighed::Against(against, evidence);
    }
    let all = case.database_time_s().unwrap_or(0.0);
    let (runs, time) = if database.statements_counted {
        let is_expensive = |statement: &&Statement| {
            let runs = statement.count.unwrap_or(0).max(1) as f64;
            let slow = 1e3 * statement.time_s / runs >= EXPENSIVE_MS;
            is_read(&statement.text) && (slow || statement.rows_examined.unwrap_or(0) as f64 / runs >= ROWS)
        };
        let reads: Vec<_> = database.statements.iter().filter(is_expensive).collect();
        let runs: f64 = reads.iter().map(|statement| statement.count.unwrap_or(0) as f64).sum();
        let time: f64 = reads.iter().map(|statement| statement.time_s).sum();
        for statement in reads.iter().take(2) {
            let each = statement.count.unwrap_or(0).max(1) as f64;
            evidence.push(Evidence::new(RUNS, each / requests, "").of(&statement.text));
            evidence.push(Evidence::new(TIME, 1e3 * statement.time_s / each, "ms"));
        }
        evidence.push(Evidence::share(SHARE, if all > 0.0 { time / all } else { 0.0 }));
        (runs, time)
    } else {
        // Only that Redis is there and nobody asks it tells that no copy is served.
        let (seen, total) = case.sightings(|statement| is_read(&statement.text));
        let part = if total > 0.0 { seen / total } else { 0.0 };
        evidence.push(Evidence::share(SEEN, part));
        let unused = look_ups == Some(0) && part >= 0.3 && database.mean_running >= 0.1;
        (if unused { requests } else { 0.0 }, part * all)
    };
    let of_time = case.of_time(time);
    if runs < EACH_TIME * requests || of_time < WORTH {
        return Weighed::Against(against, evidence);
    }
    let now = case.mean_ms();
    let expected = vec![Expected { figure: Figure::MeanMs, now, then: now * (1.0 - of_time) }];
    Weighed::For(Weight {
        certainty: Certainty::Likely,
        of_failures: 0.0,
        of_time: 0.9 * of_time,
        evidence,
        expected,
        apart_from: &[],
    })
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let same = language.count(case.same_reads() as u64);
    let sentence = match case.redis {
        Some(redis) if redis.hits + redis.misses == 0 => say!(
            language,
            "{same} requests asked for the same answers again, each was computed by the database, and nobody asked Redis for a copy.",
            same
        ),
        _ => say!(
            language,
            "{same} requests asked for the same answers again, and the database computed each anew.",
            same
        ),
    };
    let attempt = text!(
        "keep the answer for a few seconds, in the process or in Redis, and let one request compute it while the others wait or get \
         the last one; say how old an answer may be."
    );
    let mean = weight.expected.first().copied();
    let expect = match mean {
        Some(mean) => say!(
            language,
            "one computation per time to live instead of one per request; about {then} ms instead of {now} ms for an answer on average.",
            then = language.significant(mean.then),
            now = language.significant(mean.now)
        ),
        None => language.text(text!("one computation per time to live instead of one per request.")).to_owned(),
    };
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
