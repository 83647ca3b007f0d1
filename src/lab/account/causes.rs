//! The causes that the load test of a subject shows, in the words of the rules that `report --explain` uses.

use crate::explain::{self, Certainty, Finding};
use crate::lab::Measurement;
use crate::units::Language;

/// The most causes that are told of one subject; the rest explains little.
const MOST: usize = 2;

/// The cause that the sentence about the connections says ([`left_open`]).
const LEFT_OPEN: &str = "connections_left_open";

/// The sentence on connections that requests leave behind, if that is certain or likely; none if nothing was watched.
pub(super) fn left_open(shown: &Measurement, language: Language) -> Option<String> {
    sure(shown, language).find(|finding| finding.cause == LEFT_OPEN).map(|finding| finding.sentence)
}

/// The sentences about the other causes that are certain or likely, those that explain most first.
pub(super) fn sentences(shown: &Measurement, language: Language) -> Vec<String> {
    let others = sure(shown, language).take(MOST).filter(|finding| finding.cause != LEFT_OPEN);
    others.map(|finding| finding.sentence).collect()
}

fn sure(shown: &Measurement, language: Language) -> impl Iterator<Item = Finding> {
    let watched = shown.load.observed.as_ref().is_some_and(|observed| !observed.is_empty());
    let explanation = watched.then(|| explain::explain(&shown.load, language));
    let findings = explanation.into_iter().flat_map(|explanation| explanation.findings);
    // The lab says itself when the load generator was the bottleneck.
    findings.filter(|finding| finding.certainty != Certainty::Possible && finding.cause != "generator_limited")
}
