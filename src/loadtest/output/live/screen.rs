//! The live view on a terminal: a few lines that change in place.

use std::collections::VecDeque;
use std::time::Duration;

use super::cells::{failures, percentile};
use super::frame::{Frame, Size};
use crate::loadtest::collect::Progress;
use crate::loadtest::output::standstills;
use crate::loadtest::recording::RouteStats;
use crate::process::{draw, draw_at_once};
use crate::run_result::FailureKind;
use crate::stats::Latencies;
use crate::units::{self, Language};
use crate::{say, text};

/// The seconds that a sparkline shows, where the terminal is wide enough.
const SECONDS: usize = 60;

/// The columns of a sparkline's name and latest value.
const BEFORE_SPARKS: usize = 19;

/// The most kinds of failures that are shown.
const MOST_FAILURES: usize = 3;

/// The size of a terminal that does not tell its own.
const USUAL_SIZE: Size = (80, 24);

/// The lines, which are drawn again every second.
#[derive(Debug)]
pub(super) struct Screen {
    frame: Frame,
    history: History,
    language: Language,
}

/// The values of the last minute, one per second; None where nothing was measured.
#[derive(Debug, Default)]
struct History {
    good: VecDeque<Option<f64>>,
    p95s: VecDeque<Option<f64>>,
    failures: VecDeque<Option<f64>>,
}

impl Screen {
    pub(super) fn in_language(language: Language) -> Self {
        Self { frame: Frame::default(), history: History::default(), language }
    }

    pub(super) fn tick(&mut self, progress: &Progress<'_>) {
        self.history.add(&progress.recent, progress.window);
        let size = size();
        // A terminal that was stopped with Ctrl-S would stop the run as well.
        draw_at_once(&self.frame.draw(&lines(progress, &self.history, size.0, self.language), size));
    }
}

impl Drop for Screen {
    /// Gives the terminal back, also when the run ends by an error.
    fn drop(&mut self) {
        self.frame.end().map(draw);
    }
}

/// The size of the terminal at this moment.
fn size() -> Size {
    let told = rustix::termios::tcgetwinsize(rustix::stdio::stderr()).ok();
    let told = told.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
    told.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL_SIZE)
}

impl History {
    fn add(&mut self, recent: &RouteStats, window: Duration) {
        let (good, failed) = (&recent.succeeded, &recent.failed);
        keep(&mut self.good, Some(units::per_second(good.count(), window)));
        keep(&mut self.failures, Some(units::per_second(failed.count(), window)));
        keep(&mut self.p95s, good.percentile(95.0).map(units::milliseconds));
    }
}

fn keep(values: &mut VecDeque<Option<f64>>, value: Option<f64>) {
    if values.len() == SECONDS {
        values.pop_front();
    }
    values.push_back(value);
}

/// All lines of the view on a terminal that has this many columns.
fn lines(progress: &Progress<'_>, history: &History, columns: usize, language: Language) -> Vec<String> {
    let (all, recent) = (&progress.all, &progress.recent);
    let time = if progress.warming_up {
        language.text(text!("warm-up")).to_owned()
    } else {
        let sending = format!("{:>3}", progress.sending.as_secs());
        say!(language, "{sending} of {lasts} s", sending, lasts = progress.lasts.as_secs())
    };
    let (users, waiting) = (language.count(progress.users as u64), language.count(progress.waiting));
    let first = say!(language, "{time}   users {users}   waiting {waiting}", time, users, waiting);
    let mut lines = vec![first, counts(progress, language)];
    lines.push(times(language.text(text!("good")), &recent.succeeded, language));
    let failed = all.failed.count() + recent.failed.count() > 0;
    if failed || history.failures.iter().flatten().any(|rate| *rate > 0.0) {
        lines.push(times(language.text(text!("failed")), &recent.failed, language));
    }
    // Without any answer there is nothing to draw.
    if all.requests() + recent.requests() > 0 {
        let spark = |name, values| spark(language.text(name), values, columns, language);
        lines.extend([spark(text!("good/s"), &history.good), spark(text!("good p95"), &history.p95s)]);
        lines.extend(failed.then(|| spark(text!("fails/s"), &history.failures)));
    }
    lines.extend(messages(progress, language));
    let told = standstills::told(&progress.standstills, language);
    lines.extend(told.map(|told| say!(language, "The load generator {told}.", told)));
    lines.push(language.text(text!("Ctrl-C ends the run and keeps its results.")).to_owned());
    lines
}

/// The counts since the start.
fn counts(progress: &Progress<'_>, language: Language) -> String {
    let (requests, failed) = (progress.all.requests(), progress.all.failed.count());
    match requests {
        0 if progress.warming_up => language.text(text!("the requests of the warm-up are not counted")).to_owned(),
        0 => language.text(text!("no request was answered or failed yet")).to_owned(),
        _ => say!(
            language,
            "requests {requests}   failures {failures} ({ratio})",
            requests = language.count(requests),
            failures = failures(progress, language),
            ratio = language.percent(units::ratio(failed, requests))
        ),
    }
}

