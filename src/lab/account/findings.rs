//! Describes the figures of a subject in sentences. Every sentence is chosen and filled in by the measured figures, and a
//! change within the noise is reported as no change.

use std::collections::BTreeMap;

use super::causes;
use super::cells::{milliseconds, not_measured, users};
use super::kind::RequestKind;
use super::subject_account::{SubjectAccount, rung_before};
use crate::lab::{Burst, Failover, Measurement, ServerSide};
use crate::run_result::{FailureSummary, Verdict};
use crate::units::Language;
use crate::{say, text};

/// A difference between two shares below this, in percentage points, is not reported.
const NOISE_POINTS: f64 = 1.0;

/// A difference by chance is within this many standard errors in 95 of 100 cases.
const STANDARD_ERRORS: f64 = 1.96;

/// Two rates are reported as different from this factor on: on a shared machine, two bursts of ten seconds each on the same
/// store differed by a third.
const CHANGED_RATE: f64 = 1.5;

/// From this mean number of orders in a commit on, orders are reported as committed together.
const TOGETHER: f64 = 1.2;

/// A change of the rows that a report reads is reported from this factor on.
const CHANGED_ROWS: f64 = 2.0;

/// From this share on, connections count as used up. It is below 1 because the lab has a connection of its own.
const USED_UP: f64 = 0.97;

/// A database that uses fewer processors than this counts as idle.
const IDLE_CORES: f64 = 0.5;

/// From this share of failed orders on, a burst says what kept it from more.
const MOSTLY: f64 = 0.5;

/// If at most this share of the open connections runs a statement, the database lacks connections and not processing power.
const IDLE_SHARE: f64 = 0.1;

/// What the figures of a subject say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// The most important findings, in a sentence or two.
    pub(super) headline: String,
    /// All findings, one sentence each, including those of the headline.
    pub(super) all: Vec<String>,
}

/// Returns all findings of the subject at this place.
pub(super) fn of(subjects: &[SubjectAccount], place: usize, language: Language) -> Findings {
    let subject = &subjects[place];
    let mut findings = Vec::new();
    let mut headline = 0;
    if let Some(shown) = &subject.shown {
        let before = rung_before(subjects, place).and_then(|before| Some((before, before.shown.as_ref()?)));
        let was = before.map(|(_, was)| was);
        findings.extend(valid(shown, language));
        findings.push(failed(shown, language) + &rounds(subject, language));
        findings.extend(unanswered(shown, language));
        let compared = before.map(|(before, was)| compared(subject, shown, before, was, language));
        findings.extend(compared.filter(|said| !said.is_empty()));
        findings.extend(shown.failover.as_ref().map(|failover| loss_of_primary(failover, language)));
        headline = findings.len();
        findings.extend(shown.failover.as_ref().map(|failover| kept_orders(failover, language)));
        findings.extend(times(shown, language));
        findings.extend(message(shown, language));
        findings.extend(connections(shown, language));
        findings.extend(refusals(shown, language));
        findings.extend(causes::sentences(shown, language));
        findings.extend(cached(shown, was, language));
        findings.extend(was.and_then(|was| order_alone(shown, was, language)));
        findings.extend(was.and_then(|was| cold_report(shown, was, language)));
        findings.extend(shown.burst.as_ref().map(|burst| written(burst, before, language)));
        findings.extend(limit(shown, language));
        findings.extend(not_measured(&shown.remarks, language));
    }
    if let Some(reason) = &subject.reason {
        findings.push(match subject.shown {
            Some(_) => say!(language, "A round of it broke: {reason}", reason = language.retold(reason)),
            None => say!(language, "It broke: {reason}", reason = language.retold(reason)),
        });
        headline = headline.max(1);
    }
    Findings { headline: findings[..headline].join(" "), all: findings }
}

fn valid(shown: &Measurement, language: Language) -> Option<String> {
    let limited = shown.load.verdict == Verdict::GeneratorLimited;
    limited.then(|| {
        say!(
            language,
            "The load generator was the bottleneck, and these are not the figures of the store: {reasons}.",
            reasons = language.retold_all(&shown.load.verdict_reasons).join("; ")
        )
    })
}

