//! The CSV file of a search: one line for each load.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::Writer;

use crate::run_result::LimitStep;

/// `PREFIX_steps.csv`, with one line for each load, written after it was measured. Times are in milliseconds, of good answers.
#[derive(Debug)]
pub struct StepsCsv(Writer<File>);

/// The columns, with Locust's names where it has one for a figure.
const COLUMNS: [&str; 17] = [
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
    "Good Answers/s",
];

impl StepsCsv {
    /// Creates `PREFIX_steps.csv` and writes its header.
    pub fn create(prefix: &Path) -> Result<Self, csv::Error> {
        let mut path = prefix.as_os_str().to_owned();
        path.push("_steps.csv");
        let mut file = Writer::from_path(PathBuf::from(path))?;
        file.write_record(COLUMNS)?;
        file.flush()?;
        Ok(Self(file))
    }

    /// Adds a line for a step.
    pub(in crate::loadtest) fn write(&mut self, step: &LimitStep) -> Result<(), csv::Error> {
        let figure = |value: f64| format!("{value:.3}");
        // Empty where nothing was measured.
        let time = |value: Option<f64>| value.map(figure).unwrap_or_default();
        self.0.write_record([
            step.level.to_string(),
            step.purpose.to_owned(),
            if step.good { "good" } else { "bad" }.to_owned(),
            step.requests.to_string(),
            figure(step.requests_per_s),
            step.fail_ratio.map(|ratio| format!("{ratio:.6}")).unwrap_or_default(),
            time(step.mean_ms),
            time(step.p50_ms),
            time(step.p95_ms),
            time(step.p99_ms),
            step.verdict.name().to_owned(),
            figure(step.generator_cores),
            step.started_at.clone(),
            step.ended_at.clone(),
            step.broken.join("; "),
            step.most_frequent_failure.clone().unwrap_or_default(),
            figure(step.good_per_s),
        ])?;
        Ok(self.0.flush()?)
    }
}
