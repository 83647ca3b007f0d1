//! The outputs of a run or a search while it lasts, so that nothing is lost however it ends.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use super::exporter::Exporter;
use super::live_page::LivePage;
use super::locust_csv::LocustCsv;
use super::steps_csv::StepsCsv;
use crate::observe::Observing;
use crate::run_result::{Build, LimitResult, RunResult};
use crate::units::Language;

/// Called with the result so far, to write it.
pub type Snapshot<'a, Written> = Box<dyn FnMut(&Written) + Send + 'a>;

/// Everything that is shown and written of a run ([`RunOutputs`]) or a search ([`SearchOutputs`]). The default is
/// nothing.
pub struct Outputs<'a, Csv, Written> {
    /// Whether progress is shown on standard error.
    pub show: bool,
    /// The language of what is shown.
    pub language: Language,
    /// The CSV files to write, if any.
    pub csv: Option<Csv>,
    /// Writes the result so far, if it is to be kept.
    pub snapshot: Option<Snapshot<'a, Written>>,
    /// Serves the metrics for Prometheus, if asked for.
    pub exporter: Option<&'a Exporter>,
    /// Shows the run in a browser, if asked for.
    pub page: Option<&'a LivePage>,
    /// Notes on the run by name, given by the user.
    pub tags: BTreeMap<String, String>,
    /// What runs in the instances of the store.
    pub builds: Vec<Build>,
    /// Watches the parts of the service, if any are watched; a search watches none.
    pub observing: Option<&'a Observing>,
}

/// The outputs of a run: Locust's CSV files every second, and a snapshot every ten seconds.
pub type RunOutputs<'a> = Outputs<'a, LocustCsv, RunResult>;

/// The outputs of a search: a line of CSV and a snapshot after each load.
pub type SearchOutputs<'a> = Outputs<'a, StepsCsv, LimitResult>;

impl<Csv, Written> Outputs<'_, Csv, Written> {
    /// Writes to the CSV files, if there are any. After an error the files are no longer written and the error is
    /// returned: a full disk must not cost the measurement.
    pub(in crate::loadtest) fn write_csv(
        &mut self,
        write: impl FnOnce(&mut Csv) -> io::Result<()>,
    ) -> Option<io::Error> {
        let error = write(self.csv.as_mut()?).err()?;
        self.csv = None;
        Some(error)
    }

    /// Writes a snapshot, if it is wanted.
    pub(in crate::loadtest) fn write_snapshot(&mut self, known: &Written) {
        if let Some(snapshot) = &mut self.snapshot {
            snapshot(known);
        }
    }
}

impl<Csv, Written> Default for Outputs<'_, Csv, Written> {
    fn default() -> Self {
        Self {
            show: false,
            language: Language::English,
            csv: None,
            snapshot: None,
            exporter: None,
            page: None,
            tags: BTreeMap::new(),
            builds: Vec::new(),
            observing: None,
        }
    }
}

impl<Csv, Written> fmt::Debug for Outputs<'_, Csv, Written> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let csv = self.csv.is_some();
        formatter.debug_struct("Outputs").field("show", &self.show).field("csv", &csv).finish_non_exhaustive()
    }
}
