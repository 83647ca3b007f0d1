//! The figures that a threshold can compare, and their values in a run.
//!
//! No failure improves a figure that is compared. Where it could, the figure is taken in the way in which it cannot:
//!
//! | figure | what a failure could do | so |
//! |---|---|---|
//! | percentiles, `max` | be fast, or take a slow request out | it ranks as slower than all good answers: `failed` |
//! | `avg` | the same, and its true time is not known | the mean of requests that contain a failure is `failed` |
//! | `min` | be the fastest | the fastest good answer counts |
//! | `rps>N`, `requests>N` | be counted as work done | good answers count |
//! | `rps<N`, `requests<N` | be missing from the good ones | all requests count |
//! | `checks` | get no answer that could be checked | it counts as a check that was not met |
//! | `fail_ratio`, `failures` | get no answer at all | unanswered requests count as failures |
//!
//! `good:` looks at good answers alone, and `all:` at whatever was answered or failed. Where nothing was measured there
//! is no value, whatever the figure.

use std::time::Duration;

use super::invalid_threshold::InvalidThreshold;
use crate::run_result::{CheckCounts, JOURNEY, RouteSummary, RunResult};
use crate::stats::Latencies;
use crate::units;

/// The figure that is compared, in the unit of its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Metric {
    /// A percentile of the response times, in milliseconds.
    Percentile(f64),
    /// The mean response time, in milliseconds.
    Mean,
    /// The shortest response time, in milliseconds.
    Min,
    /// The longest response time, in milliseconds.
    Max,
    /// Failures as a share of requests, from 0 to 1.
    FailRatio,
    /// Checks that were met as a share of those that had to be, from 0 to 1.
    Checks,
    /// Requests per second.
    Rate,
    /// The number of requests.
    Requests,
    /// The number of failures.
    Failures,
}

/// The answers from which a figure is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// All requests, in the way in which no failure improves the figure: no word before it.
    Judged,
    /// `good:`
    Good,
    /// `all:`
    All,
}

/// The value of a figure in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measured {
    /// Nothing was measured that it could be the figure of.
    Nothing,
    /// The time of a request that failed.
    Failed,
    /// The time of a request that was never answered.
    Unanswered,
    Value(f64),
}

/// Where the request stands whose time is compared, when failures are ranked as slower than good answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Nothing,
    /// At this percentile of the good answers.
    Good(f64),
    Failed,
    Unanswered,
}

/// Whether most of the times that equal a percentile, within the histogram's resolution, are of answers that a standstill
/// touched. Where they are a few among many, the percentile would be the same without them.
pub(super) fn is_of_touched(all: &Latencies, touched: &Latencies, percent: f64) -> bool {
    let Some(time) = all.percentile(percent) else { return false };
    let equal = touched.count_like(time);
    equal > 0 && 2 * equal >= all.count_like(time)
}

/// The requests of a route, or all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    route: &'a RouteSummary,
    /// Requests that were never answered or, for all routes together, never sent.
    lost: u64,
    /// How many of these may have had to meet a check. Which task they were of is not known, so all of a route count.
    lost_checks: u64,
}

impl<'a> Part<'a> {
    /// The requests of one route.
    pub(super) fn of(route: &'a RouteSummary) -> Self {
        Self { route, lost: route.unanswered, lost_checks: route.checks.map_or(0, |_| route.unanswered) }
    }

    /// All requests of a run, and those that were due and never sent, whose route is not known.
    pub(super) fn whole(run: &'a RunResult) -> Self {
        let (all, missed) = (&run.aggregated, run.generator.arrivals_missed);
        let of_checked = run.routes.iter().filter(|route| route.checks.is_some()).map(|route| route.unanswered);
        Self { route: all, lost: all.unanswered + missed, lost_checks: of_checked.sum::<u64>() + missed }
    }

