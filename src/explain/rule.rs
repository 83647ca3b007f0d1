//! The type of a cause: what it needs, what speaks for and against it, and its words.

use super::case::Case;
use super::finding::{Certainty, Evidence, Expected};
use crate::units::Language;

/// A cause; each is a constant in a file of its own.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// Its name in JSON, tables and the documentation.
    pub(super) cause: &'static str,
    /// What has to be known of the run.
    pub(super) needs: Needs,
    /// Causes from which it may follow: beside one of them it is possible at most.
    pub(super) follows_from: &'static [&'static str],
    /// Weighs the figures that speak for and against it.
    pub(super) weigh: fn(&Case<'_>) -> Weighed,
    /// Says what happened, what to try, and what that should change.
    pub(super) words: fn(&Case<'_>, &Weight, Language) -> Words,
}

/// What has to be known of a run to weigh a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// The run itself.
    Run,
    /// What the database did.
    Database,
    /// What Redis did.
    Redis,
    /// What the process of the service did.
    Process,
}

/// What the figures say about a cause.
#[derive(Clone, Debug)]
pub(super) enum Weighed {
    /// They speak for it.
    For(Weight),
    /// They speak against it: a sentence in English, which is in the catalogue, and the figures.
    Against(&'static str, Vec<Evidence>),
    /// There is no figure that speaks for or against it.
    Silent,
}

/// What speaks for a cause.
#[derive(Clone, Debug)]
pub(super) struct Weight {
    pub(super) certainty: Certainty,
    /// The share of the failed requests that it explains, from 0 to 1.
    pub(super) of_failures: f64,
    /// The share of the time of all requests that it explains, from 0 to 1.
    pub(super) of_time: f64,
    pub(super) evidence: Vec<Evidence>,
    pub(super) expected: Vec<Expected>,
    /// Causes of [`Rule::follows_from`] from which it does not follow this time, as the figures show.
    pub(super) apart_from: &'static [&'static str],
}

/// The words about a cause.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// What happened.
    pub(super) sentence: String,
    /// What to try.
    pub(super) attempt: String,
    /// What that should change.
    pub(super) expect: String,
}

impl Needs {
    /// Whether the run has it.
    pub(super) fn are_met(self, case: &Case<'_>) -> bool {
        match self {
            Self::Run => true,
            Self::Database => case.database.is_some(),
            Self::Redis => case.redis.is_some(),
            Self::Process => case.services().next().is_some(),
        }
    }

    /// What to watch next time.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Run => "",
            Self::Database => "--observe mysql://user@host:port/database",
            Self::Redis => "--observe redis://host:port",
            Self::Process => "--observe pid:NUMBER",
        }
    }
}

impl Weight {
    /// The value of the evidence of this name; 0 if there is none. For the words, so that they say what the evidence says.
    pub(super) fn value(&self, what: &str) -> f64 {
        self.evidence.iter().find(|evidence| evidence.what == what).map_or(0.0, |evidence| evidence.value)
    }

    /// The text that the evidence of this name is about.
    pub(super) fn text(&self, what: &str) -> &str {
        self.evidence
            .iter()
            .find(|evidence| evidence.what == what)
            .and_then(|evidence| evidence.of.as_deref())
            .unwrap_or("")
    }
}
