//! The load test asks for what the service does not have: products that do not exist, routes that are none, rights that it
//! lacks.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::{self, Symptom};
use crate::units::Language;
use crate::{say, text};

pub(super) const RULE: Rule =
    Rule { cause: "scenario_does_not_fit", needs: Needs::Run, follows_from: &[], weigh, words };

const FAILED: &str = text!("requests that the service did not want (4xx)");
const SHARE: &str = text!("share of all requests");

fn weigh(case: &Case<'_>) -> Weighed {
    let failed = case.failed(&[Symptom::NotWanted]);
    let mut evidence = vec![Evidence::new(FAILED, failed, "")];
    if failed <= 0.0 {
        return Weighed::Against(text!("The service wanted every request (no 4xx)."), evidence);
    }
    let groups = case.run.failure_groups.iter().filter(|group| symptom::of(group) == Symptom::NotWanted);
    let most = groups.max_by_key(|group| group.count);
    let share = case.of_requests(failed);
    let said = most.map(|group| format!("{} {} {}", group.method, group.route, group.message)).unwrap_or_default();
    evidence.push(Evidence::share(SHARE, share).of(&said));
    let of_failures = case.of_failures(failed);
    let certainty = if share >= 0.01 || of_failures >= 0.5 { Certainty::Certain } else { Certainty::Likely };
    let expected = vec![Expected::of_failures(case, of_failures)];
    Weighed::For(Weight { certainty, of_failures, of_time: 0.0, evidence, expected, apart_from: &[] })
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let sentence = say!(
        language,
        "The service did not want {failed} requests ({share} of all): the scenario asks for what it does not have. Most often: {said}.",
        failed = language.count(weight.value(FAILED) as u64),
        share = language.percent(weight.value(SHARE)),
        said = weight.text(SHARE)
    );
    let attempt = text!(
        "make the scenario fit the data (the numbers of products and users, enough stock, a valid token), or fill the service as the \
         scenario expects; nothing is wrong with its speed."
    );
    let expect =
        say!(language, "{failed} fewer failed requests.", failed = language.count(weight.value(FAILED) as u64));
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
