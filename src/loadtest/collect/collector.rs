//! Adds up what the workers record, from the beginning of a run to its end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::cost::Meter;
use super::progress::Progress;
use super::result::{Times, result};
use super::throughput::{Tally, Throughput};
use super::timeline::Timeline;
use crate::loadtest::engine::RunState;
use crate::loadtest::recording::{RouteStats, Shard, merge_all};
use crate::run_result::RunResult;

/// The totals of a run so far.
#[derive(Debug)]
pub(in crate::loadtest) struct Collector {
    run: Arc<RunState>,
    results: Shard,
    throughput: Throughput,
    /// What was recorded since the last tick, warm-up included.
    recent: Vec<RouteStats>,
    timeline: Timeline,
    meter: Meter,
    started_at: SystemTime,
    started: Instant,
    /// When the last request could be sent, once that moment has come.
    stopped: Option<Instant>,
    /// When the last tick was.
    ticked: Instant,
}

impl Collector {
    /// Begins with nothing.
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

    /// The warm-up is over.
    pub(in crate::loadtest) fn begin_measuring(&mut self) {
        self.gather();
        self.throughput.begin(&self.results);
        self.meter = Meter::start();
    }

    /// No request is sent any more: what comes from here on says nothing about the load.
    pub(in crate::loadtest) fn end_measuring(&mut self) {
        self.stopped = Some(Instant::now());
        self.meter.stop();
        self.gather();
        self.throughput.end(&self.results);
    }

    /// Adds up what was recorded, and shows what came since the last tick to whoever watches.
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
        self.ticked = now;
        self.timeline.add(&progress, now - self.run.started);
        watch(&progress);
    }

    /// What the run has come to so far. `users_started` is the most users there were.
    pub(in crate::loadtest) fn result(&self, users_started: usize) -> RunResult {
        let times = Times {
            started_at: self.started_at,
            ended_at: self.started_at + self.started.elapsed(),
            measured: self.measuring(),
            warm_up: self.warming_up(),
        };
        let (results, throughput) = (&self.results, &self.throughput);
        let cost = self.meter.cost(results, Tally::sum(&throughput.measured(results)).requests, &self.run);
        let mut result = result(&self.run, users_started, results, throughput, &times, cost);
        result.timeline = self.timeline.points().to_vec();
        result
    }

    /// Adds up what was recorded since the last time.
    fn gather(&mut self) {
        for records in &self.run.records {
            let taken = records.take();
            // Whoever watches wants to see the warm-up as well; the totals go without it.
            merge_all(&mut self.recent, taken.warm_up.clone());
            merge_all(&mut self.recent, taken.measured.clone());
            self.results.merge(taken);
        }
    }

    /// For how long requests have been sent that count, or were.
    fn measuring(&self) -> Duration {
        self.stopped.unwrap_or_else(Instant::now).saturating_duration_since(self.run.measured_from)
    }

    /// For how long requests were sent before that.
    fn warming_up(&self) -> Duration {
        let until = self.stopped.unwrap_or_else(Instant::now).min(self.run.measured_from);
        until - self.run.started
    }
}
