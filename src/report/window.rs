//! The window of a report.
//!
//! Prometheus sees the last requests of a run only with the first scrape after its end. Therefore the counts of a run
//! include that scrape of every instance, and the report waits for it if the run has only just ended. Requests between the
//! end and that scrape are counted too; to avoid them, leave the store alone for one scrape interval. Rates are divided by
//! the length of the run itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ReportError;
use super::query::SCRAPES;
use super::watch::instance_of;
use crate::promql::{Prometheus, ScrapeTarget, Series};
use crate::run_result::RecordedRun;
use crate::units;

/// How long to wait for the scrape after a run. Scrape intervals are a second on a stack and 15 seconds in many
/// configurations.
const SETTLE: Duration = Duration::from_secs(20);

/// After this many failed scrapes an instance is considered gone. An overloaded one fails one or two.
const GONE: usize = 3;

/// The job whose instances are those of the store, as in every query.
const JOB: &str = "storemgr";

/// The pause between two queries whether the scrape has happened.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The window that a report is asked for.
#[derive(Clone, Debug)]
pub enum Span {
    /// The time up to now, of this length.
    Last(Duration),
    /// The time from the first instant to the second.
    Between(SystemTime, SystemTime),
    /// The time of one load test.
    Run(Box<RecordedRun>),
}

impl Span {
    /// The window between two times. It is an error if one is in the future or they are in the wrong order.
    pub fn between(from: SystemTime, to: SystemTime) -> Result<Self, ReportError> {
        Window::between(from, to).map(|_| Self::Between(from, to))
    }

    /// The end of the window; the present time for [`Span::Last`].
    pub fn end(&self) -> SystemTime {
        match self {
            Self::Last(_) => SystemTime::now(),
            Self::Between(_, to) => *to,
            Self::Run(run) => run.ended_at,
        }
    }

    /// The length of the window.
    pub fn length(&self) -> Duration {
        match self {
            Self::Last(length) => *length,
            Self::Between(from, to) => to.duration_since(*from).unwrap_or_default(),
            Self::Run(run) => run.ended_at.duration_since(run.started_at).unwrap_or_default(),
        }
    }
}

/// The window in absolute times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The beginning. Counters begin with the last scrape at or before it.
    pub(super) from: SystemTime,
    /// The end.
    pub(super) to: SystemTime,
    /// The time up to which counters are read. For a run it may be later than `to`.
    pub(super) counted_until: SystemTime,
}

impl Window {
    /// The length by which rates are divided.
    pub(super) fn length(&self) -> Duration {
        self.to.duration_since(self.from).unwrap_or_default()
    }

    /// The length that queries cover.
    pub(super) fn counted(&self) -> Duration {
        self.counted_until.duration_since(self.from).unwrap_or_default()
    }

    /// The time up to now, in whole milliseconds, which is the resolution of Prometheus.
    pub(super) fn last(length: Duration) -> Result<Self, ReportError> {
        let now = from_millis(millis(SystemTime::now()));
        let too_long = || ReportError::TooLong { window: units::duration(length) };
        let from = now.checked_sub(length).filter(|from| *from > UNIX_EPOCH).ok_or_else(too_long)?;
        Ok(Self { from, to: now, counted_until: now })
    }

    /// The window between two times. It is an error if one is in the future or they are in the wrong order.
    pub(super) fn between(from: SystemTime, to: SystemTime) -> Result<Self, ReportError> {
        let now = SystemTime::now();
        for (edge, at) in [("begins", from), ("ends", to)] {
            if at > now {
                return Err(ReportError::Future { edge, at: units::timestamp(at), now: units::timestamp(now) });
            }
        }
        if from >= to {
            return Err(ReportError::Backwards { from: units::timestamp(from), to: units::timestamp(to) });
        }
        let (from, to) = (from_millis(millis(from)), from_millis(millis(to)));
        Ok(Self { from, to, counted_until: to })
    }

