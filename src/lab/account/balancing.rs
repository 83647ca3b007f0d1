//! The account of balancing policies against each other.

use super::ExperimentAccount;
use super::cells::{NOTHING, milliseconds, not_measured};
use crate::lab::{BalancedInstance, BalancedRun, Balancing};
use crate::page::{Bars, Chart, Color};
use crate::run_result::Verdict;
use crate::stack::Balance;
use crate::table::{Align, Table, Tone};
use crate::units::Language;
use crate::{say, text};

/// A policy is told to be better from this difference of its rate on, as a share.
const CLEARLY: f64 = 0.1;

impl ExperimentAccount {
    /// The account of balancing policies against each other.
    pub(in crate::lab) fn of_balancing(measured: &Balancing, language: Language) -> Self {
        let mut findings: Vec<_> = helped(measured, language).into_iter().collect();
        findings.extend([false, true].into_iter().filter_map(|one_slow| compared(measured, one_slow, language)));
        findings.extend(one_address(measured, language));
        findings.extend(not_measured(&measured.remarks, language));
        Self {
            title: language.text(text!("Balancing, where one instance's processor is the limit")).to_owned(),
            question: language.text(text!("Which balancing policy, and why?")).to_owned(),
            findings,
            tables: vec![table(measured, language)],
            charts: charts(measured, language),
        }
    }
}

fn name(run: &BalancedRun, language: Language) -> String {
    run.policy.map_or_else(|| language.text(text!("one instance")).to_owned(), |policy| policy.to_string())
}

fn table(measured: &Balancing, language: Language) -> Table {
    let columns = language.names([
        (text!("Policy"), Align::Left),
        (text!("Instances"), Align::Left),
        (text!("Requests"), Align::Right),
        (text!("Failed"), Align::Right),
        (text!("good/s"), Align::Right),
        (text!("p50 ms"), Align::Right),
        (text!("p95 ms"), Align::Right),
        (text!("Parts"), Align::Right),
        (text!("Processors"), Align::Right),
    ]);
    let title = say!(
        language,
        "{users} users without think time; each instance held to {share} of a processor, a slow one to {slow}",
        users = measured.users,
        share = language.percent(measured.share),
        slow = language.percent(measured.slow_share)
    );
    let mut table = Table::new(title, &columns);
    for run in &measured.runs {
        let plain = |text: String| (text, Tone::Plain);
        let time =
            |time: Option<f64>| plain(time.map_or_else(|| NOTHING.to_owned(), |time| milliseconds(time, language)));
        let each = |value: fn(&BalancedInstance, Language) -> Option<String>| {
            let values: Option<Vec<_>> = run.instances.iter().map(|instance| value(instance, language)).collect();
            plain(values.map_or_else(|| NOTHING.to_owned(), |values| values.join(" : ")))
        };
        let doubtful = run.verdict == Verdict::GeneratorLimited;
        let rate = language.significant(run.good_per_s);
        let failed = run.fail_ratio.map_or_else(|| NOTHING.to_owned(), |ratio| language.percent(ratio));
        table.toned_row([
            plain(name(run, language)),
            plain(language.text(if run.one_slow { text!("one slow") } else { text!("equal") }).to_owned()),
            plain(language.count(run.requests)),
            (failed, if run.fail_ratio.is_some_and(|ratio| ratio > 0.0) { Tone::Bad } else { Tone::Good }),
            if doubtful { (format!("{rate} (!)"), Tone::Doubtful) } else { plain(rate) },
            time(run.p50_ms),
            time(run.p95_ms),
            each(|instance, language| Some(whole_percent(instance.part?, language))),
            each(|instance, language| Some(language.decimals(instance.cpu_cores?, 2))),
        ]);
    }
    table
}

/// A share in whole per cent.
fn whole_percent(share: f64, language: Language) -> String {
    language.number(&format!("{:.0} %", 100.0 * share))
}

