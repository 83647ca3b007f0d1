//! What to say where nothing explains a run.

use super::case::Case;
use super::finding::{Certainty, Finding};
use crate::units::Language;
use crate::{say, text};

/// From this share of failed requests on, or this mean time in milliseconds, a run needs an explanation.
const FAILED: f64 = 0.01;
const SLOW_MS: f64 = 500.0;

/// The findings explain a run if they explain this share of its failures, or of its time if none failed.
const EXPLAINED: f64 = 0.5;

/// Says that it is not known what broke, and what to watch next time; `None` if the findings explain the run, or if there is
/// nothing to explain.
pub(super) fn sentence(case: &Case<'_>, findings: &[Finding], language: Language) -> Option<String> {
    let sure = findings.iter().filter(|finding| finding.certainty != Certainty::Possible);
    let bad = case.run.bad_ratio();
    let explained: f64 = sure.map(|finding| if bad >= FAILED { finding.of_failures } else { finding.of_time }).sum();
    if explained >= EXPLAINED || (bad < FAILED && case.mean_ms() < SLOW_MS) {
        return None;
    }
    let what = if bad >= FAILED {
        say!(language, "{share} of the requests got no good answer", share = language.percent(bad))
    } else {
        say!(language, "Good answers took {time} ms on average", time = language.significant(case.mean_ms()))
    };
    let next = match (case.database.is_some(), case.services().next().is_some()) {
        (false, false) => text!(
            "Nothing was watched: repeat the run with --observe for the database, Redis and the process of the service."
        ),
        (false, true) => {
            text!("Repeat the run with --observe for its database too, and look at the log of the service.")
        }
        (true, false) => {
            text!("Repeat the run with --observe pid:NUMBER for the process of the service too, and look at its log.")
        }
        (true, true) => text!(
            "Its database and its process show no cause: look at the log of the service at the time of the first failure."
        ),
    };
    let next = language.text(next);
    Some(say!(language, "{what}, and nothing that was seen explains it. {next}", what, next))
}