/// The sentence about how many requests failed, of which kind, and from when on.
pub(super) fn failed(shown: &Measurement, language: Language) -> String {
    let load = &shown.load;
    let requests = language.count(load.requests);
    if load.requests == 0 {
        return language.text(text!("No request was answered.")).to_owned();
    }
    if load.failures == 0 {
        return say!(language, "None of {requests} requests failed.", requests);
    }
    let kinds = RequestKind::ALL.iter().filter_map(|kind| {
        let share = language.percent(kind.fail_ratio(shown)?);
        Some(say!(language, "{share} of the {kind}", share, kind = language.text(kind.name())))
    });
    let kinds = kinds.collect::<Vec<_>>().join(language.text(text!(" and ")));
    let share = load.fail_ratio.map(|ratio| language.percent(ratio)).unwrap_or_default();
    match load.timeline.iter().find(|point| point.failures > 0) {
        Some(first) => say!(
            language,
            "{share} of {requests} requests failed: {kinds}, from second {second} on, with {users} users.",
            share,
            requests,
            kinds,
            second = language.decimals(first.at_s, 0),
            users = language.count(first.users as u64)
        ),
        None => say!(language, "{share} of {requests} requests failed: {kinds}.", share, requests, kinds),
    }
}

/// The sentence about the range of the rounds; empty if they are equal.
fn rounds(subject: &SubjectAccount, language: Language) -> String {
    let apart = subject.fail_ratio_range.filter(|(low, high)| high > low);
    apart.map_or_else(String::new, |(low, high)| {
        let [low, high] = [low, high].map(|ratio| language.percent(ratio));
        let said = say!(
            language,
            "That is the median of {rounds} rounds, from {low} to {high}.",
            rounds = subject.rounds,
            low,
            high
        );
        format!(" {said}")
    })
}

/// The sentence about the times of good answers and of failed requests, where there are both or only failed ones: a quick
/// refusal says nothing about how long an answer takes.
fn times(shown: &Measurement, language: Language) -> Option<String> {
    let (all, failed) = (&shown.load.aggregated, shown.load.aggregated.failed_requests()?);
    let failed = milliseconds(failed.time(|times| times.p50)?, language);
    Some(match all.good_answers().time(|times| times.p50) {
        Some(good) => say!(
            language,
            "Half of the good answers came within {good} ms, half of the failures within {failed} ms.",
            good = milliseconds(good, language),
            failed
        ),
        None => say!(language, "No answer was good; half of the failures came within {failed} ms.", failed),
    })
}

/// The sentence about requests that were still unanswered at the end of the load test, which no other figure contains.
fn unanswered(shown: &Measurement, language: Language) -> Option<String> {
    match shown.load.in_flight_at_end {
        0 => None,
        1 => Some(language.text(text!("1 more request was not answered at the end.")).to_owned()),
        waiting => {
            Some(say!(language, "{count} more requests were not answered at the end.", count = language.count(waiting)))
        }
    }
}

/// The sentence about the loss of the primary: for how long no order was accepted, and what failed by it.
fn loss_of_primary(failover: &Failover, language: Language) -> String {
    let second = language.decimals(failover.killed_at_s, 1);
    let failed = match failover.failed {
        0 => language.text(text!("no request of the load failed from then on")).to_owned(),
        failed if failed == failover.refused => say!(
            language,
            "{failed} requests of the load failed from then on, all of them refused with 503",
            failed = language.count(failed)
        ),
        failed => say!(
            language,
            "{failed} requests of the load failed from then on, {refused} of them refused with 503",
            failed = language.count(failed),
            refused = language.count(failover.refused)
        ),
    };
    match failover.accepted_after_s {
        Some(after) => say!(
            language,
            "In second {second} the primary was killed; {after} s later an order was accepted again, and {failed}.",
            second,
            after = language.decimals(after, 1),
            failed
        ),
        None => say!(
            language,
            "In second {second} the primary was killed; no order was accepted any more, and {failed}.",
            second,
            failed
        ),
    }
}

/// The sentence about whether every order that was accepted is still there.
fn kept_orders(failover: &Failover, language: Language) -> String {
    let accepted = language.count(failover.accepted_orders);
    let (Some(stored), Some(lost)) = (failover.stored_orders, failover.lost_orders()) else {
        return language.text(text!("Whether an accepted order was lost is not known.")).to_owned();
    };
    if lost > 0 {
        return say!(
            language,
            "Accepted orders were lost: {accepted} were accepted, and the database has {stored} of them.",
            accepted,
            stored = language.count(stored)
        );
    }
    match failover.unacknowledged_orders() {
        None | Some(0) => say!(
            language,
            "No accepted order was lost: {accepted} were accepted, and the database has as many more than before.",
            accepted
        ),
        Some(more) => say!(
            language,
            "No accepted order is missing: {accepted} were accepted, and the database has {more} more, of requests whose answer \
             did not come.",
            accepted,
            more = language.count(more)
        ),
    }
}

