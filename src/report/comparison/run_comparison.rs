//! The comparison of two reports, as data.

use serde::Serialize;

use super::figure::Figure;
use super::figures::figures;
use super::reservations::reservations;
use crate::report::Report;
use crate::run_result::RecordedRun;

/// Two reports and the differences between their figures.
#[derive(Clone, Debug, Serialize)]
pub struct RunComparison {
    /// Whether the two runs were made under the same conditions.
    pub comparable: bool,
    /// Why the runs are not comparable, one sentence each; empty if they are.
    pub reservations: Vec<String>,
    /// Every figure that at least one report has.
    pub figures: Vec<Figure>,
    /// The report on the first run.
    pub before: Report,
    /// The report on the second run.
    pub after: Report,
}

impl RunComparison {
    /// Compares two reports. The results of the load tests tell whether they are comparable.
    pub fn of((before, first): (Report, &RecordedRun), (after, second): (Report, &RecordedRun)) -> Self {
        let reservations = reservations(first, second);
        let figures = figures(&before, &after);
        Self { comparable: reservations.is_empty(), reservations, figures, before, after }
    }
}
