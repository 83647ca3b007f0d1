//! One figure of two reports, and its format.

use serde::Serialize;

/// The values of one figure in both reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The table that contains the figure.
    pub section: Section,
    /// What the figure is about, such as a route or a cache; empty if the table says it.
    pub group: String,
    /// The name of the figure, such as `requests/s`.
    pub figure: &'static str,
    /// The value in the first report, if it is known.
    pub before: Option<f64>,
    /// The value in the second report, if it is known.
    pub after: Option<f64>,
    /// The change in percent of the first value; `None` unless both are known and the first is positive.
    pub change_percent: Option<f64>,
    /// How the figure is written, and which direction is an improvement.
    #[serde(skip)]
    pub(super) format: FigureFormat,
}

/// The tables of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Requests and percentiles, by route and in total.
    Requests,
    /// Refused and failed requests, by reason.
    Failures,
    /// Peaks of queues and connections, and waiting times.
    Saturation,
    /// Look-ups in the report cache.
    Cache,
    /// Processor time and memory of the instances.
    Processes,
}

/// How a figure is written, and which direction is an improvement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FigureFormat {
    pub(super) unit: Unit,
    pub(super) better: Better,
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    Share,
    Rate,
    Milliseconds,
    Number,
    Bytes,
}

/// The direction of change that is an improvement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
    Neither,
}
