//! Describes the figures of a subject in sentences. Every sentence is chosen and filled in by the measured figures, and a
//! change within the noise is reported as no change.

use std::collections::BTreeMap;

use super::cells::{milliseconds, users};
use super::kind::RequestKind;
use super::subject_account::{SubjectAccount, rung_before};
use crate::lab::{Burst, Measurement, ServerSide};
use crate::run_result::Verdict;
use crate::units;

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

/// If at most this share of the open connections runs a statement, the database lacks connections and not processing power.
const IDLE_SHARE: f64 = 0.1;

/// Returns the headline and all findings of the subject at this place.
pub(super) fn of(subjects: &[SubjectAccount], place: usize) -> (String, Vec<String>) {
    let subject = &subjects[place];
    let mut findings = Vec::new();
    let mut headline = 0;
    if let Some(shown) = &subject.shown {
        let before = rung_before(subjects, place).and_then(|before| Some((before, before.shown.as_ref()?)));
        findings.extend(valid(shown));
        findings.push(failed(shown) + &rounds(subject));
        findings.extend(unanswered(shown));
        findings
            .extend(before.map(|(before, was)| compared(subject, shown, before, was)).filter(|said| !said.is_empty()));
        headline = findings.len();
        findings.extend(times(shown));
        findings.extend(message(shown));
        findings.extend(connections(shown));
        findings.extend(cached(shown, before.map(|(_, was)| was)));
        findings.extend(before.and_then(|(_, was)| order_alone(shown, was)));
        findings.extend(before.and_then(|(_, was)| cold_report(shown, was)));
        findings.extend(shown.burst.as_ref().map(|burst| written(burst, before)));
        findings.extend(limit(shown));
        findings.extend(shown.remarks.iter().map(|remark| format!("Not measured: {remark}.")));
    }
    if let Some(reason) = &subject.reason {
        let what = if subject.shown.is_some() { "A round of it" } else { "It" };
        findings.push(format!("{what} broke: {reason}"));
        headline = headline.max(1);
    }
    (findings[..headline].join(" "), findings)
}

fn valid(shown: &Measurement) -> Option<String> {
    let limited = shown.load.verdict == Verdict::GeneratorLimited;
    limited.then(|| {
        let reasons = shown.load.verdict_reasons.join("; ");
        format!("The load generator was the bottleneck, and these are not the figures of the store: {reasons}.")
    })
}

fn failed(shown: &Measurement) -> String {
    let load = &shown.load;
    let requests = units::count(load.requests);
    if load.requests == 0 {
        return "No request was answered.".to_owned();
    }
    if load.failures == 0 {
        return format!("None of {requests} requests failed.");
    }
    let kinds = RequestKind::ALL.iter().filter_map(|kind| {
        let ratio = kind.fail_ratio(shown)?;
        Some(format!("{} of the {}", units::percent(ratio), kind.name()))
    });
    let kinds = kinds.collect::<Vec<_>>().join(" and ");
    let first = load.timeline.iter().find(|point| point.failures > 0);
    let first = first.map(|point| format!(", from second {:.0} on, with {} users", point.at_s, point.users));
    let share = load.fail_ratio.map(units::percent).unwrap_or_default();
    let first = first.unwrap_or_default();
    format!("{share} of {requests} requests failed: {kinds}{first}.")
}

/// The sentence about the range of the rounds; empty if they are equal.
fn rounds(subject: &SubjectAccount) -> String {
    let apart = subject.fail_ratio_range.filter(|(low, high)| high > low);
    apart.map_or_else(String::new, |(low, high)| {
        let [low, high] = [low, high].map(units::percent);
        format!(" That is the median of {} rounds, from {low} to {high}.", subject.rounds)
    })
}

/// The sentence about the times of good answers and of failed requests, where there are both or only failed ones: a quick
/// refusal says nothing about how long an answer takes.
fn times(shown: &Measurement) -> Option<String> {
    let (all, failed) = (&shown.load.aggregated, shown.load.aggregated.failed_requests()?);
    let failed = milliseconds(failed.time(|times| times.p50)?);
    Some(match all.good_answers().time(|times| times.p50) {
        Some(good) => format!(
            "Half of the good answers came within {} ms, half of the failures within {failed} ms.",
            milliseconds(good)
        ),
        None => {
            format!("No answer was good; half of the failures came within {failed} ms.")
        }
    })
}