fn find(measured: &Balancing, policy: Option<Balance>, one_slow: bool) -> Option<&BalancedRun> {
    measured.runs.iter().find(|run| run.policy == policy && run.one_slow == one_slow)
}

/// What the second instance brings, by the policy of a deployment if it was measured.
pub(super) fn helped(measured: &Balancing, language: Language) -> Option<String> {
    let alone = find(measured, None, false)?;
    let several = find(measured, Some(Balance::LeastConn), false)
        .or_else(|| measured.runs.iter().find(|run| run.policy.is_some() && !run.one_slow))?;
    let times = several.good_per_s / alone.good_per_s.max(f64::MIN_POSITIVE);
    let [rate, was, times_as_many] =
        [several.good_per_s, alone.good_per_s, times].map(|value| language.significant(value));
    let what = if times >= 1.0 + CLEARLY { text!("balancing helps") } else { text!("balancing does not help") };
    Some(say!(
        language,
        "Where the processor of an instance is the limit, {what}: {count} instances of {share} of a processor each give {rate} \
         good answers per second by {policy}, one alone {was}: {times} times as many.",
        what = language.text(what),
        count = several.instances.len(),
        share = language.percent(measured.share),
        rate,
        policy = name(several, language),
        was,
        times = times_as_many
    ))
}

/// The policies, that with most good answers first.
fn by_rate(measured: &Balancing, one_slow: bool) -> Vec<&BalancedRun> {
    let mut runs: Vec<_> =
        measured.runs.iter().filter(|run| run.policy.is_some() && run.one_slow == one_slow).collect();
    runs.sort_by(|a, b| b.good_per_s.total_cmp(&a.good_per_s));
    runs
}

/// Whether one instance got all requests.
fn went_to_one(run: &BalancedRun) -> bool {
    run.instances.iter().any(|instance| instance.part.is_some_and(|part| part > 0.99))
}

/// The policies that give most good answers, the best one first: each is measured once, so that those within a tenth of the
/// best are not told apart. One that gave all requests to one instance has balanced nothing, and how good that is depends
/// on which one it was.
pub(super) fn best(measured: &Balancing, one_slow: bool) -> Vec<&BalancedRun> {
    let mut runs = by_rate(measured, one_slow);
    runs.retain(|run| !went_to_one(run));
    let most = runs.first().map_or(0.0, |best| best.good_per_s);
    runs.retain(|run| run.good_per_s * (1.0 + CLEARLY) > most);
    runs
}

/// Which policies give most good answers, with equal instances or with a slow one.
fn compared(measured: &Balancing, one_slow: bool, language: Language) -> Option<String> {
    let runs = by_rate(measured, one_slow);
    let [first, .., worst] = runs.as_slice() else { return None };
    let with = language.text(if one_slow { text!("With a slow instance") } else { text!("With equal instances") });
    let figures = |run: &BalancedRun| {
        let p95 = run.p95_ms.map(|p95| say!(language, ", p95 {p95} ms", p95 = milliseconds(p95, language)));
        let last = run.instances.last().and_then(|instance| instance.part).filter(|_| one_slow);
        let last =
            last.map(|part| say!(language, ", {part} of the requests to it", part = whole_percent(part, language)));
        say!(
            language,
            "{rate} per second{p95}{last}",
            rate = language.significant(run.good_per_s),
            p95 = p95.unwrap_or_default(),
            last = last.unwrap_or_default()
        )
    };
    if first.good_per_s < (1.0 + CLEARLY) * worst.good_per_s {
        let figures = figures(first);
        return Some(say!(language, "{with} all policies give about the same: {figures}.", with, figures));
    }
    let all = best(measured, one_slow);
    let names = all.iter().map(|run| name(run, language)).collect::<Vec<_>>().join(", ");
    let most = figures(all.first()?);
    if all.iter().any(|run| std::ptr::eq(*run, *worst)) {
        // What gives more has sent everything to one instance.
        return Some(say!(
            language,
            "{with} most of those that balance: {names} ({figures}).",
            with,
            names,
            figures = most
        ));
    }
    let (worst, least) = (name(worst, language), figures(worst));
    Some(if all.len() == 1 {
        say!(
            language,
            "{with} {best} is best ({figures}), {worst} worst ({least}).",
            with,
            best = names,
            figures = most,
            worst,
            least
        )
    } else {
        say!(
            language,
            "{with} {names} give about the same, and most ({figures}); {worst} gives least ({least}).",
            with,
            names,
            figures = most,
            worst,
            least
        )
    })
}

