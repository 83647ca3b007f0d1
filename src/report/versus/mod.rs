//! Two reports side by side: what was before, what is after, and the difference.

mod figures;
mod form;
mod reservations;

use serde::Serialize;

use self::reservations::reservations;
use super::Report;
use crate::run_result::RecordedRun;

pub use form::versus_document;

/// Two reports and their difference.
#[derive(Clone, Debug, Serialize)]
pub struct Versus {
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

/// One figure on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The table it stands in.
    pub section: Section,
    /// What it is of: a route, a cache; empty where that is clear.
    pub group: String,
    /// Which figure, with its unit.
    pub figure: &'static str,
    /// On the first side, if it is known there.
    pub before: Option<f64>,
    /// On the second side, if it is known there.
    pub after: Option<f64>,
    /// By how many percent of the first the second is more; nothing where there was nothing.
    pub change_percent: Option<f64>,
    /// How it is written, and which way is good.
    #[serde(skip)]
    kind: Kind,
}

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// By route and in all.
    Requests,
    /// Refusals and failures by reason.
    Failures,
    /// What was full and what waited.
    Saturation,
    /// The report cache.
    Cache,
    /// Processor and memory.
    Processes,
}

/// How a figure is written, and which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    unit: Unit,
    better: Better,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Count,
    Share,
    Rate,
    Milliseconds,
    Number,
    Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    Higher,
    Lower,
    Neither,
}

impl Versus {
    /// Sets two reports side by side. What the load tests say of themselves tells whether they can be compared.
    pub fn of((before, first): (Report, &RecordedRun), (after, second): (Report, &RecordedRun)) -> Self {
        let reservations = reservations(first, second);
        let figures = figures::figures(&before, &after);
        Self { comparable: reservations.is_empty(), reservations, figures, before, after }
    }
}
