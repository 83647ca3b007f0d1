//! The load generator was the bottleneck: the figures are not those of the service.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::run_result::Verdict;
use crate::units::Language;
use crate::{say, text};

pub(super) const RULE: Rule = Rule { cause: "generator_limited", needs: Needs::Run, follows_from: &[], weigh, words };

const USED: &str = text!("processors used by the load generator");
const CORES: &str = text!("processors that it may use");
const LATE: &str = text!("how late its timers were, 99th percentile");

fn weigh(case: &Case<'_>) -> Weighed {
    let generator = &case.run.generator;
    let mut evidence =
        vec![Evidence::new(USED, generator.cpu_cores, ""), Evidence::new(CORES, generator.cores as f64, "")];
    evidence.extend(generator.timer_late_p99_ms.map(|late| Evidence::new(LATE, late, "ms")));
    match case.run.verdict {
        Verdict::Valid => Weighed::Against(text!("The load generator had time to spare."), evidence),
        // Nothing else can be known before this is cured.
        Verdict::GeneratorLimited => Weighed::For(Weight {
            certainty: Certainty::Certain,
            of_failures: 1.0,
            of_time: 1.0,
            evidence,
            expected: Vec::new(),
            apart_from: &[],
        }),
    }
}

fn words(case: &Case<'_>, _: &Weight, language: Language) -> Words {
    let sentence = say!(
        language,
        "The load generator was the bottleneck, so that these are not the figures of the service: {reasons}.",
        reasons = case.run.verdict_reasons.join("; ")
    );
    let attempt = text!("less load, or the load generator on a machine of its own.");
    let expect = text!("figures that can be trusted; what breaks the service is seen only then.");
    Words { sentence, attempt: language.text(attempt).to_owned(), expect: language.text(expect).to_owned() }
}
