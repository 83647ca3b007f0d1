//! The results of explaining a run, as they are written to JSON.

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::figure::Figure;

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Its figures have no other explanation.
    Certain,
    /// Its figures are as they would be, and something that would prove it was not seen, or it may follow from another cause.
    Likely,
    /// It fits, and so do others.
    Possible,
}

/// A figure of the run that speaks for or against a cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// What the figure is of.
    pub what: &'static str,
    /// Its value.
    pub value: f64,
    /// The unit of the value: a word, or nothing for a plain count; `share` is from 0 to 1.
    pub unit: &'static str,
    /// A text that the figure is about, such as a statement; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// A figure that should change when the cause is cured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// Which figure.
    pub figure: Figure,
    /// Its value in this run.
    pub now: f64,
    /// The value to expect without the cause, all else being equal.
    pub then: f64,
}

impl Expected {
    /// What to expect of the failures, without a cause that explains this share of them.
    pub(super) fn of_failures(case: &Case<'_>, explained: f64) -> Self {
        let now = case.run.bad_ratio();
        Self { figure: Figure::FailRatio, now, then: now * (1.0 - explained) }
    }

    /// What to expect of the mean time of good answers, without a cause that explains this share of it; `None` without any.
    pub(super) fn of_time(case: &Case<'_>, explained: f64) -> Option<Self> {
        let now = case.mean_ms();
        (now > 0.0).then_some(Self { figure: Figure::MeanMs, now, then: now * (1.0 - explained) })
    }
}

/// A cause that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The name of the cause.
    pub cause: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
    /// How much of the trouble it explains, from 0 to 1.
    pub share: f64,
    /// The share of the failed requests that it explains.
    pub of_failures: f64,
    /// The share of the time of all requests that it explains.
    pub of_time: f64,
    /// The figures that speak for it.
    pub evidence: Vec<Evidence>,
    /// What happened, in a sentence or two.
    pub sentence: String,
    /// What to try.
    pub r#try: String,
    /// What that should change.
    pub expect: String,
    /// The same as figures, where a law gives them.
    pub expected: Vec<Expected>,
}

/// A cause that was looked at and is none of this run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuledOut {
    /// The name of the cause.
    pub cause: &'static str,
    /// Why not, as a sentence.
    pub sentence: String,
    /// The figures that speak against it.
    pub evidence: Vec<Evidence>,
}

/// A cause that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// The name of the cause.
    pub cause: &'static str,
    /// What has to be watched for it, such as `--observe mysql://…`.
    pub observe: &'static str,
}

impl Evidence {
    /// A figure.
    pub(super) fn new(what: &'static str, value: f64, unit: &'static str) -> Self {
        // The sum of nothing is minus zero, which JSON would show.
        Self { what, value: value + 0.0, unit, of: None }
    }

    /// A count.
    pub(super) fn count(what: &'static str, count: u64) -> Self {
        Self::new(what, count as f64, "")
    }

    /// A share from 0 to 1.
    pub(super) fn share(what: &'static str, share: f64) -> Self {
        Self::new(what, share, "share")
    }

    /// Says what text it is about.
    #[must_use]
    pub(super) fn of(self, text: &str) -> Self {
        Self { of: Some(text.to_owned()), ..self }
    }
}
