//! The live view on a terminal: a few lines that change in place.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::loadtest::collect::Progress;
use crate::loadtest::output::standstills;
use crate::loadtest::recording::RouteStats;
use crate::process::can_tell;
use crate::units;

/// The seconds that a sparkline shows.
const SECONDS: usize = 60;

/// The most kinds of failures that are shown.
const MOST_FAILURES: usize = 3;

/// The columns of a line; indicatif cuts lines that are longer than the terminal is wide.
const WIDTH: usize = 79;

/// The lines, which are drawn again every second.
#[derive(Debug)]
pub(super) struct Screen {
    drawn: ProgressBar,
    history: History,
}

/// The values of the last minute, one per second.
#[derive(Debug, Default)]
struct History {
    rates: VecDeque<Option<f64>>,
    /// None for a second without an answer.
    p95s: VecDeque<Option<f64>>,
    failures: VecDeque<Option<f64>>,
}

impl Screen {
    pub(super) fn new() -> Self {
        let drawn = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // This template is always valid.
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            drawn.set_style(style);
        }
        Self { drawn, history: History::default() }
    }

    pub(super) fn tick(&mut self, progress: &Progress<'_>) {
        self.history.add(&progress.recent, progress.window);
        // A terminal that was stopped with Ctrl-S would stop the run as well.
        if can_tell() {
            self.drawn.set_message(text(progress, &self.history));
            self.drawn.tick();
        }
    }

    pub(super) fn end(&self, interrupted: bool) {
        if !can_tell() {
            self.drawn.set_draw_target(ProgressDrawTarget::hidden());
            return;
        }
        self.drawn.finish_and_clear();
        // A terminal writes ^C behind the last line, which fills its whole width: all lines then stand one row lower
        // than they were drawn, and the first one would stay.
        if interrupted && !self.history.rates.is_empty() {
            drop(write!(io::stderr(), "\x1b[1A\x1b[2K\r"));
        }
    }
}

impl History {
    fn add(&mut self, recent: &RouteStats, window: Duration) {
        let times = recent.all();
        keep(&mut self.rates, Some(units::per_second(recent.requests(), window)));
        keep(&mut self.failures, Some(units::per_second(recent.failed.count(), window)));
        keep(&mut self.p95s, times.percentile(95.0).map(units::milliseconds));
    }
}

fn keep(values: &mut VecDeque<Option<f64>>, value: Option<f64>) {
    if values.len() == SECONDS {
        values.pop_front();
    }
    values.push_back(value);
}

/// All lines of the view.
fn text(progress: &Progress<'_>, history: &History) -> String {
    let (all, recent) = (&progress.all, &progress.recent);
    let failed = all.failed.count();
    let ratio = failed as f64 / all.requests().max(1) as f64;
    let time = if progress.warming_up {
        "warm-up".to_owned()
    } else {
        format!("{:>3} of {} s", progress.sending.as_secs(), progress.lasts.as_secs())
    };
    let first = format!(
        "{time}   users {}   requests {}   failures {} ({})",
        units::count(progress.users as u64),
        units::count(all.requests()),
        units::count(failed),
        units::percent(ratio)
    );
    let times = recent.all();
    let percentile = |percent| match times.percentile(percent) {
        None => "-".to_owned(),
        Some(time) => units::significant(units::milliseconds(time)),
    };
    let second = format!(
        "    now   p50 {} ms   p95 {} ms   p99 {} ms   longest {} ms",
        percentile(50.0),
        percentile(95.0),
        percentile(99.0),
        percentile(100.0)
    );
    let mut lines = vec![first, second];
    lines.push(spark("req/s", &history.rates));
    lines.push(spark("p95 ms", &history.p95s));
    if history.failures.iter().flatten().any(|rate| *rate > 0.0) {
        lines.push(spark("fails/s", &history.failures));
    }
    lines.extend(failures(progress));
    lines.extend(standstills::told(&progress.standstills).map(|told| cut(format!("Load generator {told}"))));
    lines.push("Ctrl-C ends the run and keeps its results.".to_owned());
    lines.join("\n")
}

/// A sparkline of the last minute with the latest value in front; the latest second is at its right end.
fn spark(name: &str, values: &VecDeque<Option<f64>>) -> String {
    let line = units::sparkline(values.iter().copied());
    let last = values.back().map_or_else(String::new, |value| value.map_or_else(|| "-".to_owned(), units::significant));
    format!("{name:>7} {last:>7}   {line:>SECONDS$}")
}

/// The most frequent failures so far.
fn failures(progress: &Progress<'_>) -> Vec<String> {
    let mut groups: Vec<_> = progress.all.failures.groups().collect();
    groups.sort_by_key(|(_, _, group)| std::cmp::Reverse(group.count));
    let line = |count: u64, message: &str| cut(format!("{:>15}   {message}", units::count(count)));
    groups.iter().take(MOST_FAILURES).map(|(_, message, group)| line(group.count, message)).collect()
}

/// A line that fits the view.
fn cut(text: String) -> String {
    if text.chars().count() <= WIDTH { text } else { text.chars().take(WIDTH - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::Sample;
    use crate::loadtest::scenario::Scenario;

    #[test]
    fn the_last_minute_fits_eighty_columns() {
        let scenario = Scenario::store(10, 10, &[]).unwrap();
        let mut history = History::default();
        let mut totals = vec![RouteStats::default(); 3];
        for second in 1..=70_u64 {
            let mut recent = RouteStats::default();
            for _ in 0..second * 10 {
                recent.record(Sample::of(second % 7 + 1, 10, None));
            }
            if second > 60 {
                recent.record(Sample::of(
                    3,
                    0,
                    Some("503 the database refused a connection: Too many connections (1040), try again"),
                ));
            }
            history.add(&recent, Duration::from_secs(1));
            totals[0].merge(recent);
        }
        let mut progress = Progress::new(&scenario, &totals, &totals[..1]);
        (progress.sending, progress.lasts, progress.users) = (Duration::from_secs(70), Duration::from_secs(90), 1_500);
        let text = text(&progress, &history);
        assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
        insta::assert_snapshot!(text, @"
         70 of 90 s   users 1,500   requests 24,860   failures 10 (0.04 %)
            now   p50 4.00 ms   p95 7.00 ms   p99 7.00 ms   longest 7.00 ms
          req/s     701   ▂▂▂▂▂▃▃▃▃▃▃▃▃▃▃▄▄▄▄▄▄▄▄▄▄▅▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇██████
         p95 ms    1.00   ▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂
        fails/s    1.00   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
                     10   503 the database refused a connection: Too many connections …
        Ctrl-C ends the run and keeps its results.
        ");
    }
}
