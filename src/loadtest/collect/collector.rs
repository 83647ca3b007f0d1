//! Adds up what the workers record, from the start of a run to its end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::cost::Meter;
use super::progress::Progress;
use super::result::{Times, result};
use super::standstills::standstills;
use super::throughput::{Tally, Throughput};
use super::timeline::Timeline;
use crate::loadtest::engine::RunState;
use crate::loadtest::recording::{RouteStats, Shard, merge_all};
use crate::run_result::RunResult;

/// A result that is not judged yet: its verdict is only a placeholder, and its thresholds are not evaluated. The criteria of the
/// run make a [`RunResult`] of it.
#[derive(Debug)]
pub(in crate::loadtest) struct UnjudgedResult(pub(in crate::loadtest) RunResult);

#[derive(Debug)]
pub(in crate::loadtest) struct Collector {
    run: Arc<RunState>,
    results: Shard,
    throughput: Throughput,
    /// Results recorded since the last tick, including the warm-up.
    recent: Vec<RouteStats>,
    timeline: Timeline,
    meter: Meter,
    started_at: SystemTime,
    started: Instant,
    /// The instant after which no request was sent; None while requests are sent.
    stopped: Option<Instant>,
    ticked: Instant,
}

impl Collector {
    pub(in crate::loadtest) fn start(run: &Arc<RunState>) -> Self {
        Self {
            results: Shard::new(run.scenario.groups().len()),
            throughput: Throughput::default(),
            recent: Vec::new(),
            timeline: Timeline::start(),
            meter: Meter::start(),
            started_at: SystemTime::now(),
            started: Instant::now(),
            stopped: None,
            ticked: run.started,
            run: Arc::clone(run),
        }
    }

    /// Starts to measure: the warm-up is over.
    pub(in crate::loadtest) fn begin_measuring(&mut self) {
        self.gather();
        self.throughput.begin(&self.results);
        self.meter = Meter::start();
    }

    /// Stops measuring rates and the generator's cost: from now on no request is sent, and what happens says nothing
    /// about the load.
    pub(in crate::loadtest) fn end_measuring(&mut self) {
        self.stopped = Some(Instant::now());
        self.meter.stop();
        self.gather();
        self.throughput.end(&self.results);
    }

    /// Adds up what was recorded, and passes what came since the last tick to `watch`.
    pub(in crate::loadtest) fn tick(&mut self, watch: impl FnOnce(&Progress<'_>)) {
        self.gather();
        let recent = std::mem::take(&mut self.recent);
        let now = Instant::now();
        let mut progress = Progress::new(&self.run.scenario, &self.results.measured, &recent);
        progress.over = self.throughput.measured(&self.results);
        progress.window = now - self.ticked;
        progress.sending = self.measuring();
        progress.lasts = self.run.config.measured();
        progress.warming_up = now < self.run.measured_from;
        progress.users = self.run.users();
        progress.standstills = standstills(&self.run);
        progress.waiting = self.run.records.iter().map(|records| records.in_flight()).sum();
        self.ticked = now;
        self.timeline.add(&progress, now - self.run.started);
        watch(&progress);
    }

    /// The result of the run so far. `users_started` is the highest number of users at any time.
    pub(in crate::loadtest) fn result(&self, users_started: usize) -> UnjudgedResult {
        let times = Times {
            started_at: self.started_at,
            ended_at: self.started_at + self.started.elapsed(),
            measured: self.measuring(),
            warm_up: self.warming_up(),
        };
        let (results, throughput) = (&self.results, &self.throughput);
        let cost = self.meter.cost(results, Tally::sum(&throughput.measured(results)).requests, &self.run);
        let mut result = result(&self.run, users_started, results, throughput, &times, cost);
        result.standstills = standstills(&self.run);
        result.timeline = self.timeline.points(&result.standstills);
        UnjudgedResult(result)
    }

    fn gather(&mut self) {
        for records in &self.run.records {
            let taken = records.take();
            // The live view shows the warm-up as well; the totals leave it out.
            merge_all(&mut self.recent, taken.warm_up.clone());
            merge_all(&mut self.recent, taken.measured.clone());
            self.results.merge(taken);
        }
    }

    /// How long requests that count have been sent.
    fn measuring(&self) -> Duration {
        self.stopped.unwrap_or_else(Instant::now).saturating_duration_since(self.run.measured_from)
    }

    /// How long requests of the warm-up were sent.
    fn warming_up(&self) -> Duration {
        let until = self.stopped.unwrap_or_else(Instant::now).min(self.run.measured_from);
        until - self.run.started
    }
}
