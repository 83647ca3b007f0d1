//! Weighs all causes of a run and puts them in order.

use serde::Serialize;

use super::case::Case;
use super::finding::{Certainty, Finding, RuledOut, Unseen};
use super::rule::{Rule, Weighed, Weight};
use super::rules::ALL;
use super::{trouble, unknown};
use crate::observe::Missing;
use crate::run_result::RunResult;
use crate::units::Language;

/// A finding that explains less than this of the trouble is not worth a reader's time, however sure it is.
const WORTH_TELLING: f64 = 0.01;

/// What explains a run.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The causes, in the order of how much of the trouble they explain.
    pub findings: Vec<Finding>,
    /// The causes that were looked at and are none.
    pub ruled_out: Vec<RuledOut>,
    /// What none of them explains and what to watch next time, as a sentence; absent if the findings explain the run, or if there
    /// is nothing to explain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// Causes that could not be looked at.
    pub unseen: Vec<Unseen>,
    /// What could not be seen of the parts that were watched, and what would show it.
    pub missing: Vec<Missing>,
}

/// Names what explains a run.
pub fn explain(run: &RunResult, language: Language) -> Explanation {
    let case = Case::new(run);
    let (mut found, mut ruled_out, mut unseen) = (Vec::new(), Vec::new(), Vec::new());
    for &rule in ALL {
        if !rule.needs.are_met(&case) {
            unseen.push(Unseen { cause: rule.cause, observe: rule.needs.option() });
            continue;
        }
        match (rule.weigh)(&case) {
            Weighed::For(weight) => found.push((rule, weight)),
            Weighed::Against(why, evidence) => {
                ruled_out.push(RuledOut { cause: rule.cause, sentence: language.text(why).to_owned(), evidence });
            }
            Weighed::Silent => {}
        }
    }
    subordinate(&mut found);
    let mut findings: Vec<_> = found.iter().map(|(rule, weight)| finding(&case, rule, weight, language)).collect();
    findings.retain(|finding| finding.share >= WORTH_TELLING);
    // A cause that is only possible stands below those that are likely, whatever it would explain.
    findings.sort_by(|a, b| {
        let possible = |finding: &Finding| finding.certainty == Certainty::Possible;
        (possible(a).cmp(&possible(b))).then(b.share.total_cmp(&a.share)).then(a.certainty.cmp(&b.certainty))
    });
    let unknown = unknown::sentence(&case, &findings, language);
    let seen = case.observed;
    let of_databases = seen.into_iter().flat_map(|seen| &seen.databases).flat_map(|database| &database.missing);
    let of_caches = seen.into_iter().flat_map(|seen| &seen.caches).flat_map(|redis| &redis.missing);
    let of_processes = seen.into_iter().flat_map(|seen| &seen.processes).flat_map(|process| &process.missing);
    let missing = of_databases.chain(of_caches).chain(of_processes).cloned().collect();
    Explanation { findings, ruled_out, unknown, unseen, missing }
}

/// What follows from another cause that is certain or likely is only possible.
fn subordinate(found: &mut [(&'static Rule, Weight)]) {
    let sure: Vec<_> = found
        .iter()
        .filter(|(_, weight)| weight.certainty != Certainty::Possible)
        .map(|(rule, weight)| (rule.cause, weight.of_failures.max(weight.of_time)))
        .collect();
    for (rule, weight) in found {
        // Another cause that explains next to nothing has no such consequences.
        let consequence = |cause: &str| rule.follows_from.contains(&cause) && !weight.apart_from.contains(&cause);
        let follows = sure.iter().any(|(cause, explains)| consequence(cause) && *explains >= 0.1);
        if follows {
            weight.certainty = Certainty::Possible;
        }
    }
}

fn finding(case: &Case<'_>, rule: &Rule, weight: &Weight, language: Language) -> Finding {
    let words = (rule.words)(case, weight, language);
    Finding {
        cause: rule.cause,
        certainty: weight.certainty,
        share: trouble::share(case, weight),
        of_failures: weight.of_failures,
        of_time: weight.of_time,
        evidence: weight.evidence.clone(),
        sentence: words.sentence,
        r#try: words.attempt,
        expect: words.expect,
        expected: weight.expected.clone(),
    }
}

impl Explanation {
    /// Whether it names a cause.
    pub fn names_any(&self) -> bool {
        !self.findings.is_empty()
    }
}
