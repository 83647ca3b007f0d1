//! Each order waits for the disk to make its commit durable, one after the other.

use crate::explain::case::{Case, is_commit};
use crate::explain::finding::{Certainty, Evidence};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::units::Language;
use crate::{say, text};

/// From this part of the time on in which the logs are flushed, the disk has little left.
const BUSY: f64 = 0.5;
const FULL: f64 = 0.8;

/// From this share of the time of statements on, commits are the main work; and where only what was seen running is known, of
/// which there is little.
const MOSTLY: f64 = 0.4;
const MOSTLY_SEEN: f64 = 0.3;

/// From this idle share of the machine on, nothing waits for a processor.
const TO_SPARE: f64 = 0.1;

pub(super) const RULE: Rule = Rule {
    cause: "commit_bound",
    needs: Needs::Database,
    follows_from: &["connections_left_open", "full_scan", "held_rows"],
    weigh,
    words,
};

const COMMITS: &str = text!("commits per second");
const FLUSHES: &str = text!("flushes of the logs per second");
const FLUSH: &str = text!("time of a flush");
const FLUSHING: &str = text!("share of the time in which the logs were flushed");
const SHARE: &str = text!("share of commits in the time of statements");
const SEEN: &str = text!("share of the running statements that were commits");

fn weigh(case: &Case<'_>) -> Weighed {
    let Some(database) = case.database else { return Weighed::Silent };
    let seconds = case.seconds().max(f64::EPSILON);
    let commits = case.counter("Com_commit").unwrap_or(0.0);
    let mut evidence = vec![Evidence::new(COMMITS, commits / seconds, "")];
    let flushing = database.flush_s.map(|flush_s| (flush_s / seconds).min(1.0));
    if let Some((flush_s, flushes)) = database.flush_s.zip(database.flushes).filter(|(_, flushes)| *flushes > 0) {
        evidence.push(Evidence::new(FLUSHES, flushes as f64 / seconds, ""));
        evidence.push(Evidence::new(FLUSH, 1e3 * flush_s / flushes as f64, "ms"));
        evidence.push(Evidence::share(FLUSHING, (flush_s / seconds).min(1.0)));
    }
    let all = case.database_time_s().unwrap_or(0.0);
    let (share, time) = if database.statements_counted {
        let of = database.statements.iter().filter(|statement| is_commit(&statement.text));
        let time: f64 = of.map(|statement| statement.time_s).sum();
        evidence.push(Evidence::share(SHARE, if all > 0.0 { time / all } else { 0.0 }));
        (if all > 0.0 { time / all } else { 0.0 }, time)
    } else {
        // A statement that is its own transaction commits at its end, in a state of that name.
        let (seen, total) = case.sightings(|statement| is_commit(&statement.text));
        let states = database.states.iter().filter(|(state, _)| state.to_ascii_lowercase().contains("commit"));
        let seen = seen.max(states.map(|(_, seen)| *seen as f64).sum());
        let part = if total > 0.0 { (seen / total).min(1.0) } else { 0.0 };
        evidence.push(Evidence::share(SEEN, part));
        (part, part * all)
    };
    let of_time = case.of_time(time);
    let waits = database.mean_running >= 0.5;
    let mostly = if database.statements_counted { MOSTLY } else { MOSTLY_SEEN };
    let busy = flushing.map_or(share >= mostly && waits, |flushing| flushing >= BUSY && share >= 0.2);
    if !busy || of_time < 0.1 {
        return Weighed::Against(text!("Commits took little of the time, or the disk had time to spare."), evidence);
    }
    let certain = flushing.is_some_and(|flushing| flushing >= FULL) && share >= MOSTLY;
    let certainty = if certain { Certainty::Certain } else { Certainty::Likely };
    // Neither reading nor waiting for rows flushes logs. Where flushes are not counted, reading may still take the processors
    // that commits wait for, unless there were some to spare.
    let to_spare = case.run.generator.host_idle_ratio.is_some_and(|idle| idle >= TO_SPARE);
    let apart_from: &[_] = match flushing {
        Some(_) => &["full_scan", "held_rows"],
        None if to_spare => &["full_scan"],
        None => &[],
    };
    Weighed::For(Weight { certainty, of_failures: 0.0, of_time, evidence, expected: Vec::new(), apart_from })
}

/// Whether commits explain a part of what happened.
pub(super) fn is_one(case: &Case<'_>) -> bool {
    matches!(weigh(case), Weighed::For(_))
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let share = weight.value(SHARE).max(weight.value(SEEN));
    let sentence = say!(
        language,
        "Orders wait for the disk: {commits} commits per second take {share} of the time of all statements.",
        commits = language.significant(weight.value(COMMITS)),
        share = language.percent(share)
    );
    let attempt = text!(
        "several orders in one transaction (group commit), or a disk that flushes faster; settings that flush less often lose \
         acknowledged orders when the machine fails."
    );
    let flush = weight.value(FLUSH);
    let expect = if flush > 0.0 {
        say!(
            language,
            "one flush takes {flush} ms, so that orders committed one by one come to {most} per second at most; with n orders in a \
             commit, n times as many.",
            flush = language.significant(flush),
            most = language.significant(1e3 / flush)
        )
    } else {
        language
            .text(text!(
                "with n orders in a commit, n times as many orders per second, until something else is the limit."
            ))
            .to_owned()
    };
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
