//! A run second by second, for charts: what happened in each window, and the generator's cost.
//!
//! The number of points is bounded by what a chart can show. When there are too many, each two neighbours are joined,
//! and from then on a point covers twice the time. Counts add up exactly, and percentiles are those of all requests of
//! the joined windows together; the longest time is kept, so that a stall stays visible.

use std::time::Duration;

use super::point_times::PointTimes;
use super::progress::Progress;
use crate::process::cpu_time;
use crate::run_result::{Standstills, TimelinePoint};

/// The most points: twice the pixels of the widest chart.
const MOST_POINTS: usize = 2_048;

/// A window shorter than this, in seconds, is joined to the one before: it is the end of a run, while users leave, and
/// would be a spike without meaning.
pub(in crate::loadtest) const SHORTEST_WINDOW_S: f64 = 0.5;

#[derive(Debug)]
pub(in crate::loadtest) struct Timeline {
    windows: Vec<Window>,
    /// The number of windows that one point covers.
    windows_per_point: u32,
    /// The number of windows that the last point covers so far.
    windows_in_last: u32,
    cpu: Duration,
}

/// A window of the run. Its times are kept until it is shown, because windows may still be joined.
#[derive(Clone, Debug)]
struct Window {
    /// Everything but the times.
    point: TimelinePoint,
    succeeded: PointTimes,
    failed: PointTimes,
}

impl Timeline {
    pub(in crate::loadtest) fn start() -> Self {
        Self { windows: Vec::new(), windows_per_point: 1, windows_in_last: 0, cpu: cpu_time() }
    }

    /// Adds a window. `since_start` is when it ended.
    pub(in crate::loadtest) fn add(&mut self, progress: &Progress<'_>, since_start: Duration) {
        let cpu = cpu_time();
        let used = cpu.saturating_sub(std::mem::replace(&mut self.cpu, cpu));
        let window = progress.window.as_secs_f64();
        if window <= 0.0 {
            return;
        }
        let recent = &progress.recent;
        let point = TimelinePoint {
            at_s: since_start.as_secs_f64(),
            window_s: window,
            users: progress.users,
            requests: recent.requests(),
            failures: recent.failed.count(),
            latency_ms: None,
            succeeded_latency_ms: None,
            failed_latency_ms: None,
            cpu_cores: used.as_secs_f64() / window,
            standstill_s: 0.0,
        };
        let [succeeded, failed] = [&recent.succeeded, &recent.failed].map(PointTimes::of);
        self.push(Window { point, succeeded, failed });
    }

    /// The points of all windows so far. A standstill may be noticed only after the window in which it was.
    pub(in crate::loadtest) fn points(&self, standstills: &Standstills) -> Vec<TimelinePoint> {
        let point = |window: &Window| {
            let point = &window.point;
            TimelinePoint {
                latency_ms: window.all().percentiles(),
                succeeded_latency_ms: window.succeeded.percentiles(),
                failed_latency_ms: window.failed.percentiles(),
                standstill_s: standstills.seconds_within(point.at_s - point.window_s, point.at_s),
                ..point.clone()
            }
        };
        self.windows.iter().map(point).collect()
    }

    fn push(&mut self, mut window: Window) {
        if window.point.window_s < SHORTEST_WINDOW_S
            && let Some(last) = self.windows.last_mut()
        {
            window.point.users = last.point.users;
            last.join(&window);
            return;
        }
        if let Some(last) = self.windows.last_mut().filter(|_| self.windows_in_last < self.windows_per_point) {
            last.join(&window);
        } else {
            self.windows.push(window);
            self.windows_in_last = 0;
        }
        self.windows_in_last += 1;
        if self.windows.len() > MOST_POINTS {
            self.halve();
        }
    }

    fn halve(&mut self) {
        let pairs = self.windows.chunks(2).map(|pair| {
            let mut first = pair[0].clone();
            pair[1..].iter().for_each(|second| first.join(second));
            first
        });
        self.windows = pairs.collect();
        // MOST_POINTS is even, so the point that made it too many is alone at the end; later windows are joined to it.
        self.windows_per_point *= 2;
    }
}

impl Window {
    /// The times of all requests.
    fn all(&self) -> PointTimes {
        let mut all = self.succeeded.clone();
        all.join(&self.failed);
        all
    }

