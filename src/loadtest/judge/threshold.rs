//! Thresholds, which a run must meet: `p95<200ms`, `POST /orders:fail_ratio<1%`, `rps>500`.
//!
//! They are evaluated on the measured part, without the warm-up. A threshold on something that never happened does not
//! hold: a route without requests has no p95. A request that was still unanswered at the end of the run counts as
//! failed and as slower than any that was answered. So does, for all requests together, one that was due and never sent
//! because the service kept all connections busy; its route is not known.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::run_result::{RouteSummary, RunResult, ThresholdOutcome};
use crate::stats::Latencies;
use crate::units::{self, InvalidShare};

/// A condition on one figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    text: String,
    route: Option<String>,
    metric: Metric,
    relation: Relation,
    limit: f64,
}

/// Why a text is not a threshold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidThreshold {
    /// It contains no comparison.
    #[error(
        "{0:?} contains no comparison: write a threshold like 'p95<200ms', 'POST /orders:fail_ratio<1%' or 'rps>500'"
    )]
    NoRelation(String),
    /// It compares for equality.
    #[error("{0:?} compares with =, but only <, <=, > and >= are supported: write 'failures<1' for no failures")]
    Equality(String),
    /// The name of the figure is not known.
    #[error(
        "{0:?} cannot be compared: write one of p50, p95, p99.9 (any percentile), avg, min, max, fail_ratio, \
         rps, requests and failures"
    )]
    UnknownMetric(String),
    /// The limit has no value or unit that fits the figure.
    #[error("{limit:?} is not a limit for {metric}: write {like}")]
    Limit {
        /// The limit as it was written.
        limit: String,
        /// The name of the figure.
        metric: String,
        /// How to write a limit for it.
        like: &'static str,
    },
    /// The limit of a share is not valid.
    #[error("{metric}: {error}")]
    Share {
        /// The name of the figure.
        metric: String,
        /// Why it is not valid.
        error: InvalidShare,
    },
}

/// The figure that is compared, in the unit of its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Metric {
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
    Rate,
    /// The number of completed requests.
    Requests,
    Failures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// The value of a figure in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Measured {
    /// There was no request, so the figure has no value.
    Nothing,
    /// A response time without value, because the answer had not come when the run ended.
    Unanswered,
    /// The value, in the unit of the limit.
    Value(f64),
}

impl FromStr for Threshold {
    type Err = InvalidThreshold;