    /// The same requests as another row tells of them.
    pub(super) fn told_by<'b>(&self, route: &'b RouteSummary) -> Part<'b> {
        let Self { lost, lost_checks, .. } = *self;
        Part { route, lost, lost_checks }
    }

    /// The row without the answers that a standstill of the generator touched, and with rates as if it had gone on sending:
    /// they are `faster` by this factor.
    pub(super) fn untouched(&self, faster: f64) -> RouteSummary {
        let mut route = self.route.clone();
        (route.requests_per_s, route.failures_per_s) = (faster * route.requests_per_s, faster * route.failures_per_s);
        let Some(touched) = &self.route.histograms.touched else { return route };
        let failed = touched.failed.count();
        // Without the standstill they would not have failed, and there would have been as many requests.
        route.failures_per_s *= 1.0 - units::ratio(failed, route.failures).min(1.0);
        route.histograms.succeeded = route.histograms.succeeded.without(&touched.succeeded);
        route.histograms.failed = route.histograms.failed.without(&touched.failed);
        route.requests -= touched.count().min(route.requests);
        route.failures -= failed.min(route.failures);
        if let Some(checks) = &mut route.checks {
            checks.checked -= failed.min(checks.checked - checks.met);
        }
        route
    }

    /// The number of requests that were due.
    fn due(&self) -> u64 {
        self.route.requests + self.lost
    }

    /// Why a figure has no value, as a sentence without a full stop; None if it has one.
    pub(super) fn why(&self, metric: Metric, measured: Measured) -> Option<String> {
        let (failures, lost, due) = (self.route.failures, self.lost, self.due());
        let is_journey = self.route.method == JOURNEY;
        let requests = match (self.route.method.as_str(), self.route.route.as_str()) {
            ("", _) => "request".to_owned(),
            (JOURNEY, name) => format!("journey {name}"),
            (method, route) => format!("request of {method} {route}"),
        };
        match measured {
            Measured::Value(_) => None,
            Measured::Failed => {
                let [failures, due] = [failures, due].map(units::count);
                Some(if is_journey {
                    format!("{failures} of {due} journeys failed, and count as slower than all good ones")
                } else {
                    format!("{failures} of {due} requests failed, and count as slower than all good answers")
                })
            }
            Measured::Unanswered => {
                let [lost, due] = [lost, due].map(units::count);
                Some(if is_journey {
                    format!("{lost} of {due} journeys came to no end, and count as slower than all others")
                } else {
                    format!("{lost} of {due} requests were never answered, and count as slower than all others")
                })
            }
            Measured::Nothing if due == 0 => Some(format!("nothing was measured: no {requests} was due")),
            Measured::Nothing if metric == Metric::Checks => {
                Some(format!("nothing was measured: no {requests} had to meet a check"))
            }
            Measured::Nothing if self.route.requests == 0 => {
                Some(format!("nothing was measured: no {requests} was answered"))
            }
            Measured::Nothing => Some(format!("nothing was measured: no {requests} succeeded")),
        }
    }
}

