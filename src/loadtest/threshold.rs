//! What must hold of a run: `p95<200ms`, `POST /orders:fail_ratio<1%`, `rps>500`.
//!
//! Evaluated on what was measured, without the warm-up. A threshold on something that never happened does not hold: a
//! route that nobody asked for has no p95.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::summary::{RouteSummary, Summary};
use crate::units::{self, InvalidShare};

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    text: String,
    route: Option<String>,
    metric: Metric,
    relation: Relation,
    limit: f64,
}

/// Why a text is no threshold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidThreshold {
    /// There is no comparison in it.
    #[error("{0:?} compares nothing: write a threshold like 'p95<200ms', 'POST /orders:fail_ratio<1%' or 'rps>500'")]
    NoRelation(String),
    /// It asks for equality.
    #[error("{0:?} compares with =, and there are <, <=, > and >= alone: write 'failures<1' for none")]
    Equality(String),
    /// What is compared is not known.
    #[error(
        "{0:?} is nothing that can be compared: there are p50, p95, p99.9 (any percentile), avg, min, max, fail_ratio, \
         rps, requests and failures"
    )]
    UnknownMetric(String),
    /// The limit is not one of its kind.
    #[error("{limit:?} is no limit for {metric}: write {like}")]
    Limit {
        /// What was written.
        limit: String,
        /// What is compared.
        metric: String,
        /// How to write it.
        like: &'static str,
    },
    /// The limit of a share is none.
    #[error("{metric}: {error}")]
    Share {
        /// What is compared.
        metric: String,
        /// What is wrong with the limit.
        error: InvalidShare,
    },
}

/// What is compared, in the unit of its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Metric {
    /// A percentile of response times, milliseconds.
    Percentile(f64),
    /// The mean response time, milliseconds.
    Mean,
    /// The shortest response time, milliseconds.
    Min,
    /// The longest response time, milliseconds.
    Max,
    /// Failures per request.
    FailRatio,
    /// Requests per second.
    Rate,
    /// Requests.
    Requests,
    /// Failures.
    Failures,
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// What became of a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// As it was written.
    pub threshold: String,
    /// What was measured, as a person reads it; null when there was nothing to measure.
    pub seen: Option<String>,
    /// The same as a number: milliseconds, a share from 0 to 1, requests per second, a count.
    pub value: Option<f64>,
    /// Whether it holds.
    pub held: bool,
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
    /// The route that it is about, as `POST /orders` or `/orders`; nothing for all requests together.
    pub fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    /// Whether it says how many requests may fail.
    pub fn limits_failures(&self) -> bool {
        matches!(self.metric, Metric::FailRatio | Metric::Failures)
    }

    /// Whether it is about a route with this method and name.
    pub(super) fn is_about(&self, method: &str, route: &str) -> bool {
        let Some(own) = &self.route else { return false };
        own == route || own.strip_prefix(method).is_some_and(|rest| rest.trim_start() == route)
    }

    /// Whether it holds of a run.
    pub(super) fn evaluate(&self, summary: &Summary) -> Outcome {
        let about: Vec<_> = match &self.route {
            None => vec![&summary.aggregated],
            Some(_) => summary.routes.iter().filter(|route| self.is_about(&route.method, &route.route)).collect(),
        };
        // A name without a method may be that of several routes: it must hold of each, so the worst one counts.
        let values = about.iter().map(|route| self.metric.of(route)).collect::<Option<Vec<_>>>().unwrap_or_default();
        let value = values.into_iter().reduce(|worst, next| if self.holds(worst) { next } else { worst });
        Outcome {
            threshold: self.text.clone(),
            seen: value.map(|value| self.metric.shown(value)),
            value,
            held: value.is_some_and(|value| self.holds(value)),
        }
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
    /// Reads a name, ours or k6's; k6's own names of metrics stand where a route would, and its bare numbers are
    /// milliseconds.
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

    /// Reads a limit. `name` is what the metric was called.
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

    fn of(self, route: &RouteSummary) -> Option<f64> {
        let times = &route.latency_ms;
        let measured = |value| (route.requests > 0).then_some(value);
        match self {
            Self::Percentile(percent) => measured(route.histograms.all().percentile(percent).as_secs_f64() * 1e3),
            Self::Mean => measured(times.mean),
            Self::Min => measured(times.min),
            Self::Max => measured(times.max),
            Self::FailRatio => measured(route.failures as f64 / route.requests.max(1) as f64),
            Self::Rate => Some(route.requests_per_s),
            Self::Requests => Some(route.requests as f64),
            Self::Failures => Some(route.failures as f64),
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

    #[test]
    fn what_is_no_threshold_is_told_with_an_example() {
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
