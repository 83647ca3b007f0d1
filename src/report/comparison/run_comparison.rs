//! Two reports and their difference, as data.

use serde::Serialize;

use super::figure::Figure;
use super::figures::figures;
use super::reservations::reservations;
use crate::report::Report;
use crate::run_result::RecordedRun;

/// Two reports and their difference.
#[derive(Clone, Debug, Serialize)]
pub struct RunComparison {
    /// Whether the two runs were alike enough for their figures to be compared.
    pub comparable: bool,
    /// Why not, if not: sentences.
    pub reservations: Vec<String>,
    /// Every figure that either has.
    pub figures: Vec<Figure>,
    /// The report on the first run.
    pub before: Report,
    /// The report on the second run.
    pub after: Report,
}

impl RunComparison {
    /// Sets two reports side by side. What the load tests say of themselves tells whether they can be compared.
    pub fn of((before, first): (Report, &RecordedRun), (after, second): (Report, &RecordedRun)) -> Self {
        let reservations = reservations(first, second);
        let figures = figures(&before, &after);
        Self { comparable: reservations.is_empty(), reservations, figures, before, after }
    }
}