impl Metric {
    /// The figure with this name, ours or k6's.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "avg" | "mean" => Some(Self::Mean),
            "med" => Some(Self::Percentile(50.0)),
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            "fail_ratio" => Some(Self::FailRatio),
            "checks" => Some(Self::Checks),
            "rps" => Some(Self::Rate),
            "requests" => Some(Self::Requests),
            "failures" => Some(Self::Failures),
            _ => {
                let digits = name.strip_prefix('p')?;
                let digits = digits.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(digits);
                let percent = digits.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))?;
                digits.starts_with(|first: char| first.is_ascii_digit()).then_some(Self::Percentile(percent))
            }
        }
    }

    /// Whether it can be taken from good answers alone.
    pub(super) fn has_answers(self) -> bool {
        self.is_time() || matches!(self, Self::Rate | Self::Requests)
    }

    fn is_time(self) -> bool {
        matches!(self, Self::Percentile(_) | Self::Mean | Self::Min | Self::Max)
    }

    /// Reads a limit. `name` is the figure's name as it was written.
    pub(super) fn limit(self, text: &str, bare_is_milliseconds: bool, name: &str) -> Result<f64, InvalidThreshold> {
        let metric = || name.to_owned();
        let wrong = || InvalidThreshold::Limit { limit: text.to_owned(), metric: metric(), like: self.example() };
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        match self {
            Self::FailRatio | Self::Checks => {
                units::parse_share(text).map_err(|error| InvalidThreshold::Share { metric: metric(), error })
            }
            Self::Rate | Self::Requests | Self::Failures => number(text).ok_or_else(wrong),
            Self::Percentile(_) | Self::Mean | Self::Min | Self::Max => {
                // A number alone is read as if its unit were there.
                let bare = || units::parse_milliseconds(&format!("{text}ms")).filter(|_| bare_is_milliseconds);
                units::parse_milliseconds(text).or_else(bare).ok_or_else(wrong)
            }
        }
    }

    fn example(self) -> &'static str {
        if self.is_time() { "a time with its unit, like 200ms or 1.5s" } else { "a number like 500" }
    }

    /// The value of the figure. `is_most` says that the limit is one that it may not exceed.
    pub(super) fn of(self, part: &Part<'_>, answers: Answers, is_most: bool) -> Measured {
        let Part { route, lost, lost_checks } = *part;
        let of_any = |any: u64, value: f64| if any > 0 { Measured::Value(value) } else { Measured::Nothing };
        let counts_good = answers == Answers::Good || (answers == Answers::Judged && !is_most);
        match self {
            Self::Percentile(_) | Self::Mean | Self::Min | Self::Max => match answers {
                Answers::Judged => self.ranked(part),
                Answers::Good => self.time(&route.histograms.succeeded),
                Answers::All => self.time(&route.histograms.all()),
            },
            Self::FailRatio => of_any(part.due(), (route.failures + lost) as f64 / part.due().max(1) as f64),
            Self::Failures => of_any(part.due(), (route.failures + lost) as f64),
            Self::Checks => {
                let CheckCounts { checked, met } = route.checks.unwrap_or_default();
                let all = checked + lost_checks;
                of_any(all, met as f64 / all.max(1) as f64)
            }
            Self::Rate if counts_good => of_any(route.requests, route.good_per_s()),
            Self::Rate => of_any(route.requests, route.requests_per_s),
            Self::Requests if counts_good => of_any(part.due(), route.good() as f64),
            Self::Requests if answers == Answers::All => of_any(part.due(), route.requests as f64),
            Self::Requests => of_any(part.due(), part.due() as f64),
        }
    }

    /// A time of these answers.
    fn time(self, times: &Latencies) -> Measured {
        let time = match self {
            Self::Percentile(percent) => times.percentile(percent),
            Self::Mean => times.mean(),
            Self::Min => times.smallest(),
            _ => times.largest(),
        };
        time.map_or(Measured::Nothing, |time| Measured::Value(units::milliseconds(time)))
    }

    /// Whether the value is the time of an answer that a standstill of the generator touched.
    pub(super) fn is_touched(self, part: &Part<'_>, answers: Answers) -> bool {
        let histograms = &part.route.histograms;
        let Some(touched) = &histograms.touched else { return false };
        let good = &histograms.succeeded;
        let percent = match self {
            Self::Percentile(percent) => percent,
            Self::Min => 0.0,
            Self::Max => 100.0,
            _ => return false,
        };
        match answers {
            Answers::Good => is_of_touched(good, &touched.succeeded, percent),
            Answers::All => is_of_touched(&histograms.all(), &touched.all(), percent),
            Answers::Judged => match self.place(part) {
                Place::Good(percent) => is_of_touched(good, &touched.succeeded, percent),
                Place::Nothing | Place::Failed | Place::Unanswered => false,
            },
        }
    }

    /// A time of all requests, among which those that failed are slower than all good ones, and those that were never
    /// answered slower than all others.
    fn ranked(self, part: &Part<'_>) -> Measured {
        let good = &part.route.histograms.succeeded;
        match self.place(part) {
            Place::Nothing => Measured::Nothing,
            // The mean is not the time of one of them.
            Place::Good(_) if self == Self::Mean => self.time(good),
            Place::Good(percent) => Self::Percentile(percent).time(good),
            Place::Failed => Measured::Failed,
            Place::Unanswered => Measured::Unanswered,
        }
    }

    /// Where the request stands whose time that is.
    fn place(self, part: &Part<'_>) -> Place {
        let succeeded = part.route.histograms.succeeded.count();
        let failed = part.route.histograms.failed.count();
        let all = succeeded + failed + part.lost;
        if all == 0 {
            return Place::Nothing;
        }
        if succeeded == all {
            return Place::Good(match self {
                Self::Percentile(percent) => percent,
                Self::Min => 0.0,
                _ => 100.0,
            });
        }
        let rank = match self {
            Self::Min => 1,
            // The nearest rank. Rounding may put a whole product slightly above its value.
            Self::Percentile(percent) => ((percent / 100.0 * all as f64 - 1e-9).ceil() as u64).max(1),
            // The mean contains every request, and so the slowest.
            _ => all,
        };
        match rank {
            // Asks for the middle of the rank's step, so that rounding cannot select the neighbouring rank.
            rank if rank <= succeeded => Place::Good(100.0 * (rank as f64 - 0.5) / succeeded as f64),
            rank if rank <= succeeded + failed => Place::Failed,
            _ => Place::Unanswered,
        }
    }

    /// A value as text, with its unit.
    pub(super) fn shown(self, value: f64) -> String {
        match self {
            Self::FailRatio | Self::Checks => units::percent(value),
            Self::Rate => format!("{}/s", units::significant(value)),
            Self::Requests | Self::Failures => units::count(value as u64),
            Self::Percentile(_) | Self::Mean | Self::Min | Self::Max => {
                units::duration(Duration::from_secs_f64(value / 1e3))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::{TouchedTimes, example_run};

    fn times(milliseconds: &[u64]) -> Latencies {
        let mut times = Latencies::default();
        for time in milliseconds {
            times.record(Duration::from_millis(*time));
        }
        times
    }

    /// A route with ten good answers and five failed ones, of which a standstill touched four and two.
    fn route(checks: CheckCounts) -> RouteSummary {
        let mut route = example_run().routes.remove(0);
        route.histograms.succeeded = times(&[10, 10, 10, 10, 10, 10, 900, 900, 900, 900]);
        route.histograms.failed = times(&[5, 5, 5, 800, 800]);
        route.histograms.touched = Some(TouchedTimes { succeeded: times(&[900; 4]), failed: times(&[800; 2]) });
        (route.requests, route.failures, route.unanswered) = (15, 5, 0);
        (route.requests_per_s, route.failures_per_s, route.checks) = (10.0, 4.0, Some(checks));
        route
    }

    #[test]
    fn what_a_standstill_touched_is_taken_out_of_every_figure() {
        let whole = route(CheckCounts { checked: 15, met: 10 });
        let left = Part::of(&whole).untouched(3.0);
        assert_eq!((left.requests, left.failures), (9, 3));
        assert_eq!((left.histograms.succeeded.count(), left.histograms.failed.count()), (6, 3));
        assert!((left.requests_per_s - 30.0).abs() < 1e-9, "{}", left.requests_per_s);
        assert!((left.failures_per_s - 3.0 * 4.0 * 0.6).abs() < 1e-9, "{}", left.failures_per_s);
        assert_eq!(left.checks, Some(CheckCounts { checked: 13, met: 10 }));
        let met = Part::of(&route(CheckCounts { checked: 15, met: 14 })).untouched(1.0);
        assert_eq!(met.checks, Some(CheckCounts { checked: 14, met: 14 }), "only one was not met");
    }

    #[test]
    fn the_least_and_the_longest_time_may_be_those_of_a_touched_answer() {
        let mut route = route(CheckCounts { checked: 15, met: 10 });
        let touched = |route: &RouteSummary, metric: Metric| metric.is_touched(&Part::of(route), Answers::Good);
        assert_eq!([Metric::Min, Metric::Max].map(|metric| touched(&route, metric)), [false, true]);
        route.histograms.succeeded = times(&[900; 4]);
        assert!(touched(&route, Metric::Min));
    }
}