/// The range of the fail ratios of the subject's rounds, in percentage points.
fn spread(subject: &SubjectAccount, kind: RequestKind) -> f64 {
    let ratios = || subject.all.iter().filter_map(|measurement| kind.fail_ratio(measurement));
    100.0 * (ratios().fold(0.0, f64::max) - ratios().fold(1.0, f64::min)).max(0.0)
}

/// The difference, in percentage points, that two shares can have by chance (normal approximation for two proportions with
/// a pooled share; NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3). Each pair is requests and failures.
fn chance(a: (u64, u64), b: (u64, u64)) -> f64 {
    let (requests, failures) = ((a.0 + b.0) as f64, (a.1 + b.1) as f64);
    if a.0 == 0 || b.0 == 0 {
        return 0.0;
    }
    let share = failures / requests;
    let variance = share * (1.0 - share) * (1.0 / a.0 as f64 + 1.0 / b.0 as f64);
    100.0 * STANDARD_ERRORS * variance.sqrt()
}

/// The sentence that compares a subject with the rung before it; empty if one of them has no requests.
pub(super) fn compared(
    subject: &SubjectAccount,
    shown: &Measurement,
    before: &SubjectAccount,
    was: &Measurement,
    language: Language,
) -> String {
    let rung = before.short(language);
    let points = |now: f64, was: f64| 100.0 * (now - was);
    let changed = RequestKind::ALL.iter().filter_map(|kind| {
        let rounds = spread(subject, *kind).max(spread(before, *kind));
        let noise = NOISE_POINTS.max(rounds).max(chance(kind.counts(shown), kind.counts(was)));
        let (now, was) = (kind.fail_ratio(shown)?, kind.fail_ratio(was)?);
        let moved = points(now, was).abs() >= noise;
        moved.then(|| {
            let kind = language.text(kind.name());
            let [now, was] = [now, was].map(|ratio| language.percent(ratio));
            say!(language, "{kind} {now} instead of {was}", kind, now, was)
        })
    });
    let changed = changed.collect::<Vec<_>>().join(", ");
    let Some((now, was_ratio)) = shown.load.fail_ratio.zip(was.load.fail_ratio) else { return String::new() };
    let (total, before) = (points(now, was_ratio), language.percent(was_ratio));
    if changed.is_empty() {
        return match shown.load.failures + was.load.failures {
            0 => say!(language, "The same is true of {rung}.", rung),
            _ => say!(language, "That is no change beyond the noise, compared with {rung} ({before}).", rung, before),
        };
    }
    if total.abs() < 0.05 {
        return say!(
            language,
            "In total that is the same as in {rung} ({before}), but {changed}.",
            rung,
            before,
            changed
        );
    }
    let points = language.decimals(total.abs(), 1);
    if total < 0.0 {
        say!(
            language,
            "That is {points} points fewer than in {rung} ({before}): {changed}.",
            points,
            rung,
            before,
            changed
        )
    } else {
        say!(
            language,
            "That is {points} points more than in {rung} ({before}): {changed}.",
            points,
            rung,
            before,
            changed
        )
    }
}

/// A group of the failures with the most frequent message, and the share of that message.
pub(super) fn most_frequent(shown: &Measurement) -> Option<(&FailureSummary, f64)> {
    let mut messages: BTreeMap<&str, u64> = BTreeMap::new();
    for group in &shown.load.failure_groups {
        *messages.entry(&group.message).or_default() += group.count;
    }
    let (message, count) = messages.into_iter().max_by_key(|(_, count)| *count)?;
    let group = shown.load.failure_groups.iter().find(|group| group.message == message)?;
    Some((group, count as f64 / shown.load.failures.max(1) as f64))
}

fn message(shown: &Measurement, language: Language) -> Option<String> {
    let (group, share) = most_frequent(shown)?;
    let message = group.told(language);
    Some(say!(language, "{share} of the failures say: {message}.", share = language.percent(share), message))
}

/// From this share of the larger number on, it is said why the database refused another number of connections than requests
/// failed.
const APART: f64 = 0.05;

