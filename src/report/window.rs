//! The window a report is about.
//!
//! A run is over before Prometheus has seen its last requests: those appear with the first scrape that begins after its
//! end. So a run's counts are taken up to that scrape of every instance, which is waited for when the run has only just
//! ended. Requests between the end and that scrape are counted too; whoever wants the counts of a run alone leaves the
//! store alone for one scrape interval. Rates divide by the run's own length.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ReportError;
use super::query::SCRAPES;
use super::watch::instance_of;
use crate::promql::{Prometheus, Series};
use crate::run_result::RecordedRun;
use crate::units;

/// How long after a run's end the next scrape may begin: a second on a stack, 15 seconds in many a configuration.
const SETTLE: Duration = Duration::from_secs(20);

/// An overloaded instance fails a scrape, perhaps two; one that fails so many is gone.
const GONE: usize = 3;

/// How often Prometheus is asked whether it has scraped.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What the report is to be about.
#[derive(Clone, Debug)]
pub enum Span {
    /// The time up to now.
    Last(Duration),
    /// From one instant to another.
    Between(SystemTime, SystemTime),
    /// One load test.
    Run(Box<RecordedRun>),
}

impl Span {
    /// From one instant to another, both of them past.
    pub fn between(from: SystemTime, to: SystemTime) -> Result<Self, ReportError> {
        Window::between(from, to).map(|_| Self::Between(from, to))
    }

    /// Where it ends: now, if nothing else is said.
    pub fn end(&self) -> SystemTime {
        match self {
            Self::Last(_) => SystemTime::now(),
            Self::Between(_, to) => *to,
            Self::Run(run) => run.ended_at,
        }
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        match self {
            Self::Last(length) => *length,
            Self::Between(from, to) => to.duration_since(*from).unwrap_or_default(),
            Self::Run(run) => run.ended_at.duration_since(run.started_at).unwrap_or_default(),
        }
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Where it begins; counters begin with the last scrape at or before it.
    pub(super) from: SystemTime,
    /// Where it ends.
    pub(super) to: SystemTime,
    /// Up to when counters are read; later than `to` when a run's last requests were scraped later.
    pub(super) counted_until: SystemTime,
}

impl Window {
    /// The length that rates are about.
    pub(super) fn length(&self) -> Duration {
        self.to.duration_since(self.from).unwrap_or_default()
    }

    /// The length that queries are about.
    pub(super) fn counted(&self) -> Duration {
        self.counted_until.duration_since(self.from).unwrap_or_default()
    }

    /// The time up to now. To the millisecond, as everything that is sent to Prometheus.
    pub(super) fn last(length: Duration) -> Result<Self, ReportError> {
        let now = from_millis(millis(SystemTime::now()));
        let too_long = || ReportError::TooLong { window: units::duration(length) };
        let from = now.checked_sub(length).filter(|from| *from > UNIX_EPOCH).ok_or_else(too_long)?;
        Ok(Self { from, to: now, counted_until: now })
    }

    /// From one instant to another, both of them past.
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

    /// A run, up to the scrape that saw its last request. `waiting` is called once if that is still to come. Instances
    /// that were not scraped after the end, however long was waited, are named.
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
            let settled = settled(&scrapes, run.ended_at);
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

/// When the last of the instances was first scraped with success after `end`, and which were not yet.
fn settled(scrapes: &[Series], end: SystemTime) -> Settled {
    let end_ms = millis(end);
    let mut settled = Settled { until: end, unseen: Vec::new(), pending: false };
    // An instance that was down all the time has nothing to say, and nobody needs to wait for it.
    for series in scrapes.iter().filter(|series| series.points.iter().any(|point| point.value > 0.0)) {
        // A scrape that began in the same millisecond may have begun before the end.
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

/// How far the scrapes after a run's end have come.
#[derive(Debug, PartialEq, Eq)]
struct Settled {
    /// Up to when counters are to be read.
    until: SystemTime,
    /// Instances whose last requests have not been seen.
    unseen: Vec<String>,
    /// Whether waiting can help.
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
