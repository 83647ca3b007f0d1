//! The difference between a run and earlier ones, figure by figure.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::timeline::TimelinePoint;

/// The differences between two sets of runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The number of earlier runs.
    pub runs_before: usize,
    /// The number of runs of what is tested now.
    pub runs_now: usize,
    /// The smallest p value that this number of runs can give; if it is above 0.05, no test can tell a difference.
    pub smallest_p: f64,
    /// The files of runs in which the generator was the bottleneck: their figures are not those of the service.
    #[serde(default)]
    pub doubtful: Vec<String>,
    /// All compared figures, route by route.
    pub figures: Vec<Difference>,
    /// The course of the first earlier run, to be drawn under that of this run; absent where its file has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<TimelinePoint>,
}

/// One figure before and now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// The HTTP method; empty for all requests together.
    pub method: String,
    /// The route, or `Aggregated` for all requests together.
    pub route: String,
    /// `p50_ms`, `p95_ms` or `p99_ms` of good answers, `fail_ratio`, or `good_per_s`, which is good answers per second.
    pub figure: Cow<'static, str>,
    /// Its value in the merged earlier runs; null if nothing was measured there.
    pub before: Option<f64>,
    /// Its value in the merged runs of now; null if nothing was measured.
    pub now: Option<f64>,
    /// The change as a share of the value before; null when that was 0 or one of the two is null.
    pub change: Option<f64>,
    /// The p value of a rank-sum test over the runs: how likely such a difference is by chance. Null when there are too
    /// few runs to tell.
    pub p: Option<f64>,
    /// The conclusion from the p value.
    pub meaning: Meaning,
}

/// The conclusion about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Better by more than noise.
    Better,
    /// Worse by more than noise.
    Worse,
    /// Within the noise between runs.
    Noise,
    /// The good answers were faster by more than noise, but more requests failed. What failed is missing among these
    /// times, so it is not an improvement.
    MoreFailed,
    /// Unknown: there are too few runs to measure the noise.
    Unknown,
    /// Nothing was measured on one side.
    Unmeasured,
}