/// The sentence about requests that were still unanswered at the end of the load test, which no other figure contains.
fn unanswered(shown: &Measurement) -> Option<String> {
    let waiting = shown.load.in_flight_at_end;
    let were = if waiting == 1 { "request was" } else { "requests were" };
    (waiting > 0).then(|| format!("{} more {were} not answered at the end.", units::count(waiting)))
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

fn compared(subject: &SubjectAccount, shown: &Measurement, before: &SubjectAccount, was: &Measurement) -> String {
    let name = before.short();
    let points = |now: f64, was: f64| 100.0 * (now - was);
    let changed = RequestKind::ALL.iter().filter_map(|kind| {
        let rounds = spread(subject, *kind).max(spread(before, *kind));
        let noise = NOISE_POINTS.max(rounds).max(chance(kind.counts(shown), kind.counts(was)));
        let (now, was) = (kind.fail_ratio(shown)?, kind.fail_ratio(was)?);
        let moved = points(now, was).abs() >= noise;
        moved.then(|| format!("{} {} instead of {}", kind.name(), units::percent(now), units::percent(was)))
    });
    let changed: Vec<_> = changed.collect();
    let Some((now, was_ratio)) = shown.load.fail_ratio.zip(was.load.fail_ratio) else { return String::new() };
    let (total, before) = (points(now, was_ratio), units::percent(was_ratio));
    if changed.is_empty() {
        return match shown.load.failures + was.load.failures {
            0 => format!("The same is true of {name}."),
            _ => format!("That is no change beyond the noise, compared with {name} ({before})."),
        };
    }
    if total.abs() < 0.05 {
        return format!("In total that is the same as in {name} ({before}), but {}.", changed.join(", "));
    }
    let word = if total < 0.0 { "fewer" } else { "more" };
    format!("That is {:.1} points {word} than in {name} ({before}): {}.", total.abs(), changed.join(", "))
}

fn message(shown: &Measurement) -> Option<String> {
    let mut messages: BTreeMap<&str, u64> = BTreeMap::new();
    for group in &shown.load.failure_groups {
        *messages.entry(&group.message).or_default() += group.count;
    }
    let (message, count) = messages.into_iter().max_by_key(|(_, count)| *count)?;
    let share = units::percent(count as f64 / shown.load.failures.max(1) as f64);
    Some(format!("{share} of the failures say: {message}."))
}

fn connections(shown: &Measurement) -> Option<String> {
    let database = shown.database.as_ref().filter(|database| database.max_connections > 0)?;
    let peak = &database.peak;
    let (open, most) = (units::count(peak.open), units::count(database.max_connections));
    if (peak.open as f64) < USED_UP * database.max_connections as f64 {
        return Some(format!("At most {open} of {most} database connections were open."));
    }
    let asleep = format!("{} asleep, one of them for {} s", units::count(peak.asleep), peak.longest_sleep_s);
    let processors = database.cpu_cores.map(|cores| format!(", and the database used {cores:.2} processors"));
    let seen = format!(
        "At the peak {open} of {most} database connections were open, {asleep}; {} ran a statement{}.",
        units::count(peak.running),
        processors.unwrap_or_default()
    );
    let refused = shown.server.as_ref().map_or(shown.load.failures, |server| server.refused_connections);
    let idle = peak.running as f64 <= IDLE_SHARE * peak.open as f64
        && peak.asleep * 2 > peak.open
        && database.cpu_cores.is_none_or(|cores| cores < IDLE_CORES)
        && refused > 0;
    Some(if idle {
        format!("{seen} The database was idle: connections were missing, left open by requests that had ended.")
    } else {
        seen
    })
}

fn cached(shown: &Measurement, was: Option<&Measurement>) -> Option<String> {
    let server = shown.server.as_ref()?;
    let ratio = units::percent(server.hit_ratio()?);
    let stale = server.stale_ratio().unwrap_or_default();
    let before = was.and_then(|was| was.server.as_ref()).filter(|server| server.hit_ratio().is_some());
    let stale_before = before.and_then(ServerSide::stale_ratio).unwrap_or_default();
    let changed = 100.0 * (stale - stale_before).abs() >= NOISE_POINTS;
    let [stale, stale_before] = [stale, stale_before].map(units::percent);
    match before {
        None => Some(format!(
            "{ratio} of the reports came from the cache, without waiting for the database; {stale} of these were older than \
             they should be."
        )),
        Some(_) if changed => Some(format!(
            "{stale} of the reports from the cache were older than they should be, instead of {stale_before}."
        )),
        Some(_) => None,
    }
}

fn order_alone(shown: &Measurement, was: &Measurement) -> Option<String> {
    let (now, was) = (shown.alone.as_ref()?, was.alone.as_ref()?);
    let [statements, before] = [now.order_statements, was.order_statements].map(units::count);
    let [took, earlier] = [now.order_ms, was.order_ms].map(milliseconds);
    (now.order_statements != was.order_statements).then(|| {
        format!(
            "An order of three products, alone, takes {statements} statements instead of {before} ({took} ms instead of \
             {earlier})."
        )
    })
}

fn cold_report(shown: &Measurement, was: &Measurement) -> Option<String> {
    let (now, was) = (shown.alone.as_ref()?, was.alone.as_ref()?);
    let times = now.cold_report_rows.max(1) as f64 / was.cold_report_rows.max(1) as f64;
    let [rows, before] = [now.cold_report_rows, was.cold_report_rows].map(units::count);
    let [took, earlier] = [now.cold_report_ms, was.cold_report_ms].map(milliseconds);
    (times >= CHANGED_ROWS || times <= 1.0 / CHANGED_ROWS).then(|| {
        format!("A report that is in no cache reads {rows} rows instead of {before} ({took} ms instead of {earlier}).")
    })
}

fn written(burst: &Burst, before: Option<(&SubjectAccount, &Measurement)>) -> String {
    let rate = units::significant(burst.orders_per_s);
    let refused = burst.fail_ratio.filter(|ratio| *ratio > 0.0);
    let refused = refused.map(|ratio| format!(" and fails {}", units::percent(ratio))).unwrap_or_default();
    let together = burst.orders_per_commit.filter(|orders| *orders >= TOGETHER);
    let together = together.map(|orders| format!(", {} in one commit", units::significant(orders)));
    let earlier = before.and_then(|(before, was)| Some((before.short(), was.burst.as_ref()?.orders_per_s)));
    let compared = earlier.filter(|(_, was)| burst.orders_per_s > 0.0 || *was > 0.0).map(|(name, was)| {
        if was <= 0.0 {
            return format!(", where {name} accepts none");
        }
        let times = burst.orders_per_s / was;
        if times < CHANGED_RATE && times > 1.0 / CHANGED_RATE {
            return format!(", about as many as {name}");
        }
        format!(", {} times as many as {name} ({})", units::significant(times), units::significant(was))
    });
    let (compared, together) = (compared.unwrap_or_default(), together.unwrap_or_default());
    let limited = match burst.verdict {
        Verdict::GeneratorLimited => " The load generator was the bottleneck there: the store can do more.",
        Verdict::Valid => "",
    };
    format!(
        "When orders come as fast as they are answered, it accepts {rate} of them a second{refused}{compared}{together}.{limited}"
    )
}

fn limit(shown: &Measurement) -> Option<String> {
    let limit = shown.limit.as_ref()?;
    let users = users(limit);
    let who = if limit.generator_gave_way { "; the load generator gave way first" } else { "" };
    let broken = limit.broken.first().map(|broken| format!("; beyond that {broken}")).unwrap_or_default();
    if limit.last_good.is_none() && limit.first_bad.is_none() {
        return None;
    }
    Some(format!("Users served correctly: {users}{broken}{who}."))
}
