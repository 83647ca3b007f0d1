//! How a run differs from earlier ones, figure by figure.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The difference between two sets of runs, figure by figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// Runs before.
    pub runs_before: usize,
    /// Runs of what is tested now.
    pub runs_now: usize,
    /// The smallest p value that so many runs can give; above 0.05, no test can tell.
    pub smallest_p: f64,
    /// Runs in which the generator was the bottleneck, by their files: their figures are not those of the service.
    #[serde(default)]
    pub doubtful: Vec<String>,
    /// Every figure that is compared.
    pub figures: Vec<Difference>,
}

/// One figure, before and now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// The method; empty for all requests together.
    pub method: String,
    /// The route.
    pub route: String,
    /// `p50_ms`, `p95_ms`, `p99_ms`, `fail_ratio` or `requests_per_s`.
    pub figure: Cow<'static, str>,
    /// Its value in the runs before, merged.
    pub before: f64,
    /// Its value in the runs of now, merged.
    pub now: f64,
    /// How much larger it is now, as a share of what it was; null when it was 0.
    pub change: Option<f64>,
    /// How likely a difference like this is by chance: the p value of a rank-sum test over the runs. Null when there are
    /// too few runs to tell.
    pub p: Option<f64>,
    /// What that means.
    pub meaning: Meaning,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Better by more than noise.
    Better,
    /// Worse by more than noise.
    Worse,
    /// Not more than the noise between runs.
    Noise,
    /// There are too few runs to know how much noise there is.
    Unknown,
}
