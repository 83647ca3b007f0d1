//! What a person sees while a run lasts: a line every two seconds on standard error.

use std::time::Duration;

use super::recorder::{RouteStats, aggregated, merge_all};
use super::scenario::Scenario;
use super::summary::milliseconds;
use crate::units;

/// Ticks between two lines.
const EVERY: u32 = 2;

/// Lines between two headings.
const HEADING_EVERY: u32 = 15;

/// The live view of a run.
#[derive(Debug)]
pub(super) struct Live {
    show: bool,
    ticks: u32,
    lines: u32,
    window: Vec<RouteStats>,
}

impl Live {
    pub(super) fn new(show: bool) -> Self {
        Self { show, ticks: 0, lines: 0, window: Vec::new() }
    }

    /// One more second.
    pub(super) fn tick(
        &mut self,
        scenario: &Scenario,
        totals: &[RouteStats],
        window: &[RouteStats],
        users: usize,
        elapsed: Duration,
    ) {
        if !self.show {
            return;
        }
        merge_all(&mut self.window, window.to_vec());
        self.ticks += 1;
        if self.ticks.is_multiple_of(EVERY) {
            if self.lines.is_multiple_of(HEADING_EVERY) {
                eprintln!("{}", heading(scenario));
            }
            self.lines += 1;
            eprintln!("{}", line(totals, &std::mem::take(&mut self.window), users, elapsed));
        }
    }

    /// The run is over.
    pub(super) fn clear(&mut self) {
        if self.lines > 0 {
            eprintln!();
        }
    }
}

fn heading(scenario: &Scenario) -> String {
    let routes: Vec<_> = scenario.tasks().iter().map(|task| format!("{} {}", task.method, task.route)).collect();
    format!(
        "{}\n{:>8} {:>7} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9}",
        routes.join(", "),
        "time",
        "users",
        "requests",
        "failures",
        "req/s",
        "fails/s",
        "p50 ms",
        "p95 ms"
    )
}

/// The last two seconds, beside the counts since the start.
fn line(totals: &[RouteStats], window: &[RouteStats], users: usize, elapsed: Duration) -> String {
    let (total, recent) = (aggregated(totals), aggregated(window));
    let per_second = |count: u64| units::significant(count as f64 / f64::from(EVERY));
    let times = recent.all();
    let percentile = |percent| units::significant(milliseconds(times.percentile(percent)));
    format!(
        "{:>7}s {:>7} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9}",
        elapsed.as_secs(),
        users,
        units::count(total.requests()),
        units::count(total.failed.count()),
        per_second(recent.requests()),
        per_second(recent.failed.count()),
        percentile(50.0),
        percentile(95.0)
    )
}
