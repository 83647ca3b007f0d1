//! What stands in front of the service (a proxy, a balancer) gives up before the service answers.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

/// Answers that fail sooner than this were not waited for, in milliseconds.
const WAITED_MS: f64 = 500.0;

pub(super) const RULE: Rule = Rule {
    cause: "front_times_out",
    needs: Needs::Run,
    follows_from: &[
        "connections_left_open",
        "held_rows",
        "full_scan",
        "one_processor",
        "slow_dependency",
        "pool_too_small",
    ],
    weigh,
    words,
};

const FAILED: &str = text!("requests that ended with 504");
const TIME: &str = text!("median time of failed requests");

fn weigh(case: &Case<'_>) -> Weighed {
    let failed = case.failed(&[Symptom::FrontTimedOut]);
    let mut evidence = vec![Evidence::new(FAILED, failed, "")];
    if failed <= 0.0 {
        return Weighed::Against(text!("Nothing in front of the service gave up (no 504)."), evidence);
    }
    let waited = case.run.aggregated.failed_latency_ms.as_ref().map_or(0.0, |times| times.p50);
    evidence.push(Evidence::new(TIME, waited, "ms"));
    let certainty = if waited >= WAITED_MS { Certainty::Certain } else { Certainty::Likely };
    let of_failures = case.of_failures(failed);
    let expected = vec![Expected::of_failures(case, of_failures)];
    Weighed::For(Weight { certainty, of_failures, of_time: 0.0, evidence, expected, apart_from: &[] })
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let sentence = say!(
        language,
        "{failed} requests ended with 504: what stands in front of the service waited for {time} ms and gave up, while the service \
         may still work on them.",
        failed = language.count(weight.value(FAILED) as u64),
        time = language.significant(weight.value(TIME))
    );
    let attempt = text!(
        "find what makes the service slow (--observe its database and its process); then time limits that grow outwards: the shortest \
         in the service, a longer one in front of it, the longest in the client."
    );
    let expect = text!("answers that say why, instead of a 504, and no work on requests that nobody waits for.");
    Words { sentence, attempt: language.text(attempt).to_owned(), expect: language.text(expect).to_owned() }
}