/// Why `ip_hash` uses one instance alone.
fn one_address(measured: &Balancing, language: Language) -> Option<String> {
    let run = find(measured, Some(Balance::IpHash), false)?;
    went_to_one(run).then(|| {
        language
            .text(text!(
                "By ip_hash all of them went to one instance, because all users of a load test have one address: it keeps a \
                 client at its instance, and does not balance."
            ))
            .to_owned()
    })
}

fn charts(measured: &Balancing, language: Language) -> Vec<Chart> {
    let mut policies: Vec<_> = measured.runs.iter().map(|run| run.policy).collect();
    policies.dedup();
    let names: Vec<_> =
        policies.iter().filter_map(|policy| Some(name(find(measured, *policy, false)?, language))).collect();
    let groups = |value: fn(&BalancedRun) -> Option<f64>| {
        [(text!("equal instances"), Color::Series(0), false), (text!("one slow"), Color::Series(1), true)].map(
            |(name, color, one_slow)| Bars {
                name: language.text(name).to_owned(),
                color,
                values: policies.iter().map(|policy| find(measured, *policy, one_slow).and_then(value)).collect(),
            },
        )
    };
    let (rates, times) = (groups(|run| Some(run.good_per_s)), groups(|run| run.p95_ms));
    let chart = |title: &'static str, groups: [Bars; 2]| {
        Chart::bars(language.text(title), names.clone(), groups.into()).in_language(language)
    };
    vec![
        chart(text!("Good answers per second, by balancing policy"), rates),
        chart(text!("95 % of good answers took no longer, milliseconds"), times).on_fitting_scale(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::Verdict;

    fn run(policy: Balance, good_per_s: f64, parts: [f64; 2]) -> BalancedRun {
        let instances = parts.map(|part| BalancedInstance { part: Some(part), ..BalancedInstance::default() }).to_vec();
        BalancedRun {
            policy: Some(policy),
            one_slow: false,
            instances,
            requests: 1_000,
            good_per_s,
            fail_ratio: Some(0.0),
            p50_ms: None,
            p95_ms: None,
            most_frequent_failure: None,
            verdict: Verdict::Valid,
        }
    }

    #[test]
    fn what_noise_may_have_ordered_is_not_told_apart() {
        let even = [0.5, 0.5];
        let runs = vec![
            run(Balance::RoundRobin, 18_000.0, even),
            run(Balance::LeastConn, 18_900.0, even),
            run(Balance::Random, 15_000.0, even),
            run(Balance::IpHash, 25_000.0, [1.0, 0.0]),
        ];
        let measured = Balancing { runs, ..Balancing::default() };
        let names: Vec<_> = best(&measured, false).iter().map(|run| run.policy).collect();
        assert_eq!(names, [Some(Balance::LeastConn), Some(Balance::RoundRobin)], "ip_hash has balanced nothing");
        assert!(best(&measured, true).is_empty() && compared(&measured, true, Language::English).is_none());
    }

    #[test]
    fn a_policy_is_not_the_best_and_the_worst_at_once() {
        let runs = vec![run(Balance::LeastConn, 1_440.0, [0.8, 0.2]), run(Balance::IpHash, 1_710.0, [1.0, 0.0])];
        let measured = Balancing { runs, ..Balancing::default() };
        let said = compared(&measured, false, Language::English).unwrap();
        assert!(said.contains("most of those that balance: least_conn (1,440 per second"), "{said}");
        assert!(!said.contains("worst"), "{said}");
    }
}
