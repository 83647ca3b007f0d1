//! The service, or what stands in front of it, refuses requests so that it can serve the others.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

/// A service also refuses because something else keeps it from working.
pub(super) const RULE: Rule = Rule {
    cause: "refused_on_purpose",
    needs: Needs::Run,
    follows_from: &["connections_left_open", "connection_limit", "held_rows", "deadlocks"],
    weigh,
    words,
};

const REFUSED: &str = text!("requests that were refused");
const SHARE: &str = text!("share of all requests");
const TIME: &str = text!("median time of failed requests");

fn weigh(case: &Case<'_>) -> Weighed {
    let refused = case.failed(&[Symptom::Refused]);
    let mut evidence = vec![Evidence::new(REFUSED, refused, "")];
    if refused <= 0.0 {
        return Weighed::Against(
            text!("No request was refused with 429, or 503 and a sentence that says so."),
            evidence,
        );
    }
    let groups = &case.run.failure_groups;
    let most = groups.iter().find(|group| crate::explain::symptom::of(group) == Symptom::Refused);
    let share = case.of_requests(refused);
    let said = most.map(|group| group.message.as_str()).unwrap_or_default();
    evidence.push(Evidence::share(SHARE, share).of(said));
    let failed = case.run.aggregated.failed_latency_ms.as_ref();
    evidence.extend(failed.map(|times| Evidence::new(TIME, times.p50, "ms")));
    let of_failures = case.of_failures(refused);
    let certainty = if share >= 0.01 || of_failures >= 0.2 { Certainty::Certain } else { Certainty::Likely };
    let expected = vec![Expected::of_failures(case, of_failures)];
    Weighed::For(Weight { certainty, of_failures, of_time: 0.0, evidence, expected, apart_from: &[] })
}

fn words(case: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let sentence = say!(
        language,
        "{refused} requests ({share}) were refused on purpose: there were more than can be served in time. The others were served, \
         {good} per second.",
        refused = language.count(weight.value(REFUSED) as u64),
        share = language.percent(weight.value(SHARE)),
        good = language.significant(case.good_per_s())
    );
    let attempt = text!(
        "less load, or a client that waits as long as Retry-After says and tries again; what limits the service is found with a load \
         just below this one."
    );
    let expect = say!(
        language,
        "no refusals below about {good} requests per second of this mix.",
        good = language.significant(case.good_per_s())
    );
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
