//! Where results go while a run, or a search, lasts, so that nothing is lost however it ends.

use std::collections::BTreeMap;
use std::fmt;

use super::exporter::Exporter;
use super::locust_csv::LocustCsv;
use super::steps_csv::StepsCsv;
use crate::run_result::{LimitResult, RunResult};

/// Writes down what is known so far.
pub type Snapshot<'a, Known> = Box<dyn FnMut(&Known) + Send + 'a>;

/// Everything that is written and shown: of a run ([`RunOutputs`]) or of a search ([`SearchOutputs`]). By default nothing is.
pub struct Outputs<'a, Csv, Known> {
    /// Shows it on standard error.
    pub show: bool,
    /// The CSV files.
    pub csv: Option<Csv>,
    /// Called with what is known so far, to write it down.
    pub snapshot: Option<Snapshot<'a, Known>>,
    /// Exposes it to Prometheus.
    pub exporter: Option<&'a Exporter>,
    /// What whoever runs it wants to be known.
    pub tags: BTreeMap<String, String>,
}

/// The outputs of a run: Locust's CSV files, written every second, and a snapshot every ten seconds.
pub type RunOutputs<'a> = Outputs<'a, LocustCsv, RunResult>;

/// The outputs of a search: a line of CSV and a snapshot for each load that was tried.
pub type SearchOutputs<'a> = Outputs<'a, StepsCsv, LimitResult>;

impl<Csv, Known> Outputs<'_, Csv, Known> {
    /// Writes to the CSV files, if there are any. Files that cannot be written are given up and their error is given back: a
    /// full disk must not cost the measurement.
    pub(in crate::loadtest) fn write_csv(
        &mut self,
        write: impl FnOnce(&mut Csv) -> Result<(), csv::Error>,
    ) -> Option<csv::Error> {
        let error = write(self.csv.as_mut()?).err()?;
        self.csv = None;
        Some(error)
    }

    /// Writes down what is known so far.
    pub(in crate::loadtest) fn write_snapshot(&mut self, known: &Known) {
        if let Some(snapshot) = &mut self.snapshot {
            snapshot(known);
        }
    }
}

impl<Csv, Known> Default for Outputs<'_, Csv, Known> {
    fn default() -> Self {
        Self { show: false, csv: None, snapshot: None, exporter: None, tags: BTreeMap::new() }
    }
}

impl<Csv, Known> fmt::Debug for Outputs<'_, Csv, Known> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let csv = self.csv.is_some();
        formatter.debug_struct("Outputs").field("show", &self.show).field("csv", &csv).finish_non_exhaustive()
    }
}
