//! One figure of two reports, and how it is written.

use serde::Serialize;

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
    pub(super) format: FigureFormat,
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
pub(super) struct FigureFormat {
    pub(super) unit: Unit,
    pub(super) better: Better,
}

/// In which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    Share,
    Rate,
    Milliseconds,
    Number,
    Bytes,
}

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
    Neither,
}