    /// The window of a run, up to the scrape after its end. `waiting` is called once if that scrape has not happened yet.
    /// Also returns the instances that were not scraped after the end within [`SETTLE`].
    pub(super) async fn of_run(
        client: &Prometheus,
        run: &RecordedRun,
        waiting: &(dyn Fn() + Sync),
    ) -> Result<(Self, Vec<String>), ReportError> {
        let deadline = run.ended_at + SETTLE;
        if run.ended_at > SystemTime::now() + SETTLE {
            return Err(ReportError::NotYet { ended_at: units::timestamp(run.ended_at) });
        }
        let mut said = false;
        loop {
            let at = SystemTime::now().min(deadline);
            let range = at.duration_since(run.started_at).unwrap_or_default();
            let scrapes = client.series(&SCRAPES.over(range), at).await?;
            let mut settled = settled(&scrapes, run.ended_at);
            if at < deadline {
                settled.pending |= awaited(client).await.iter().any(|instance| !has(&scrapes, instance));
            }
            if !settled.pending || at == deadline {
                let window = Self { from: run.started_at, to: run.ended_at, counted_until: settled.until };
                return Ok((window, settled.unseen));
            }
            if !std::mem::replace(&mut said, true) {
                waiting();
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

/// The instances that Prometheus will scrape again. In a run that is shorter than the time between two scrapes, none of them
/// may have been scraped yet. A server that does not tell its targets has none that can be waited for.
async fn awaited(client: &Prometheus) -> Vec<String> {
    let targets = client.targets().await.unwrap_or_default();
    let ours = |target: &&ScrapeTarget| target.labels.get("job").is_some_and(|job| job == JOB);
    targets.iter().filter(ours).map(|target| target.instance().to_owned()).collect()
}

fn has(scrapes: &[Series], instance: &str) -> bool {
    scrapes.iter().any(|series| instance_of(&series.labels) == instance)
}

/// Which instances have been scraped successfully after `end`, and when the last of them was.
fn settled(scrapes: &[Series], end: SystemTime) -> Settled {
    let end_ms = millis(end);
    let mut settled = Settled { until: end, unseen: Vec::new(), pending: false };
    // An instance that was down all the time has no data and is not waited for.
    for series in scrapes.iter().filter(|series| series.points.iter().any(|point| point.value > 0.0)) {
        // A scrape in the same millisecond may have begun before the end.
        let after = || series.points.iter().filter(|point| point.at_ms > end_ms);
        if let Some(point) = after().find(|point| point.value > 0.0) {
            settled.until = settled.until.max(from_millis(point.at_ms));
        } else {
            settled.unseen.push(instance_of(&series.labels));
            settled.pending |= after().count() < GONE;
        }
    }
    settled
}

/// The state of the scrapes after the end of a run.
#[derive(Debug, PartialEq, Eq)]
struct Settled {
    /// The time up to which counters must be read.
    until: SystemTime,
    /// The instances whose last requests have not been scraped.
    unseen: Vec<String>,
    /// Whether waiting longer can help.
    pending: bool,
}

fn millis(instant: SystemTime) -> i64 {
    instant.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
}

fn from_millis(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::{Labels, Point};

    fn series(instance: &str, points: &[(i64, f64)]) -> Series {
        let points = points.iter().map(|&(at_ms, value)| Point { at_ms, value }).collect();
        Series { labels: Labels::from([("instance".to_owned(), instance.to_owned())]), points }
    }

    #[track_caller]
    fn assert_settled(scrapes: &[Series], end_ms: i64, until_ms: i64, unseen: &[&str], pending: bool) {
        let unseen = unseen.iter().map(|name| (*name).to_owned()).collect();
        let expected = Settled { until: from_millis(until_ms), unseen, pending };
        assert_eq!(settled(scrapes, from_millis(end_ms)), expected);
    }

    #[test]
    fn a_run_is_counted_up_to_the_first_scrape_after_it_of_the_slowest_instance() {
        let scrapes = [
            series("a", &[(900, 1.0), (1900, 1.0), (2900, 1.0)]),
            series("b", &[(1000, 1.0), (2000, 1.0), (3000, 1.0)]),
        ];
        assert_settled(&scrapes, 1000, 2000, &[], false);
        assert_settled(&scrapes, 2900, 3000, &["a"], true);
        assert_settled(&[], 5, 5, &[], false);
    }

    #[test]
    fn a_failed_scrape_saw_nothing_and_an_instance_that_is_gone_is_not_waited_for() {
        assert_settled(&[series("a", &[(1, 1.0), (3, 0.0)])], 2, 2, &["a"], true);
        assert_settled(&[series("a", &[(1, 1.0), (3, 0.0), (4, 1.0)])], 2, 4, &[], false);
        assert_settled(&[series("a", &[(1, 1.0), (3, 0.0), (4, 0.0), (5, 0.0)])], 2, 2, &["a"], false);
        assert_settled(&[series("a", &[(1, 0.0)])], 2, 2, &[], false);
    }

    #[test]
    fn a_window_goes_forward_and_does_not_reach_into_the_future() {
        let (then, second) = (SystemTime::now() - Duration::from_mins(1), Duration::from_secs(1));
        assert_eq!(Window::between(then, then + second).unwrap().length(), second);
        assert!(matches!(Window::between(then, then), Err(ReportError::Backwards { .. })));
        let later = SystemTime::now() + Duration::from_hours(1);
        assert!(matches!(Window::between(then, later), Err(ReportError::Future { .. })));
    }

    #[test]
    fn a_window_that_no_clock_knows_is_refused() {
        assert!(Window::last(Duration::MAX).is_err());
        assert!(Window::last(Duration::from_hours(24 * 365 * 60)).is_err());
        let window = Window::last(Duration::from_mins(5)).unwrap();
        assert_eq!((window.length(), window.counted()), (Duration::from_mins(5), Duration::from_mins(5)));
    }
}
