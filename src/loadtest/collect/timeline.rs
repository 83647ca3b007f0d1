//! A run second by second, for charts: what happened in each window, and the generator's cost.
//!
//! The number of points is bounded by what a chart can show. When there are too many, each two neighbours are joined,
//! and from then on a point covers twice the time. Counts add up exactly; of two percentiles the larger one is kept, so
//! that nothing bad is averaged away.

use std::time::Duration;

use super::progress::Progress;
use crate::process::cpu_time;
use crate::run_result::{PointLatency, TimelinePoint};

/// The most points: twice the pixels of the widest chart.
const MOST_POINTS: usize = 2_048;

/// A window shorter than this, in seconds, is joined to the one before: it is the end of a run, while users leave, and
/// would be a spike without meaning.
pub(in crate::loadtest) const SHORTEST_WINDOW_S: f64 = 0.5;

#[derive(Debug)]
pub(in crate::loadtest) struct Timeline {
    points: Vec<TimelinePoint>,
    /// The number of windows that one point covers.
    windows_per_point: u32,
    /// The number of windows that the last point covers so far.
    windows_in_last: u32,
    cpu: Duration,
}

impl Timeline {
    pub(in crate::loadtest) fn start() -> Self {
        Self { points: Vec::new(), windows_per_point: 1, windows_in_last: 0, cpu: cpu_time() }
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
        self.push(TimelinePoint {
            at_s: since_start.as_secs_f64(),
            window_s: window,
            users: progress.users,
            requests: recent.requests(),
            failures: recent.failed.count(),
            latency_ms: PointLatency::of(&recent.all()),
            succeeded_latency_ms: PointLatency::of(&recent.succeeded),
            failed_latency_ms: PointLatency::of(&recent.failed),
            cpu_cores: used.as_secs_f64() / window,
        });
    }

    pub(in crate::loadtest) fn points(&self) -> &[TimelinePoint] {
        &self.points
    }

    fn push(&mut self, mut point: TimelinePoint) {
        if point.window_s < SHORTEST_WINDOW_S
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
        // MOST_POINTS is even, so the point that made it too many is alone at the end; later windows are joined to it.
        self.windows_per_point *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: u32, window_s: f64) -> TimelinePoint {
        let latency = PointLatency { p50: 1.0, p95: 2.0, p99: 3.0, max: if second == 7 { 900.0 } else { 4.0 } };
        TimelinePoint {
            at_s: f64::from(second),
            window_s,
            users: second as usize,
            requests: 10,
            failures: u64::from(second % 2),
            latency_ms: Some(latency),
            succeeded_latency_ms: Some(latency),
            failed_latency_ms: None,
            cpu_cores: 0.5,
        }
    }

    #[test]
    fn a_short_last_window_is_joined_to_the_point_before() {
        let mut timeline = Timeline::start();
        timeline.push(point(5, 1.0));
        timeline.push(TimelinePoint { users: 0, ..point(6, 0.02) });
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
