//! The live view where lines cannot change in place: one line every two seconds.

use std::time::Duration;

use super::cells::{failures, percentile};
use crate::loadtest::collect::Progress;
use crate::loadtest::output::standstills;
use crate::loadtest::recording::RouteStats;
use crate::loadtest::scenario::Scenario;
use crate::process::tell_at_once;
use crate::stats::Latencies;
use crate::units::{self, Language};
use crate::{say, text};

/// The number of ticks (seconds) from one line to the next.
const EVERY: u32 = 2;

/// The number of lines from one heading to the next.
const HEADING_EVERY: u32 = 15;

/// The state of the view.
#[derive(Debug, Default)]
pub(super) struct Lines {
    ticks: u32,
    printed: u32,
    recent: RouteStats,
    window: Duration,
    /// The number of standstills of the generator that were told.
    standstills: u64,
    language: Language,
}

impl Lines {
    pub(super) fn in_language(language: Language) -> Self {
        Self { language, ..Self::default() }
    }

    /// Takes in one more second, and prints a line if it is due.
    pub(super) fn tick(&mut self, progress: &Progress<'_>) {
        self.recent.merge(progress.recent.clone());
        self.window += progress.window;
        self.ticks += 1;
        if progress.standstills.count > self.standstills {
            self.standstills = progress.standstills.count;
            if let Some(told) = standstills::told(&progress.standstills, self.language) {
                tell_at_once(&say!(self.language, "The load generator {told}.", told));
            }
        }
        if self.ticks.is_multiple_of(EVERY) {
            if self.printed.is_multiple_of(HEADING_EVERY) {
                tell_at_once(&heading(progress.scenario, self.language));
            }
            self.printed += 1;
            let (recent, window) = (std::mem::take(&mut self.recent), std::mem::take(&mut self.window));
            tell_at_once(&line(progress, &recent, window, self.language));
        }
    }

    /// Prints an empty line before the output that follows.
    pub(super) fn end(&self) {
        if self.printed > 0 {
            tell_at_once("");
        }
    }
}

fn heading(scenario: &Scenario, language: Language) -> String {
    let routes: Vec<_> = scenario.groups().iter().map(|group| format!("{} {}", group.method, group.route)).collect();
    let columns = COLUMNS.map(|(name, _)| name);
    let routes = say!(language, "{routes}; times in milliseconds", routes = routes.join(", "));
    format!("{routes}\n{}", row(&columns.map(|column| language.text(column)), language))
}

/// The columns, each with its least width: in English a row fits a hundred columns.
const COLUMNS: [(&str, usize); 11] = [
    (text!("time"), 8),
    (text!("users"), 7),
    (text!("requests"), 10),
    (text!("failures"), 9),
    (text!("waiting"), 8),
    (text!("good/s"), 8),
    (text!("fails/s"), 8),
    (text!("good p50"), 8),
    (text!("good p95"), 8),
    (text!("fail p50"), 8),
    (text!("fail p95"), 8),
];

/// A row under its heading, or the heading itself.
fn row<S: AsRef<str>>(cells: &[S; 11], language: Language) -> String {
    let cells = cells.iter().zip(COLUMNS).map(|(cell, (name, width))| {
        let width = width.max(language.text(name).chars().count());
        format!("{:>width$}", cell.as_ref())
    });
    cells.collect::<Vec<_>>().join(" ")
}

/// A line with the rates and times of the last two seconds, the counts since the start, and the requests that wait now.
fn line(progress: &Progress<'_>, recent: &RouteStats, window: Duration, language: Language) -> String {
    let per_second = |times: &Latencies| language.significant(units::per_second(times.count(), window));
    let (good, failed) = (&recent.succeeded, &recent.failed);
    let time = if progress.warming_up {
        language.text(text!("warm-up")).to_owned()
    } else {
        format!("{}s", progress.sending.as_secs())
    };
    row(
        &[
            time,
            language.count(progress.users as u64),
            language.count(progress.all.requests()),
            failures(progress, language),
            language.count(progress.waiting),
            per_second(good),
            per_second(failed),
            percentile(good, 50.0, language),
            percentile(good, 95.0, language),
            percentile(failed, 50.0, language),
            percentile(failed, 95.0, language),
        ],
        language,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::Sample;

    #[test]
    fn a_line_stands_under_its_heading() {
        let scenario = Scenario::store(10, 10, &[]).unwrap();
        let mut totals = vec![RouteStats::default(); 3];
        let quiet =
            line(&Progress::new(&scenario, &totals, &[]), &RouteStats::default(), Duration::ZERO, Language::English);
        for _ in 0..3_000 {
            totals[0].record(Sample { response: Duration::from_micros(4_200), ..Sample::of(4, 10, None) });
        }
        totals[1].record(Sample::of(60_000, 0, Some("no answer after 60 s")));
        let mut progress = Progress::new(&scenario, &totals, &totals);
        (progress.sending, progress.users) = (Duration::from_millis(2_500), 1_500);
        progress.waiting = 1_499;
        let busy = line(&progress, &progress.recent, Duration::from_secs(2), Language::English);
        let text = format!("{}\n{quiet}\n{busy}", heading(&scenario, Language::English));
        assert!(text.lines().skip(1).all(|line| line.chars().count() <= 100), "{text}");
        insta::assert_snapshot!(text, @"
        POST /orders, GET /orders/reports/best-sellers, GET /orders/reports/highest-spenders; times in milliseconds
            time   users   requests  failures  waiting   good/s  fails/s good p50 good p95 fail p50 fail p95
              0s       0          0         -        0     0.00     0.00        -        -        -        -
              2s   1,500      3,001         1    1,499    1,500     0.50     4.20     4.20   60,031   60,031
        ");
    }
}