/// The sentence about connections that the database refused and no request that failed, or the other way round: the two
/// numbers stand beside each other in the tables, and differ.
pub(super) fn refusals(shown: &Measurement, language: Language) -> Option<String> {
    let server = shown.server.as_ref()?;
    let (refused, failed) = (server.refused_connections, shown.load.failures);
    let apart = refused.abs_diff(failed);
    if refused == 0 || (apart as f64) < APART * refused.max(failed) as f64 {
        return None;
    }
    let [refused_count, failed_count, apart] = [refused, failed, apart].map(|count| language.count(count));
    if refused < failed {
        return Some(say!(
            language,
            "The database refused {refused} connections, and {failed} requests failed: {apart} of them for another reason, which \
             their messages tell.",
            refused = refused_count,
            failed = failed_count,
            apart
        ));
    }
    (server.cache_stale > 0).then(|| {
        say!(
            language,
            "The database refused {refused} connections, but only {failed} requests failed: the other {apart} connections were \
             wanted for newer reports, which the store computes in the background; whoever asked got the old report ({stale} \
             times) and noticed nothing.",
            refused = refused_count,
            failed = failed_count,
            apart,
            stale = language.count(server.cache_stale)
        )
    })
}

/// The sentences about the database's connections, and whether it was idle.
pub(super) fn connections(shown: &Measurement, language: Language) -> Option<String> {
    // Of another service only what was observed is known.
    let Some(database) = shown.database.as_ref().filter(|database| database.max_connections > 0) else {
        return causes::left_open(shown, language);
    };
    let peak = &database.peak;
    let (open, most) = (language.count(peak.open), language.count(database.max_connections));
    if (peak.open as f64) < USED_UP * database.max_connections as f64 {
        return Some(say!(language, "At most {open} of {most} database connections were open.", open, most));
    }
    if let Some(left_open) = causes::left_open(shown, language) {
        return Some(left_open);
    }
    let (asleep, running) = (language.count(peak.asleep), language.count(peak.running));
    let longest = peak.longest_sleep_s;
    let seen = match database.cpu_cores {
        Some(cores) => say!(
            language,
            "At the peak {open} of {most} database connections were open, {asleep} asleep, one of them for {longest} s; \
             {running} ran a statement, and the database used {cores} processors.",
            open,
            most,
            asleep,
            longest,
            running,
            cores = language.decimals(cores, 2)
        ),
        None => say!(
            language,
            "At the peak {open} of {most} database connections were open, {asleep} asleep, one of them for {longest} s; \
             {running} ran a statement.",
            open,
            most,
            asleep,
            longest,
            running
        ),
    };
    Some(if was_idle(shown) {
        let idle = language
            .text(text!("The database was idle: connections were missing, left open by requests that had ended."));
        format!("{seen} {idle}")
    } else {
        seen
    })
}

/// Whether connections were missing while the database had nothing to do.
pub(super) fn was_idle(shown: &Measurement) -> bool {
    let Some(database) = &shown.database else { return false };
    let peak = &database.peak;
    let refused = shown.server.as_ref().map_or(shown.load.failures, |server| server.refused_connections);
    peak.open as f64 >= USED_UP * database.max_connections as f64
        && peak.running as f64 <= IDLE_SHARE * peak.open as f64
        && peak.asleep * 2 > peak.open
        && database.cpu_cores.is_none_or(|cores| cores < IDLE_CORES)
        && refused > 0
}

/// The sentence about the report cache; `None` if it says the same as for the rung before.
pub(super) fn cached(shown: &Measurement, was: Option<&Measurement>, language: Language) -> Option<String> {
    let server = shown.server.as_ref()?;
    let share = language.percent(server.hit_ratio()?);
    let stale = server.stale_ratio().unwrap_or_default();
    let before = was.and_then(|was| was.server.as_ref()).filter(|server| server.hit_ratio().is_some());
    let stale_before = before.and_then(ServerSide::stale_ratio).unwrap_or_default();
    let changed = 100.0 * (stale - stale_before).abs() >= NOISE_POINTS;
    let [stale, stale_before] = [stale, stale_before].map(|ratio| language.percent(ratio));
    match before {
        None => Some(say!(
            language,
            "{share} of the reports came from the cache, without waiting for the database; {stale} of these were older than \
             they should be.",
            share,
            stale
        )),
        Some(_) if changed => Some(say!(
            language,
            "{stale} of the reports from the cache were older than they should be, instead of {before}.",
            stale,
            before = stale_before
        )),
        Some(_) => None,
    }
}

/// The sentence about the statements of an order, if they have changed.
pub(super) fn order_alone(shown: &Measurement, was: &Measurement, language: Language) -> Option<String> {
    let (now, was) = (shown.alone.as_ref()?, was.alone.as_ref()?);
    (now.order_statements != was.order_statements).then(|| {
        say!(
            language,
            "An order of three products, alone, takes {statements} statements instead of {before} ({took} ms instead of \
             {earlier}).",
            statements = language.count(now.order_statements),
            before = language.count(was.order_statements),
            took = milliseconds(now.order_ms, language),
            earlier = milliseconds(was.order_ms, language)
        )
    })
}