/// The times of the last second.
fn times(outcome: &str, times: &Latencies, language: Language) -> String {
    let percentiles = [("p50", 50.0), ("p95", 95.0), ("p99", 99.0), (language.text(text!("longest")), 100.0)];
    let percentiles = percentiles.map(|(name, percent)| format!("{name} {}", percentile(times, percent, language)));
    format!("{outcome:>8}   {}   (ms)", percentiles.join("   "))
}

/// A sparkline of the last minute with the latest value in front; the latest second is at its right end.
fn spark(name: &str, values: &VecDeque<Option<f64>>, columns: usize, language: Language) -> String {
    let most = columns.saturating_sub(BEFORE_SPARKS).clamp(1, SECONDS);
    let line = units::sparkline(values.range(values.len().saturating_sub(most)..).copied());
    let last = values.back().copied().flatten().map_or_else(|| "-".to_owned(), |value| language.significant(value));
    format!("{name:>8} {last:>7}   {line:>most$}")
}

/// The most frequent failures so far.
fn messages(progress: &Progress<'_>, language: Language) -> Vec<String> {
    let mut groups: Vec<_> = progress.all.failures.groups().collect();
    groups.sort_by_key(|(_, _, group)| std::cmp::Reverse(group.count));
    let line = |kind: FailureKind, count: u64, message: &str| {
        format!("{:>16}   {}", language.count(count), kind.told(message, language))
    };
    groups.iter().take(MOST_FAILURES).map(|(kind, message, group)| line(*kind, group.count, message)).collect()
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
        let text = |columns: usize| {
            let mut terminal = avt::Terminal::new(columns, 12).unwrap();
            terminal
                .feed(Frame::default().draw(&lines(&progress, &history, columns, Language::English), (columns, 12)));
            terminal.screen().text().join("\n")
        };
        insta::assert_snapshot!(text(79), @"
         70 of 90 s   users 1,500   waiting 0
        requests 24,860   failures 10 (0.04 %)
            good   p50 4.00   p95 7.00   p99 7.00   longest 7.00   (ms)
          failed   p50 3.00   p95 3.00   p99 3.00   longest 3.00   (ms)
          good/s     700   ▂▂▂▂▃▃▃▃▃▃▃▃▃▃▄▄▄▄▄▄▄▄▄▄▅▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇▇██████
        good p95    1.00   ▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂
         fails/s    1.00   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
                      10   503 the database refused a connection: Too many connections…
        Ctrl-C ends the run and keeps its results.
        ");
        insta::assert_snapshot!(text(40), @"
         70 of 90 s   users 1,500   waiting 0
        requests 24,860   failures 10 (0.04 %)
            good   p50 4.00   p95 7.00   p99 7.…
          failed   p50 3.00   p95 3.00   p99 3.…
          good/s     700   ▆▆▆▆▆▇▇▇▇▇▇▇▇▇▇██████
        good p95    1.00   ▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂
         fails/s    1.00   ▁▁▁▁▁▁▁▁▁▁▁██████████
                      10   503 the database ref…
        Ctrl-C ends the run and keeps its resul…
        ");
    }

    #[test]
    fn what_waits_is_shown_as_waiting_and_nothing_as_a_dash() {
        let scenario = Scenario::store(10, 10, &[]).unwrap();
        let (totals, mut history) = (vec![RouteStats::default(); 3], History::default());
        let mut progress = Progress::new(&scenario, &totals, &[]);
        (progress.sending, progress.lasts) = (Duration::from_secs(7), Duration::from_secs(90));
        (progress.users, progress.waiting) = (150, 150);
        history.add(&progress.recent, Duration::from_secs(1));
        insta::assert_snapshot!(lines(&progress, &history, 80, Language::English).join("\n"), @"
          7 of 90 s   users 150   waiting 150
        no request was answered or failed yet
            good   p50 -   p95 -   p99 -   longest -   (ms)
        Ctrl-C ends the run and keeps its results.
        ");
    }

    #[test]
    fn a_second_in_which_everything_failed_has_no_time_of_good_answers() {
        let scenario = Scenario::store(10, 10, &[]).unwrap();
        let (mut totals, mut history) = (vec![RouteStats::default(); 3], History::default());
        totals[0].record(Sample::of(250, 10, None));
        history.add(&totals[0], Duration::from_secs(1));
        let mut refused = RouteStats::default();
        refused.record(Sample::of(1, 10, Some("503 full")));
        history.add(&refused, Duration::from_secs(1));
        totals[0].merge(refused.clone());
        let recent = [refused];
        let mut progress = Progress::new(&scenario, &totals, &recent);
        (progress.sending, progress.lasts, progress.users) = (Duration::from_secs(2), Duration::from_secs(90), 1);
        insta::assert_snapshot!(lines(&progress, &history, 26, Language::English).join("\n"), @"
          2 of 90 s   users 1   waiting 0
        requests 2   failures 1 (50.00 %)
            good   p50 -   p95 -   p99 -   longest -   (ms)
          failed   p50 1.00   p95 1.00   p99 1.00   longest 1.00   (ms)
          good/s    0.00        █▁
        good p95       -        █ 
         fails/s    1.00        ▁█
                       1   503 full
        Ctrl-C ends the run and keeps its results.
        ");
    }
}
