//! A process of the service ended, or could not be reached.

use crate::explain::case::Case;
use crate::explain::finding::{Certainty, Evidence, Expected};
use crate::explain::rule::{Needs, Rule, Weighed, Weight, Words};
use crate::explain::symptom::Symptom;
use crate::units::Language;
use crate::{say, text};

pub(super) const RULE: Rule = Rule { cause: "instance_lost", needs: Needs::Run, follows_from: &[], weigh, words };

const FAILED: &str = text!("requests to which nobody answered (refused, cut off or 502)");
const ENDED: &str = text!("processes of the service that ended");

fn weigh(case: &Case<'_>) -> Weighed {
    let failed = case.failed(&[Symptom::NobodyListens, Symptom::FrontUnreached, Symptom::Broken]);
    let refused = case.failed(&[Symptom::NobodyListens, Symptom::FrontUnreached]);
    let gone = case.services().filter(|service| !service.alive).count() as u64;
    let children: u64 = case.services().map(|service| service.children_ended).sum();
    let watched = case.services().next().is_some();
    let mut evidence = vec![Evidence::new(FAILED, failed, "")];
    if watched {
        evidence.push(Evidence::count(ENDED, gone + children));
    }
    // Processes that come and go are lost only if requests were.
    if failed <= 0.0 && gone == 0 {
        return Weighed::Against(text!("Every process went on, and each request reached one."), evidence);
    }
    let share = case.of_requests(failed);
    let certainty = match (gone > 0 || children > 0, refused > 0.0 && share >= 0.01) {
        (true, _) => Certainty::Certain,
        (false, true) if !watched => Certainty::Certain,
        (false, true) => Certainty::Likely,
        (false, false) => Certainty::Possible,
    };
    // With a process go the requests that it worked on, however they end.
    let nameless = if gone > 0 { case.failed(&[Symptom::TimedOut, Symptom::FrontTimedOut]) } else { 0.0 };
    let of_failures = case.of_failures(failed + nameless);
    let expected = vec![Expected::of_failures(case, of_failures)];
    Weighed::For(Weight { certainty, of_failures, of_time: 0.0, evidence, expected, apart_from: &[] })
}

fn words(_: &Case<'_>, weight: &Weight, language: Language) -> Words {
    let count = |what: &str| language.count(weight.value(what) as u64);
    let sentence = if weight.value(ENDED) > 0.0 {
        say!(
            language,
            "{ended} processes of the service ended while the load lasted, and {failed} requests were lost with them.",
            ended = count(ENDED),
            failed = count(FAILED)
        )
    } else {
        say!(
            language,
            "{failed} requests reached no process of the service: their connections were refused or cut off, or what stands in front \
             answered 502.",
            failed = count(FAILED)
        )
    };
    let attempt = text!(
        "look at the end of its log and at the system's (out of memory, a crash, a limit of open files); let something start it again, \
         and let what stands in front ask another instance instead."
    );
    let expect = say!(language, "{failed} fewer failed requests.", failed = count(FAILED));
    Words { sentence, attempt: language.text(attempt).to_owned(), expect }
}
