//! Adds up what the workers record, from the start of a run to its end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::cost::Meter;
use super::levels::{AskedLevel, Frame, Levels};
use super::progress::Progress;
use super::result::{Times, result};
use super::standstills::standstills;
use super::throughput::{Tally, Throughput};
use super::timeline::Timeline;
use crate::loadtest::engine::{RunState, Taken};
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
    /// What was measured at each level of the load; empty in a run that nobody steered.
    levels: Levels,
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
            levels: Levels::default(),
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

    /// Another level of the load begins now, of which the workers are told afterwards. `asked` is what the load is to be from
    /// now on, and `before` what it was to be until now. False if there have been so many that no further one is told apart.
    pub(in crate::loadtest) fn begin_level(&mut self, before: AskedLevel, asked: AskedLevel) -> bool {
        self.gather();
        let now = Instant::now();
        let over = Tally::sum(&self.throughput.measured(&self.results));
        self.levels.begin(now, before, asked, &self.results.measured, over)
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
        let over = Tally::sum(&throughput.measured(results));
        let run = &self.run;
        let frame = Frame { groups: run.scenario.groups(), started: run.started, measured_from: run.measured_from };
        result.levels = self.levels.summaries(frame, self.stopped.unwrap_or_else(Instant::now), over);
        UnjudgedResult(result)
    }

    fn gather(&mut self) {
        for records in &self.run.records {
            let Taken { current, level, earlier } = records.take();
            for (level, taken) in earlier.into_iter().chain([(level, current)]) {
                // The live view shows the warm-up as well; the totals leave it out.
                merge_all(&mut self.recent, taken.warm_up.clone());
                merge_all(&mut self.recent, taken.measured.clone());
                self.levels.add(level, &taken.measured);
                self.results.merge(taken);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::control::MOST_LEVELS;
    use crate::loadtest::engine::Config;
    use crate::loadtest::recording::Sample;
    use crate::loadtest::scenario::Scenario;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// What one tick passes on: the requests since the last one and since the end of the warm-up, those that count for
    /// rates, the length of the window, how long requests that count were sent, and whether the warm-up still lasts.
    fn tick(collector: &mut Collector) -> (u64, u64, u64, Duration, Duration, bool) {
        let mut seen = None;
        collector.tick(|progress| {
            let (recent, all) = (progress.recent.requests(), progress.all.requests());
            let over = Tally::sum(&progress.over).requests;
            seen = Some((recent, all, over, progress.window, progress.sending, progress.warming_up));
        });
        seen.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_request_is_counted_in_the_part_of_the_run_in_which_it_was_due() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let config = Config { warm_up: seconds(2), ..Config::small(1) };
        let run = Arc::new(RunState::for_tests(config, scenario, 1));
        let record = |due| run.records[0].record(0, due, Instant::now(), Sample::of(5, 10, None));
        let mut collector = Collector::start(&run);
        record(run.started);
        tokio::time::advance(seconds(1)).await;
        assert_eq!(tick(&mut collector), (1, 0, 0, seconds(1), seconds(0), true));
        tokio::time::advance(seconds(1)).await;
        collector.begin_measuring();
        assert_eq!(tick(&mut collector), (0, 0, 0, seconds(1), seconds(0), false));
        (0..3).for_each(|_| record(run.measured_from));
        tokio::time::advance(seconds(4)).await;
        collector.end_measuring();
        record(run.measured_from);
        tokio::time::advance(seconds(1)).await;
        assert_eq!(tick(&mut collector), (4, 4, 3, seconds(5), seconds(4), false));
        let UnjudgedResult(result) = collector.result(1);
        assert_eq!((result.requests, result.duration_s, result.requests_per_s), (4, 4.0, 0.75));
        let warm_up = result.warm_up.unwrap();
        assert_eq!((warm_up.requests, warm_up.duration_s), (1, 2.0));
        assert_eq!(result.timeline.iter().map(|point| point.at_s).collect::<Vec<_>>(), [1.0, 2.0, 7.0]);
        assert!(result.ended_at > result.started_at);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_of_the_load_divides_what_is_counted_until_there_are_too_many_of_them() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = Arc::new(RunState::for_tests(Config::small(1), scenario, 1));
        let mut collector = Collector::start(&run);
        collector.begin_measuring();
        (0..2).for_each(|_| run.records[0].record(0, run.started, Instant::now(), Sample::of(5, 10, None)));
        tokio::time::advance(seconds(2)).await;
        let users = |level| AskedLevel { level, paused: false };
        assert!(collector.begin_level(users(1.0), users(5.0)));
        tokio::time::advance(seconds(3)).await;
        let UnjudgedResult(result) = collector.result(5);
        let seen: Vec<_> =
            result.levels.iter().map(|level| (level.level, level.at_s, level.lasts_s, level.requests)).collect();
        assert_eq!(seen, [(1.0, 0.0, 2.0, 2), (5.0, 2.0, 3.0, 0)]);
        let further = (0..2 * MOST_LEVELS).take_while(|_| collector.begin_level(users(5.0), users(6.0))).count();
        assert_eq!(further, MOST_LEVELS - 2);
    }
}
