//! Where a run's results go while it lasts, so that nothing is lost however it ends.

use std::collections::BTreeMap;
use std::fmt;

use super::baseline::Baseline;
use super::exporter::Exporter;
use super::files::CsvFiles;
use super::summary::Summary;

/// Writes down what a run has done so far.
pub type Snapshot<'a> = Box<dyn FnMut(&Summary) + Send + 'a>;

/// Everything that watches a run. Nothing does, if nothing is said.
#[derive(Default)]
pub struct Outputs<'a> {
    /// Shows it on standard error.
    pub show: bool,
    /// Locust's files, written every second.
    pub csv: Option<CsvFiles>,
    /// Called every ten seconds with what the run has done so far, to write it down.
    pub snapshot: Option<Snapshot<'a>>,
    /// Exposes it to Prometheus.
    pub exporter: Option<&'a Exporter>,
    /// Earlier runs, with which it is compared at its end.
    pub baseline: Option<Baseline>,
    /// What whoever runs it wants to be known.
    pub tags: BTreeMap<String, String>,
}

impl fmt::Debug for Outputs<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outputs").field("show", &self.show).field("csv", &self.csv).finish_non_exhaustive()
    }
}