    fn from_str(text: &str) -> Result<Self, InvalidThreshold> {
        let no_relation = || {
            let wrong = if text.contains('=') { InvalidThreshold::Equality } else { InvalidThreshold::NoRelation };
            wrong(text.to_owned())
        };
        let at = text.find(['<', '>']).ok_or_else(no_relation)?;
        let (left, right) = (text[..at].trim(), &text[at + 1..]);
        let (equal, limit) = match right.strip_prefix('=') {
            Some(limit) => (true, limit.trim()),
            None => (false, right.trim()),
        };
        let relation = match (&text[at..=at], equal) {
            ("<", false) => Relation::Below,
            ("<", true) => Relation::AtMost,
            (_, false) => Relation::Above,
            (_, true) => Relation::AtLeast,
        };
        let (route, name) = match left.rsplit_once(':') {
            Some((route, name)) => (Some(route.trim().to_owned()), name.trim()),
            None => (None, left),
        };
        let (metric, route, bare) = Metric::read(name, route)?;
        let limit = metric.limit(limit, bare, name)?;
        Ok(Self { text: text.trim().to_owned(), route, metric, relation, limit })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Threshold {
    /// The route that it is about, as `POST /orders` or `/orders`; None for all requests together.
    pub fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    /// Whether it limits the failures.
    pub fn limits_failures(&self) -> bool {
        let is_most = matches!(self.relation, Relation::Below | Relation::AtMost);
        is_most && matches!(self.metric, Metric::FailRatio | Metric::Failures)
    }

    /// The highest share of failures, if it limits that share for all requests.
    pub(in crate::loadtest) fn most_fail_ratio(&self) -> Option<f64> {
        let is_most = matches!(self.relation, Relation::Below | Relation::AtMost);
        (self.metric == Metric::FailRatio && self.route.is_none() && is_most).then_some(self.limit)
    }

    /// Whether it is about the route with this method and name.
    pub(in crate::loadtest) fn is_about(&self, method: &str, route: &str) -> bool {
        let Some(own) = &self.route else { return false };
        own == route || own.strip_prefix(method).is_some_and(|rest| rest.trim_start() == route)
    }

    /// Evaluates it on a run.
    pub(in crate::loadtest) fn evaluate(&self, run: &RunResult) -> ThresholdOutcome {
        let about: Vec<_> = match &self.route {
            None => vec![&run.aggregated],
            Some(_) => run.routes.iter().filter(|route| self.is_about(&route.method, &route.route)).collect(),
        };
        // A name without a method may match several routes. It must hold on each of them, so the worst value counts.
        let missed = if self.route.is_none() { run.generator.arrivals_missed } else { 0 };
        let all = about.iter().map(|route| self.metric.of(route, missed)).collect::<Vec<_>>();
        let nothing = all.is_empty() || all.contains(&Measured::Nothing);
        let worst = all.into_iter().reduce(|worst, next| if self.is_held_by(worst) { next } else { worst });
        let worst = worst.filter(|_| !nothing).unwrap_or(Measured::Nothing);
        let (seen, value) = match worst {
            Measured::Nothing => (None, None),
            Measured::Unanswered => (Some("unanswered".to_owned()), None),
            Measured::Value(value) => (Some(self.metric.shown(value)), Some(value)),
        };
        ThresholdOutcome { threshold: self.text.clone(), seen, value, why: None, held: self.is_held_by(worst) }
    }

    fn is_held_by(&self, measured: Measured) -> bool {
        matches!(measured, Measured::Value(value) if self.holds(value))
    }

    fn holds(&self, value: f64) -> bool {
        match self.relation {
            Relation::Below => value < self.limit,
            Relation::AtMost => value <= self.limit,
            Relation::Above => value > self.limit,
            Relation::AtLeast => value >= self.limit,
        }
    }
}

impl Metric {
    /// Reads the name of a figure, ours or k6's. k6's names of metrics stand where a route would, and its limits
    /// without a unit are milliseconds. Gives the figure, the route, and whether that unit may be left out.
    fn read(name: &str, route: Option<String>) -> Result<(Self, Option<String>, bool), InvalidThreshold> {
        let k6 = match (route.as_deref(), name) {
            (Some("http_req_failed"), "rate") => Some(Self::FailRatio),
            (Some("http_reqs"), "rate") => Some(Self::Rate),
            (Some("http_reqs"), "count") => Some(Self::Requests),
            _ => None,
        };
        if let Some(metric) = k6 {
            return Ok((metric, None, true));
        }
        let metric = Self::named(name).ok_or_else(|| InvalidThreshold::UnknownMetric(name.to_owned()))?;
        match route.as_deref() {
            Some("http_req_duration") => Ok((metric, None, true)),
            _ => Ok((metric, route, false)),
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "avg" | "mean" => Some(Self::Mean),
            "med" => Some(Self::Percentile(50.0)),
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            "fail_ratio" => Some(Self::FailRatio),
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

    fn is_time(self) -> bool {
        matches!(self, Self::Percentile(_) | Self::Mean | Self::Min | Self::Max)
    }

    /// Reads a limit. `name` is the figure's name as it was written.
    fn limit(self, text: &str, bare_is_milliseconds: bool, name: &str) -> Result<f64, InvalidThreshold> {
        let metric = || name.to_owned();
        let wrong = || InvalidThreshold::Limit { limit: text.to_owned(), metric: metric(), like: self.example() };
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        match self {
            Self::FailRatio => {
                units::parse_share(text).map_err(|error| InvalidThreshold::Share { metric: metric(), error })
            }
            Self::Rate | Self::Requests | Self::Failures => number(text).ok_or_else(wrong),
            _ => {
                let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                let milliseconds = match unit.trim() {
                    "us" | "µs" => 1e-3,
                    "ms" => 1.0,
                    "s" => 1e3,
                    "m" | "min" => 6e4,
                    "" if bare_is_milliseconds => 1.0,
                    _ => return Err(wrong()),
                };
                number(&text[..text.len() - unit.len()]).map(|number| number * milliseconds).ok_or_else(wrong)
            }
        }
    }

    fn example(self) -> &'static str {
        match self {
            _ if self.is_time() => "a time with its unit, like 200ms or 1.5s",
            _ => "a number like 500",
        }
    }

    /// The value on a route, or on all requests. Requests that are unanswered or were never sent count as failed and
    /// slowest.
    fn of(self, route: &RouteSummary, missed: u64) -> Measured {
        let (times, histograms) = (&route.latency_ms, &route.histograms);
        let lost = route.unanswered + missed;
        let all = route.requests + lost;
        let of_any = |value| if all > 0 { Measured::Value(value) } else { Measured::Nothing };
        match self {
            Self::Percentile(percent) => Self::percentile(percent, route, lost),
            Self::Max => Self::percentile(100.0, route, lost),
            Self::Mean if route.unanswered > 0 => {
                // A lower bound: unanswered requests count with the time waited so far.
                let mut waited = histograms.all();
                waited.merge(histograms.unanswered.as_ref().unwrap_or(&Latencies::default()));
                waited.mean().map_or(Measured::Nothing, |mean| Measured::Value(units::milliseconds(mean)))
            }
            Self::Mean => times.as_ref().map_or(Measured::Nothing, |times| Measured::Value(times.mean)),
            Self::Min if route.requests == 0 => Self::percentile(0.0, route, lost),
            Self::Min => times.as_ref().map_or(Measured::Nothing, |times| Measured::Value(times.min)),
            Self::FailRatio => of_any((route.failures + lost) as f64 / all.max(1) as f64),
            Self::Rate => Measured::Value(route.requests_per_s),
            Self::Requests => Measured::Value(route.requests as f64),
            Self::Failures => Measured::Value((route.failures + lost) as f64),
        }
    }

    /// A percentile of all requests, of which `lost` are slower than all others because they were never answered.
    fn percentile(percent: f64, route: &RouteSummary, lost: u64) -> Measured {
        let times = route.histograms.all();
        let value = |percent| {
            times.percentile(percent).map_or(Measured::Nothing, |time| Measured::Value(units::milliseconds(time)))
        };
        match (times.count() as f64, lost as f64) {
            (answered, lost) if answered + lost == 0.0 => Measured::Nothing,
            (_, 0.0) => value(percent),
            (answered, lost) => {
                // The nearest rank. Rounding may put a whole product slightly above its value.
                let rank = (percent / 100.0 * (answered + lost) - 1e-9).ceil().max(1.0);
                // Asks for the middle of the rank's step, so that rounding cannot select the neighbouring rank.
                if rank > answered { Measured::Unanswered } else { value(100.0 * (rank - 0.5) / answered) }
            }
        }
    }

    fn shown(self, value: f64) -> String {
        match self {
            Self::FailRatio => units::percent(value),
            Self::Rate => format!("{}/s", units::significant(value)),
            Self::Requests | Self::Failures => units::count(value as u64),
            _ => units::duration(Duration::from_secs_f64(value / 1e3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_result::example_run;

    fn read(text: &str) -> Threshold {
        text.parse().unwrap()
    }

    #[test]
    fn thresholds_are_read_as_people_write_them() {
        let p95 = read("p95<200ms");
        assert_eq!((p95.metric, p95.relation, p95.limit), (Metric::Percentile(95.0), Relation::Below, 200.0));
        assert_eq!(p95.route(), None);
        let ratio = read(" POST /orders : fail_ratio <= 1% ");
        assert_eq!((ratio.metric, ratio.relation, ratio.limit), (Metric::FailRatio, Relation::AtMost, 0.01));
        assert!(ratio.is_about("POST", "/orders") && !ratio.is_about("GET", "/orders"));
        assert!(!ratio.is_about("POST", "/orders/reports"));
        assert!(read("/orders:p50<1s").is_about("GET", "/orders"));
        assert_eq!(read("rps>=500").relation, Relation::AtLeast);
        assert_eq!(Some(read("p99.9<1.5s").limit), Some(1_500.0));
        assert_eq!(Some(read("max<800us").limit), Some(0.8));
    }

    #[test]
    fn thresholds_of_k6_mean_what_they_mean_there() {
        let p95 = read("http_req_duration:p(95)<200");
        assert_eq!((p95.metric, p95.limit, p95.route()), (Metric::Percentile(95.0), 200.0, None));
        assert_eq!(read("http_req_failed:rate<0.01").metric, Metric::FailRatio);
        assert_eq!(read("http_reqs:rate>10").metric, Metric::Rate);
    }

    /// A run of 90 requests that took 1 to 90 ms, and further ones that were never answered.
    fn with_unanswered(unanswered: u64) -> RunResult {
        let mut summary = example_run();
        let route = &mut summary.aggregated;
        (route.requests, route.failures, route.unanswered) = (90, 0, unanswered);
        (1..=90).for_each(|millis| route.histograms.succeeded.record(Duration::from_millis(millis)));
        let mut waited = Latencies::default();
        (0..unanswered).for_each(|_| waited.record(Duration::from_secs(10)));
        route.histograms.unanswered = Some(waited).filter(|waited| waited.count() > 0);
        summary.routes[0] = RouteSummary { method: "GET".to_owned(), route: "/".to_owned(), ..route.clone() };
        summary
    }

    #[test]
    fn unanswered_requests_count_as_failed_and_slowest() {
        let (all_answered, ten_not) = (with_unanswered(0), with_unanswered(10));
        let shown = |summary: &RunResult, text: &str| {
            let outcome = read(text).evaluate(summary);
            (outcome.held, outcome.seen.unwrap())
        };
        let said = |held, seen: &str| (held, seen.to_owned());
        assert_eq!(shown(&all_answered, "fail_ratio<1%"), said(true, "0.00 %"));
        for route in ["", "GET /:"] {
            let shown = |text: &str| shown(&ten_not, &format!("{route}{text}"));
            assert_eq!(shown("fail_ratio<1%"), said(false, "10.00 %"));
            assert_eq!(shown("failures<=10"), said(true, "10"));
            assert_eq!(shown("p90<1s"), said(true, "90.0 ms"));
            assert_eq!(shown("p80<1s"), said(true, "80.1 ms"));
            for text in ["p91<1h", "max<1h", "p95>1ms"] {
                let text = text.replace("1h", "60min");
                assert_eq!(shown(&text), said(false, "unanswered"), "{text}");
            }
            assert!(!shown("avg<1s").0, "they were waited for");
        }
        assert_eq!(shown(&all_answered, "p80<1s"), said(true, "72.1 ms"));
    }

    #[test]
    fn requests_never_sent_count_as_failed_for_all_routes_together() {
        let mut summary = with_unanswered(0);
        summary.generator.arrivals_missed = 10;
        let outcome = |text: &str| read(text).evaluate(&summary);
        assert_eq!(outcome("fail_ratio<1%").seen.as_deref(), Some("10.00 %"));
        assert!(outcome("p90<1s").held && !outcome("p95<1s").held);
        assert!(outcome("GET /:fail_ratio<1%").held, "which route it would have been is not known");
    }

    #[test]
    fn an_invalid_threshold_is_refused_with_an_example() {
        let error = |text: &str| text.parse::<Threshold>().unwrap_err().to_string();
        assert!(error("p95").contains("'p95<200ms'"));
        assert!(error("failures==0").contains("write 'failures<1'"), "{}", error("failures==0"));
        assert!(error("p95<200").contains("200ms or 1.5s"), "a bare number has no unit: {}", error("p95<200"));
        assert!(error("speed>3").contains("fail_ratio"));
        assert!(error("p101<1s").contains("any percentile"));
        assert_eq!(error("fail_ratio<few"), "fail_ratio: \"few\" is not a share: write 5% or 0.05");
        assert_eq!(error("POST /orders:fail_ratio<5"), "fail_ratio: \"5\" is more than 100 %: write 5% or 0.05");
        assert!(error("http_req_failed:rate<150%").contains("more than 100 %"));
        assert!(error("rps>-1").contains("500"));
    }
}