fn cold_report(shown: &Measurement, was: &Measurement, language: Language) -> Option<String> {
    let (now, was) = (shown.alone.as_ref()?, was.alone.as_ref()?);
    let times = now.cold_report_rows.max(1) as f64 / was.cold_report_rows.max(1) as f64;
    (times >= CHANGED_ROWS || times <= 1.0 / CHANGED_ROWS).then(|| {
        say!(
            language,
            "A report that is in no cache reads {rows} rows instead of {before} ({took} ms instead of {earlier}).",
            rows = language.count(now.cold_report_rows),
            before = language.count(was.cold_report_rows),
            took = milliseconds(now.cold_report_ms, language),
            earlier = milliseconds(was.cold_report_ms, language)
        )
    })
}

/// The sentence about the orders that come as fast as they are answered.
pub(super) fn written(burst: &Burst, before: Option<(&SubjectAccount, &Measurement)>, language: Language) -> String {
    let refused = burst.fail_ratio.filter(|ratio| *ratio > 0.0);
    let refused = refused.map(|ratio| say!(language, " and fails {share}", share = language.percent(ratio)));
    let together = burst.orders_per_commit.filter(|orders| *orders >= TOGETHER);
    let together =
        together.map(|orders| say!(language, ", {orders} in one commit", orders = language.significant(orders)));
    let earlier = before.and_then(|(before, was)| Some((before.short(language), was.burst.as_ref()?.orders_per_s)));
    let compared = earlier.filter(|(_, was)| burst.orders_per_s > 0.0 || *was > 0.0).map(|(rung, was)| {
        if was <= 0.0 {
            return say!(language, ", where {rung} accepts none", rung);
        }
        let times = burst.orders_per_s / was;
        if times < CHANGED_RATE && times > 1.0 / CHANGED_RATE {
            return say!(language, ", about as many as {rung}", rung);
        }
        let [times, was] = [times, was].map(|value| language.significant(value));
        say!(language, ", {times} times as many as {rung} ({was})", times, rung, was)
    });
    let mut said = say!(
        language,
        "When orders come as fast as they are answered, it accepts {rate} of them a second{refused}{compared}{together}.",
        rate = language.significant(burst.orders_per_s),
        refused = refused.unwrap_or_default(),
        compared = compared.unwrap_or_default(),
        together = together.unwrap_or_default()
    );
    let left = burst.left_open.filter(|left| *left > 0 && burst.fail_ratio.is_some_and(|ratio| ratio > MOSTLY));
    if let Some(left) = left {
        said.push(' ');
        said.push_str(&say!(
            language,
            "When it began, {left} connections were still open, left by the requests of the load test; an order is accepted only \
             when one of them comes back within these {seconds} s.",
            left = language.count(left),
            seconds = language.significant(burst.duration_s)
        ));
    }
    if burst.verdict == Verdict::GeneratorLimited {
        said.push(' ');
        said.push_str(language.text(text!("The load generator was the bottleneck there: the store can do more.")));
    }
    said
}

/// The sentence about the number of users that are served correctly, if it was searched.
pub(super) fn limit(shown: &Measurement, language: Language) -> Option<String> {
    let limit = shown.limit.as_ref()?;
    if limit.last_good.is_none() && limit.first_bad.is_none() {
        let reason = language.retold(limit.held_back.as_ref()?);
        return Some(say!(language, "The search of this number gave nothing: {reason}.", reason));
    }
    let broken = limit.broken.first();
    let broken = broken.map(|broken| say!(language, "; beyond that {broken}", broken = language.retold(broken)));
    let broken = broken.unwrap_or_default();
    let gave_way = language.text(text!("; the load generator gave way first"));
    let gave_way = if limit.generator_gave_way { gave_way } else { "" };
    let users = users(limit, language);
    let served = say!(language, "Users served correctly: {users}{broken}{gave_way}.", users, broken, gave_way);
    let Some(bad) = limit.first_bad.filter(|_| !limit.generator_gave_way) else { return Some(served) };
    // The one number, with its definition.
    let from = say!(
        language,
        "It fails from {users} users on, the fewest with which a threshold is crossed when each load is held until nothing rises \
         any more.",
        users = language.count(bad.into())
    );
    let unsteady = if limit.steady {
        ""
    } else {
        language.text(text!(
            " A load that was repeated did not have the same result each time, so this number may be a little off."
        ))
    };
    Some(format!("{from}{unsteady} {served}"))
}