    /// Joins the following window to this one: counts and times add up, and the cost is weighed by the lengths.
    fn join(&mut self, next: &Self) {
        self.succeeded.join(&next.succeeded);
        self.failed.join(&next.failed);
        let (own, next) = (&mut self.point, &next.point);
        let window = own.window_s + next.window_s;
        own.cpu_cores = (own.cpu_cores * own.window_s + next.cpu_cores * next.window_s) / window;
        (own.at_s, own.window_s, own.users) = (next.at_s, window, next.users);
        own.requests += next.requests;
        own.failures += next.failures;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::{RouteStats, Sample, Shard};
    use crate::loadtest::scenario::Scenario;
    use crate::run_result::Standstill;
    use crate::stats::Latencies;

    /// A window with ten requests of 4 ms; in the seventh second one of them took 900 ms.
    fn window(second: u32, window_s: f64) -> Window {
        let mut times = Latencies::default();
        (1..=10).for_each(|number| {
            times.record(Duration::from_millis(if (second, number) == (7, 10) { 900 } else { 4 }));
        });
        let point = TimelinePoint {
            at_s: f64::from(second),
            window_s,
            users: second as usize,
            requests: 10,
            failures: u64::from(second % 2),
            latency_ms: None,
            succeeded_latency_ms: None,
            failed_latency_ms: None,
            cpu_cores: 0.5,
            standstill_s: 0.0,
        };
        Window { point, succeeded: PointTimes::of(&times), failed: PointTimes::default() }
    }

    fn points(timeline: &Timeline) -> Vec<TimelinePoint> {
        timeline.points(&Standstills::default())
    }

    #[test]
    fn a_window_has_the_times_of_good_and_failed_answers_and_its_share_of_the_processor() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let mut results = Shard::new(scenario.groups().len());
        results.record(0, true, Sample::of(20, 0, None));
        results.record(0, true, Sample::of(2, 0, Some("500")));
        let recent: Vec<RouteStats> = results.measured;
        let mut timeline = Timeline::start();
        // As if nothing had been measured since this program began.
        let used_before = std::mem::take(&mut timeline.cpu).as_secs_f64();
        let mut progress = Progress::new(&scenario, &recent, &recent);
        timeline.add(&progress, Duration::from_secs(1));
        assert_eq!(points(&timeline).len(), 0, "nothing happens in no time");
        (progress.window, progress.users) = (Duration::from_secs(1_000), 7);
        timeline.cpu = Duration::ZERO;
        timeline.add(&progress, Duration::from_secs(1_000));
        let [point] = &points(&timeline)[..] else { panic!("one point") };
        assert_eq!((point.at_s, point.window_s), (1_000.0, 1_000.0));
        assert_eq!((point.requests, point.failures, point.users), (2, 1, 7));
        let times = [&point.succeeded_latency_ms, &point.failed_latency_ms, &point.latency_ms];
        let longest = times.map(|times| times.as_ref().unwrap().max.round() as u64);
        assert_eq!(longest, [20, 2, 20]);
        let used = 1_000.0 * point.cpu_cores;
        assert!(used >= used_before && used <= cpu_time().as_secs_f64() + 1e-6, "{used}");
    }

    #[test]
    fn half_a_second_is_a_window_of_its_own() {
        let mut timeline = Timeline::start();
        timeline.push(window(1, 1.0));
        timeline.push(window(2, SHORTEST_WINDOW_S));
        assert_eq!(points(&timeline).len(), 2);
    }

    #[test]
    fn a_short_last_window_is_joined_to_the_point_before() {
        let mut timeline = Timeline::start();
        timeline.push(window(5, 1.0));
        let mut last = window(6, 0.02);
        last.point.users = 0;
        timeline.push(last);
        let points = points(&timeline);
        assert_eq!(points.iter().map(|point| (point.users, point.requests)).collect::<Vec<_>>(), [(5, 20)]);
    }

    #[test]
    fn a_long_run_keeps_few_points_and_loses_no_request() {
        let mut timeline = Timeline::start();
        let seconds = 3 * 3_600;
        for second in 1..=seconds {
            timeline.push(window(second, 1.0));
        }
        let points = points(&timeline);
        assert!((MOST_POINTS / 2..=MOST_POINTS).contains(&points.len()), "{}", points.len());
        assert_eq!(points.iter().map(|point| point.requests).sum::<u64>(), u64::from(seconds) * 10);
        assert_eq!(points.iter().map(|point| point.failures).sum::<u64>(), u64::from(seconds) / 2);
        assert!((points.iter().map(|point| point.window_s).sum::<f64>() - f64::from(seconds)).abs() < 1e-6);
        let last = points.last().unwrap();
        assert_eq!((last.at_s, last.users), (f64::from(seconds), seconds as usize));
        assert!(points.iter().any(|point| point.latency_ms.unwrap().max > 899.0), "a stall is not averaged away");
        let p95 = |point: &TimelinePoint| point.latency_ms.unwrap().p95;
        assert!(points.iter().all(|point| (p95(point) - 4.0).abs() < 0.04), "a stall of one request is no p95");
        assert!(points.iter().all(|point| (point.cpu_cores - 0.5).abs() < 1e-9));
        let whole = &points[..points.len() - 1];
        assert!(
            whole.iter().all(|point| (point.window_s - whole[0].window_s).abs() < 1e-9),
            "windows are of one length"
        );
    }

    #[test]
    fn a_second_without_answers_has_no_times_and_is_not_left_out() {
        let mut timeline = Timeline::start();
        timeline.push(window(1, 1.0));
        let mut silent = window(2, 1.0);
        (silent.point.requests, silent.succeeded) = (0, PointTimes::default());
        timeline.push(silent);
        timeline.push(window(3, 1.0));
        let points = points(&timeline);
        let seen: Vec<_> =
            points.iter().map(|point| (point.at_s, point.requests, point.latency_ms.is_some())).collect();
        assert_eq!(seen, [(1.0, 10, true), (2.0, 0, false), (3.0, 10, true)]);
    }

    #[test]
    fn a_standstill_is_in_the_windows_in_which_it_was() {
        let mut timeline = Timeline::start();
        timeline.push(window(1, 1.0));
        timeline.push(window(5, 4.0));
        let (suspended_s, in_warm_up, touched) = (0.0, false, 1);
        let (at_s, length_s, threads, of_threads, control) = (1.5, 3.0, 2, 2, true);
        let one = Standstill { at_s, length_s, suspended_s, threads, of_threads, control, in_warm_up, touched };
        let points = timeline.points(&Standstills::of(vec![one.clone()]));
        let still: Vec<_> = points.iter().map(|point| point.standstill_s).collect();
        assert_eq!(still, [0.0, 3.0]);
        let earlier = Standstill { at_s: 0.5, length_s: 1.0, ..one.clone() };
        let points = timeline.points(&Standstills::of(vec![earlier]));
        assert_eq!(points.iter().map(|point| point.standstill_s).collect::<Vec<_>>(), [0.5, 0.5]);
        assert!((points[1].requests_per_s() - 2.5).abs() < 1e-9, "a rate is of its own window");
    }
}
