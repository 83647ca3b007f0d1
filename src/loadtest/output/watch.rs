//! Passes the progress of a run to the live view, the CSV files and Prometheus every second.

use std::io;

use super::live::Live;
use super::live_page::LivePage;
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
        Self { live: Live::new(outputs.show, outputs.language), outputs, seconds: 0, unwritten: None }
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

    /// Whether somebody looks at the run in a browser.
    pub(in crate::loadtest) fn is_looked_at(&self) -> bool {
        self.outputs.page.is_some_and(LivePage::is_looked_at)
    }

    /// Shows the result so far in the browser.
    pub(in crate::loadtest) fn show_page(&self, run: RunResult) {
        if let Some(page) = self.outputs.page {
            page.show(run);
        }
    }

    /// Adds the user's tags, what runs, and what was seen of the service's parts to a result.
    pub(in crate::loadtest) fn tag(&self, run: &mut RunResult) {
        run.tags.clone_from(&self.outputs.tags);
        run.builds.clone_from(&self.outputs.builds);
        run.observed = self.outputs.observing.map(|observing| Box::new(observing.so_far()));
    }

    /// Looks at the parts of the service for the last time.
    pub(in crate::loadtest) async fn last_look(&self) {
        if let Some(observing) = self.outputs.observing {
            observing.finish().await;
        }
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
