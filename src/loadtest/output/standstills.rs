//! The standstills of the load generator in words.

use std::time::Duration;

use crate::run_result::{RunResult, Standstill, Standstills};
use crate::units::{self, Language};
use crate::{say, text};

/// How often and how long the generator stood still, in words that follow "the load generator"; None if it never did.
pub(super) fn told(standstills: &Standstills, language: Language) -> Option<String> {
    let worst = standstills.worst()?;
    if standstills.count == 1 {
        return Some(say!(language, "stood still for {longest}", longest = described(worst, language)));
    }
    Some(say!(
        language,
        "stood still {times} times, for {all} in all, the longest for {longest}",
        times = language.count(standstills.count),
        all = language.number(&units::duration(standstills.total())),
        longest = described(worst, language)
    ))
}

/// The sentence of a verdict; None if the generator never stood still.
pub(super) fn sentence(run: &RunResult, language: Language) -> Option<String> {
    let told = told(&run.standstills, language)?;
    let Some(touched) = &run.aggregated.histograms.touched else {
        return Some(say!(language, "The load generator {told}; no answer that counts was touched by that.", told));
    };
    let answers = match touched.count() {
        1 => language.text(text!("1 answer")).to_owned(),
        count => say!(language, "{count} answers", count = language.count(count)),
    };
    // The longest of all is not longer than that of the touched ones.
    let longest = touched.all().largest().filter(|longest| run.aggregated.histograms.all().largest() <= Some(*longest));
    let among = |longest| {
        let longest = language.number(&units::duration(longest));
        say!(language, ", the longest one of {longest} among them", longest)
    };
    let longest = longest.map(among).unwrap_or_default();
    Some(say!(
        language,
        "The load generator {told}: it was late to ask for or to read {answers}{longest}. Their times are not the service's.",
        told,
        answers,
        longest
    ))
}

fn described(one: &Standstill, language: Language) -> String {
    let length = units::duration(Duration::try_from_secs_f64(one.length_s).unwrap_or_default());
    let mut notes = vec![match (one.threads, one.of_threads) {
        (0, _) => language.text(text!("only what starts and stops users")).to_owned(),
        (_, 1) => language.text(text!("its only thread")).to_owned(),
        (threads, all) if threads == all => say!(language, "all {all} threads", all),
        (threads, all) => say!(language, "{threads} of {all} threads", threads, all),
    }];
    if one.suspended_s > 0.0 {
        notes.push(language.text(text!("the machine was suspended")).to_owned());
    }
    if one.in_warm_up {
        notes.push(language.text(text!("in the warm-up")).to_owned());
    }
    say!(
        language,
        "{length}, {at} s after the first request ({notes})",
        length = language.number(&length),
        at = language.decimals(one.at_s, 1),
        notes = notes.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{TouchedTimes, example_run};

    fn standstill(at_s: f64, length_s: f64) -> Standstill {
        let (suspended_s, in_warm_up, touched) = (0.0, false, 0);
        Standstill { at_s, length_s, suspended_s, threads: 2, of_threads: 2, control: true, in_warm_up, touched }
    }

    #[test]
    fn a_standstill_is_told_with_its_length_and_what_it_touched() {
        let mut run = example_run();
        assert_eq!(sentence(&run, Language::English), None);
        run.standstills = Standstills::of(vec![standstill(4.12, 3.004)]);
        assert_eq!(
            sentence(&run, Language::English).unwrap(),
            "The load generator stood still for 3.00 s, 4.1 s after the first request (all 2 threads); no answer that \
             counts was touched by that."
        );
        let mut touched = TouchedTimes::default();
        (1..=2).for_each(|seconds| touched.succeeded.record(Duration::from_secs(seconds)));
        run.aggregated.histograms.succeeded.merge(&touched.succeeded);
        run.aggregated.histograms.touched = Some(touched);
        let told = sentence(&run, Language::English).unwrap();
        let expected = "it was late to ask for or to read 2 answers, the longest one of 2.00 s among them. Their times";
        assert!(told.contains(expected), "{told}");
    }

    #[test]
    fn several_standstills_are_added_up_and_the_longest_is_described() {
        let suspended = Standstill { suspended_s: 60.0, in_warm_up: true, ..standstill(1.0, 60.2) };
        let one = Standstill { threads: 1, control: false, ..standstill(7.0, 0.3) };
        assert_eq!(
            told(&Standstills::of(vec![suspended, one]), Language::English).unwrap(),
            "stood still 2 times, for 60.5 s in all, the longest for 60.2 s, 1.0 s after the first request (all 2 \
             threads, the machine was suspended, in the warm-up)"
        );
        let only = Standstill { threads: 0, ..standstill(7.0, 0.6) };
        assert_eq!(
            told(&Standstills::of(vec![only]), Language::English).unwrap(),
            "stood still for 600 ms, 7.0 s after the first request (only what starts and stops users)"
        );
    }
}
