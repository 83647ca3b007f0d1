//! A run second by second, for charts: what happened in each window, and what it cost the generator.
//!
//! A long run keeps as many points as a chart can show and no more: when they are too many, each two neighbours become
//! one, and from then on a point covers twice the time. Counts add up exactly; of two percentiles the larger one is kept,
//! so that nothing bad is averaged away.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::progress::{Progress, rate};
use super::summary::milliseconds;
use crate::process::cpu_time;

/// The most points: twice as many as the widest chart has pixels for.
const MOST_POINTS: usize = 2_048;

/// A window shorter than this, in seconds, belongs to the one before it: it is the rest of a run, in which users leave, and
/// alone it would be a spike of nothing.
pub(super) const SHORTEST_S: f64 = 0.5;

/// What happened in one window of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When the window ended, seconds since the first request.
    pub at_s: f64,
    /// How long it was, seconds.
    pub window_s: f64,
    /// Users at its end.
    pub users: usize,
    /// Requests that were answered or failed in it.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Response times in it, milliseconds; nothing without a request.
    pub latency_ms: Option<PointLatency>,
    /// Processor time of the generator, in cores.
    pub cpu_cores: f64,
}

/// Percentiles of the response times in one window, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointLatency {
    /// Half of the requests took no longer.
    pub p50: f64,
    /// 95 % took no longer.
    pub p95: f64,
    /// 99 % took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// The points of a run so far.
#[derive(Debug)]
pub(super) struct Timeline {
    points: Vec<Point>,
    /// Windows that one point covers.
    windows_per_point: u32,
    /// Windows that the last point covers so far.
    windows_in_last: u32,
    cpu: Duration,
}

impl Timeline {
    pub(super) fn start() -> Self {
        Self { points: Vec::new(), windows_per_point: 1, windows_in_last: 0, cpu: cpu_time() }
    }

    /// Adds what came since the last time.
    pub(super) fn add(&mut self, progress: &Progress<'_>, since_start: Duration) {
        let cpu = cpu_time();
        let used = cpu.saturating_sub(std::mem::replace(&mut self.cpu, cpu));
        let window = progress.window.as_secs_f64();
        if window <= 0.0 {
            return;
        }
        let recent = &progress.recent;
        let times = recent.all();
        let percentile = |percent| milliseconds(times.percentile(percent));
        self.push(Point {
            at_s: since_start.as_secs_f64(),
            window_s: window,
            users: progress.users,
            requests: recent.requests(),
            failures: recent.failed.count(),
            latency_ms: (times.count() > 0).then(|| PointLatency {
                p50: percentile(50.0),
                p95: percentile(95.0),
                p99: percentile(99.0),
                max: milliseconds(times.largest()),
            }),
            cpu_cores: used.as_secs_f64() / window,
        });
    }

    /// The points so far.
    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    fn push(&mut self, mut point: Point) {
        if point.window_s < SHORTEST_S
            && let Some(last) = self.points.last_mut()
        {
            point.users = last.users;
            last.join(&point);
            return;
        }
        if let Some(last) = self.points.last_mut().filter(|_| self.windows_in_last < self.windows_per_point) {
            last.join(&point);
        } else {
            self.points.push(point);
            self.windows_in_last = 0;
        }
        self.windows_in_last += 1;
        if self.points.len() > MOST_POINTS {
            self.halve();
        }
    }

    fn halve(&mut self) {
        let pairs = self.points.chunks(2).map(|pair| {
            let mut first = pair[0].clone();
            pair[1..].iter().for_each(|second| first.join(second));
            first
        });
        self.points = pairs.collect();
        // The last one stands alone, because MOST_POINTS is even and one more made it too many: it goes on being filled.
        self.windows_per_point *= 2;
    }
}

impl Point {
    /// Requests per second.
    pub fn requests_per_s(&self) -> f64 {
        rate(self.requests, Duration::from_secs_f64(self.window_s))
    }

    /// Failures per second.
    pub fn failures_per_s(&self) -> f64 {
        rate(self.failures, Duration::from_secs_f64(self.window_s))
    }

    /// Makes one of two that follow each other.
    fn join(&mut self, next: &Self) {
        let window = self.window_s + next.window_s;
        self.cpu_cores = (self.cpu_cores * self.window_s + next.cpu_cores * next.window_s) / window;
        self.latency_ms = match (self.latency_ms, next.latency_ms) {
            (Some(a), Some(b)) => Some(PointLatency {
                p50: a.p50.max(b.p50),
                p95: a.p95.max(b.p95),
                p99: a.p99.max(b.p99),
                max: a.max.max(b.max),
            }),
            (one, other) => one.or(other),
        };
        (self.at_s, self.window_s, self.users) = (next.at_s, window, next.users);
        self.requests += next.requests;
        self.failures += next.failures;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: u32, window_s: f64) -> Point {
        let latency = PointLatency { p50: 1.0, p95: 2.0, p99: 3.0, max: if second == 7 { 900.0 } else { 4.0 } };
        Point {
            at_s: f64::from(second),
            window_s,
            users: second as usize,
            requests: 10,
            failures: u64::from(second % 2),
            latency_ms: Some(latency),
            cpu_cores: 0.5,
        }
    }

    #[test]
    fn the_rest_of_a_run_is_no_point_of_its_own() {
        let mut timeline = Timeline::start();
        timeline.push(point(5, 1.0));
        timeline.push(Point { users: 0, ..point(6, 0.02) });
        let points = timeline.points();
        assert_eq!(points.iter().map(|point| (point.users, point.requests)).collect::<Vec<_>>(), [(5, 20)]);
    }

    #[test]
    fn a_long_run_keeps_few_points_and_loses_no_request() {
        let mut timeline = Timeline::start();
        let seconds = 24 * 3_600;
        for second in 1..=seconds {
            timeline.push(point(second, 1.0));
        }
        let points = timeline.points();
        assert!((MOST_POINTS / 2..=MOST_POINTS).contains(&points.len()), "{}", points.len());
        assert_eq!(points.iter().map(|point| point.requests).sum::<u64>(), u64::from(seconds) * 10);
        assert_eq!(points.iter().map(|point| point.failures).sum::<u64>(), u64::from(seconds) / 2);
        assert!((points.iter().map(|point| point.window_s).sum::<f64>() - f64::from(seconds)).abs() < 1e-6);
        let last = points.last().unwrap();
        assert_eq!((last.at_s, last.users), (f64::from(seconds), seconds as usize));
        assert!(points.iter().any(|point| point.latency_ms.unwrap().max > 899.0), "a stall is not averaged away");
        assert!(points.iter().all(|point| (point.cpu_cores - 0.5).abs() < 1e-9));
        let whole = &points[..points.len() - 1];
        assert!(
            whole.iter().all(|point| (point.window_s - whole[0].window_s).abs() < 1e-9),
            "windows are of one length"
        );
    }
}
