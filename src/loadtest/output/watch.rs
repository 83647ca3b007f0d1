//! What watches a run: every second its progress goes to the live view, the CSV files and Prometheus.

use super::live::Live;
use super::outputs::RunOutputs;
use crate::loadtest::collect::Progress;
use crate::run_result::RunResult;

/// How many seconds lie between two snapshots of the whole run: few enough that a run which is killed loses little, enough
/// to cost nothing.
const SECONDS_PER_SNAPSHOT: u32 = 10;

/// The outputs of a run under way.
#[derive(Debug)]
pub(in crate::loadtest) struct Watch<'a> {
    outputs: RunOutputs<'a>,
    live: Live,
    seconds: u32,
    unwritten: Option<csv::Error>,
}

impl<'a> Watch<'a> {
    /// Begins to watch a run.
    pub(in crate::loadtest) fn new(outputs: RunOutputs<'a>) -> Self {
        Self { live: Live::new(outputs.show), outputs, seconds: 0, unwritten: None }
    }

    /// Shows and writes one more second.
    pub(in crate::loadtest) fn tick(&mut self, progress: &Progress<'_>) {
        if let Some(error) = self.outputs.write_csv(|files| files.write(progress)) {
            self.unwritten = Some(error);
        }
        if let Some(exporter) = self.outputs.exporter {
            exporter.add(progress.scenario, progress.recent_by_task, progress.users);
        }
        self.live.tick(progress);
        self.seconds += 1;
    }

    /// Whether this is a second after which a snapshot is written.
    pub(in crate::loadtest) fn wants_snapshot(&self) -> bool {
        self.outputs.snapshot.is_some() && self.seconds.is_multiple_of(SECONDS_PER_SNAPSHOT)
    }

    /// Writes down what the run has come to so far.
    pub(in crate::loadtest) fn write_snapshot(&mut self, run: &RunResult) {
        self.outputs.write_snapshot(run);
    }

    /// Adds what whoever runs it wants to be known.
    pub(in crate::loadtest) fn tag(&self, run: &mut RunResult) {
        run.tags.clone_from(&self.outputs.tags);
    }

    /// Ends the live view: what is left of the run stands in its tables.
    pub(in crate::loadtest) fn end_live(&mut self, interrupted: bool) {
        self.live.end(interrupted);
    }

    /// Why the CSV files are not complete, if they are not.
    pub(in crate::loadtest) fn unwritten(self) -> Option<csv::Error> {
        self.unwritten
    }
}
