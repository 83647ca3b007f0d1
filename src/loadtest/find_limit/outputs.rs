//! Where the steps of a search go while it lasts, so that nothing is lost however it ends.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use csv::Writer;

use super::{Limit, Step};
use crate::loadtest::exporter::Exporter;

/// Writes down what a search has found so far.
pub type LimitSnapshot<'a> = Box<dyn FnMut(&Limit) + Send + 'a>;

/// Everything that watches a search. Nothing does, if nothing is said.
#[derive(Default)]
pub struct LimitOutputs<'a> {
    /// Shows each step on standard error.
    pub show: bool,
    /// A file with a line for each step.
    pub csv: Option<StepsFile>,
    /// Called after each step with what is known by then, to write it down.
    pub snapshot: Option<LimitSnapshot<'a>>,
    /// Exposes all runs of the search to Prometheus.
    pub exporter: Option<&'a Exporter>,
    /// What whoever makes the search wants to be known.
    pub tags: BTreeMap<String, String>,
}

impl fmt::Debug for LimitOutputs<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LimitOutputs").field("show", &self.show).field("csv", &self.csv).finish_non_exhaustive()
    }
}

/// `PREFIX_steps.csv`: a line for each load that was tried, written when it was. Times are milliseconds.
#[derive(Debug)]
pub struct StepsFile(Writer<File>);

/// Its columns; where Locust has a name for a figure, that one.
const COLUMNS: [&str; 16] = [
    "Load",
    "Purpose",
    "Result",
    "Request Count",
    "Requests/s",
    "Fail Ratio",
    "Average Response Time",
    "50%",
    "95%",
    "99%",
    "Generator Verdict",
    "Generator Cores",
    "Started",
    "Ended",
    "Broken",
    "Most Frequent Failure",
];

impl StepsFile {
    /// Opens the file.
    pub fn create(prefix: &Path) -> Result<Self, csv::Error> {
        let mut path = prefix.as_os_str().to_owned();
        path.push("_steps.csv");
        let mut file = Writer::from_path(PathBuf::from(path))?;
        file.write_record(COLUMNS)?;
        file.flush()?;
        Ok(Self(file))
    }

    /// Adds a step.
    pub(super) fn write(&mut self, step: &Step) -> Result<(), csv::Error> {
        let figure = |value: f64| format!("{value:.3}");
        self.0.write_record([
            step.level.to_string(),
            step.purpose.to_owned(),
            if step.good { "good" } else { "bad" }.to_owned(),
            step.requests.to_string(),
            figure(step.requests_per_s),
            format!("{:.6}", step.fail_ratio),
            figure(step.mean_ms),
            figure(step.p50_ms),
            figure(step.p95_ms),
            figure(step.p99_ms),
            step.verdict.name().to_owned(),
            figure(step.generator_cores),
            step.started_at.clone(),
            step.ended_at.clone(),
            step.broken.join("; "),
            step.most_frequent_failure.clone().unwrap_or_default(),
        ])?;
        Ok(self.0.flush()?)
    }
}
