//! What a cure changed: the figures of a run before it and of one after it, beside what was expected.

use serde::Serialize;

use super::case::Case;
use super::explanation::{Explanation, explain};
use super::figure::Figure;
use crate::run_result::RunResult;
use crate::units::Language;

/// Two runs compared.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// The figures that both runs, or one of them, have.
    pub figures: Vec<Change>,
    /// Causes of the first run that the second one no longer has.
    pub gone: Vec<&'static str>,
    /// Causes that both have.
    pub stayed: Vec<&'static str>,
    /// Causes that only the second one has.
    pub new: Vec<&'static str>,
}

/// One figure before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which figure.
    pub figure: Figure,
    /// Its value before.
    pub before: Option<f64>,
    /// The value to expect after the cause that is gone, or else the first one, was cured; absent where no law gives it.
    pub expected: Option<f64>,
    /// Its value after.
    pub after: Option<f64>,
    /// How far the expectation was off: the difference, as a part of the change that was expected. For shares, the difference
    /// itself.
    pub off_by: Option<f64>,
}

/// Compares a run with one after a cure.
pub fn changes(before: &RunResult, after: &RunResult, first: &Explanation) -> Changes {
    let second = explain(after, Language::English);
    let causes = |explanation: &Explanation| explanation.findings.iter().map(|found| found.cause).collect::<Vec<_>>();
    let (was, is) = (causes(first), causes(&second));
    let (gone, stayed): (Vec<_>, Vec<_>) = was.iter().copied().partition(|cause| !is.contains(cause));
    let cured = first.findings.iter().find(|finding| gone.contains(&finding.cause)).or(first.findings.first());
    let (case_before, case_after) = (Case::new(before), Case::new(after));
    let figures = Figure::ALL.into_iter().filter_map(|figure| {
        let (before, after) = (figure.of(&case_before), figure.of(&case_after));
        before.or(after)?;
        let expected = cured.and_then(|finding| finding.expected.iter().find(|expected| expected.figure == figure));
        let off_by = expected.zip(after).and_then(|(expected, after)| {
            let difference = after - expected.then;
            match figure {
                Figure::FailRatio => Some(difference),
                _ => Some(difference / (expected.then - expected.now)).filter(|ratio| ratio.is_finite()),
            }
        });
        let off_by = off_by.map(f64::abs);
        Some(Change { figure, before, expected: expected.map(|expected| expected.then), after, off_by })
    });
    let figures = figures.collect();
    let new = is.into_iter().filter(|cause| !was.contains(cause)).collect();
    Changes { figures, gone, stayed, new }
}
