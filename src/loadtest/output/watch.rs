//! Passes the progress of a run to the live view, the CSV files and Prometheus every second.

use std::io;

use super::live::Live;
use super::outputs::RunOutputs;
use crate::loadtest::collect::Progress;
use crate::run_result::RunResult;

/// Seconds between two snapshots of the result: few enough that a run that is killed loses little, enough that writing
/// costs nothing.
const SECONDS_PER_SNAPSHOT: u32 = 10;

/// The outputs of a running load test.
#[derive(Debug)]
pub(in crate::loadtest) struct Watch<'a> {
    outputs: RunOutputs<'a>,
    live: Live,
    seconds: u32,
    unwritten: Option<io::Error>,
}

impl<'a> Watch<'a> {
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

    /// Whether a snapshot is due after this second.
    pub(in crate::loadtest) fn wants_snapshot(&self) -> bool {
        self.outputs.snapshot.is_some() && self.seconds.is_multiple_of(SECONDS_PER_SNAPSHOT)
    }

    /// Writes a snapshot of the result so far.
    pub(in crate::loadtest) fn write_snapshot(&mut self, run: &RunResult) {
        self.outputs.write_snapshot(run);
    }

    /// Adds the user's tags to a result.
    pub(in crate::loadtest) fn tag(&self, run: &mut RunResult) {
        run.tags.clone_from(&self.outputs.tags);
    }

    /// Ends the live view; the tables show the rest.
    pub(in crate::loadtest) fn end_live(&mut self) {
        self.live.end();
    }

    /// Waits until the CSV files are on the disk. Gives why they are not complete; None if they are.
    pub(in crate::loadtest) fn finish(mut self) -> Option<io::Error> {
        let error = self.outputs.write_csv(|files| files.finish());
        self.unwritten.or(error)
    }
}
