//! The CSV file of a search: one line for each load.

use std::io;
use std::path::{Path, PathBuf};

use super::csv_text::{about, csv_text, with_suffix};
use crate::files::{GrowingFile, OutputFile};
use crate::run_result::LimitStep;

/// `PREFIX_steps.csv`, with one line for each load, written after it was measured. Times are in milliseconds, of good answers.
#[derive(Debug)]
pub struct StepsCsv {
    file: OutputFile,
    /// The file with its lines so far; None before the first one.
    lines: Option<GrowingFile>,
}

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
    /// The path of the file with this prefix.
    pub fn path(prefix: &Path) -> PathBuf {
        with_suffix(prefix, "_steps.csv")
    }

    /// Checks that `PREFIX_steps.csv` can be written. The file of an earlier search stays until the first load was measured.
    pub fn open(prefix: &Path) -> io::Result<Self> {
        Ok(Self { file: OutputFile::open(&Self::path(prefix))?, lines: None })
    }

    /// Adds a line for a step.
    pub(in crate::loadtest) fn write(&mut self, step: &LimitStep) -> io::Result<()> {
        let figure = |value: f64| format!("{value:.3}");
        // Empty where nothing was measured.
        let time = |value: Option<f64>| value.map(figure).unwrap_or_default();
        let record = [
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
        ];
        let line = csv_text(|file| file.write_record(record))?;
        let lines = match self.lines.take() {
            Some(mut lines) => lines.add(&line).map(|()| lines),
            None => self.file.begin(&[csv_text(|file| file.write_record(COLUMNS))?, line].concat()),
        };
        // A search sends nothing now, so it can wait for the disk.
        let lines = lines.and_then(|lines| lines.sync().map(|()| lines)).map_err(about(&self.file))?;
        self.lines = Some(lines);
        Ok(())
    }
}
