//! Thresholds, which a run must meet: `p95<200ms`, `POST /orders:fail_ratio<1%`, `good:p95<200ms`, `rps>500`, and of a
//! journey `buy:p95<3s`.
//!
//! They are evaluated on the measured part, without the warm-up. No failure improves what is compared ([`super::metric`]
//! says how), and a threshold on something that never happened does not hold: a route without requests has no p95, and
//! no failures either. A request that was still unanswered at the end of the run counts as failed and as slower than any
//! that was answered. So does, for all requests together, one that was due and never sent because the service kept all
//! connections busy; its route is not known.

use std::fmt;
use std::str::FromStr;

use super::invalid_threshold::InvalidThreshold;
use super::metric::{Answers, Measured, Metric, Part};
use crate::run_result::{JOURNEY, JourneySummary, RunResult, ThresholdOutcome};
use crate::units::Relation;

/// A condition on one figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    text: String,
    route: Option<String>,
    answers: Answers,
    metric: Metric,
    relation: Relation,
    limit: f64,
}

/// How the outcome of a threshold hangs on what a standstill of the generator touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hangs {
    /// What is compared is the time of an answer that was touched.
    IsTouched,
    /// It would be another one without what was touched.
    IsChanged,
}

impl FromStr for Threshold {
    type Err = InvalidThreshold;

    fn from_str(text: &str) -> Result<Self, InvalidThreshold> {
        let no_relation = || {
            let wrong = if text.contains('=') { InvalidThreshold::Equality } else { InvalidThreshold::NoRelation };
            wrong(text.to_owned())
        };
        let (left, relation, limit) = Relation::split(text).ok_or_else(no_relation)?;
        let Subject { route, answers, metric, name, bare } = Subject::read(left)?;
        let limit = metric.limit(limit, bare, name)?;
        Ok(Self { text: text.trim().to_owned(), route, answers, metric, relation, limit })
    }
}

/// The left side of a threshold: `p95`, `good:p95`, `POST /orders:p95` or `POST /orders:good:p95`.
struct Subject<'a> {
    route: Option<String>,
    answers: Answers,
    metric: Metric,
    /// The name of the figure as it was written.
    name: &'a str,
    /// Whether a time without a unit is in milliseconds, as in k6.
    bare: bool,
}

impl<'a> Subject<'a> {
    fn read(text: &'a str) -> Result<Self, InvalidThreshold> {
        let (before, name) = match text.rsplit_once(':') {
            Some((before, name)) => (Some(before.trim()), name.trim()),
            None => (None, text),
        };
        // What stands last before the figure is never a route: a route named good is written with its method.
        let (route, word) = match before.map(|before| before.rsplit_once(':').unwrap_or(("", before))) {
            Some((route, word)) if answers_of(word.trim()).is_some() => {
                (Some(route.trim()).filter(|route| !route.is_empty()), word.trim())
            }
            _ => (before, ""),
        };
        if let Some((first, route)) = route.and_then(|route| route.split_once(':'))
            && answers_of(first.trim()).is_some()
        {
            let [answers, route, metric] = [first, route, name].map(|part| part.trim().to_owned());
            return Err(InvalidThreshold::AnswersFirst { answers, route, metric });
        }
        let (metric, route, bare) = named(name, route)?;
        let answers = answers_of(word).unwrap_or(Answers::Judged);
        if answers != Answers::Judged && !metric.has_answers() {
            return Err(InvalidThreshold::NoAnswers { answers: word.to_owned(), metric: name.to_owned() });
        }
        Ok(Self { route: route.map(str::to_owned), answers, metric, name, bare })
    }
}

/// The answers that a word before a figure means; None if it is none of these words.
fn answers_of(word: &str) -> Option<Answers> {
    match word {
        "good" => Some(Answers::Good),
        "all" => Some(Answers::All),
        _ => None,
    }
}

/// Reads the name of a figure, ours or k6's. k6's names of metrics stand where a route would, and its limits without a
/// unit are milliseconds. Only the spelling is k6's: failures count as they always do here. Gives the figure, the
/// route, and whether that unit may be left out.
fn named<'a>(name: &str, route: Option<&'a str>) -> Result<(Metric, Option<&'a str>, bool), InvalidThreshold> {
    let k6 = match (route, name) {
        (Some("http_req_failed"), "rate") => Some(Metric::FailRatio),
        (Some("http_reqs"), "rate") => Some(Metric::Rate),
        (Some("http_reqs"), "count") => Some(Metric::Requests),
        (Some("checks"), "rate") => Some(Metric::Checks),
        _ => None,
    };
    if let Some(metric) = k6 {
        return Ok((metric, None, true));
    }
    let metric = Metric::named(name).ok_or_else(|| InvalidThreshold::UnknownMetric(name.to_owned()))?;
    match route {
        Some("http_req_duration") => Ok((metric, None, true)),
        _ => Ok((metric, route, false)),
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
        self.is_most() && matches!(self.metric, Metric::FailRatio | Metric::Failures)
    }

    /// Whether it demands a share of met checks, and by that limits the failures of requests that have one.
    pub(in crate::loadtest) fn demands_checks(&self) -> bool {
        !self.is_most() && self.metric == Metric::Checks
    }

    /// Whether it compares checks, so that there must be some.
    pub(in crate::loadtest) fn is_about_checks(&self) -> bool {
        self.metric == Metric::Checks
    }

    /// `good` or `all`, if that word stands before the figure and no route before the word. A route of that name would
    /// have been written in the same way.
    pub(in crate::loadtest) fn first_word(&self) -> Option<&'static str> {
        match self.answers {
            _ if self.route.is_some() => None,
            Answers::Judged => None,
            Answers::Good => Some("good"),
            Answers::All => Some("all"),
        }
    }

    /// The highest share of failures, if it limits that share for all requests.
    pub(in crate::loadtest) fn most_fail_ratio(&self) -> Option<f64> {
        (self.metric == Metric::FailRatio && self.route.is_none() && self.is_most()).then_some(self.limit)
    }

    /// Whether it is about the route with this method and name.
    pub(in crate::loadtest) fn is_about(&self, method: &str, route: &str) -> bool {
        let Some(own) = &self.route else { return false };
        own == route || own.strip_prefix(method).is_some_and(|rest| rest.trim_start() == route)
    }

    /// Evaluates it on a run.
    pub(in crate::loadtest) fn evaluate(&self, run: &RunResult) -> ThresholdOutcome {
        self.with_parts(run, |parts| self.outcome(parts))
    }

    /// How its outcome hangs on what a standstill of the generator touched; None if it does not. `faster` is by how much
    /// rates would be higher without the time in which nothing was sent.
    pub(super) fn hangs_on_touched(&self, run: &RunResult, faster: f64) -> Option<Hangs> {
        self.with_parts(run, |parts| {
            if parts.iter().any(|part| self.metric.is_touched(part, self.answers)) {
                return Some(Hangs::IsTouched);
            }
            // What was touched was requested all the same.
            if self.metric == Metric::Requests {
                return None;
            }
            let routes: Vec<_> = parts.iter().map(|part| part.untouched(faster)).collect();
            let untouched: Vec<_> = parts.iter().zip(&routes).map(|(part, route)| part.told_by(route)).collect();
            (self.outcome(parts).held != self.outcome(&untouched).held).then_some(Hangs::IsChanged)
        })
    }

    /// Looks at the parts of a run that it is about.
    fn with_parts<T>(&self, run: &RunResult, look: impl FnOnce(&[Part<'_>]) -> T) -> T {
        let journeys = run.journeys.iter().filter(|journey| self.is_about(JOURNEY, &journey.name));
        let journeys: Vec<_> = journeys.map(JourneySummary::as_route).collect();
        let routes = run.routes.iter().filter(|route| self.is_about(&route.method, &route.route));
        let about: Vec<_> =
            if self.route.is_none() { vec![Part::whole(run)] } else { routes.chain(&journeys).map(Part::of).collect() };
        look(&about)
    }

    /// Its outcome on these parts of a run, on each of which it must hold.
    fn outcome(&self, parts: &[Part<'_>]) -> ThresholdOutcome {
        // A name without a method may match several routes. It must hold on each of them, so the worst value counts, and
        // a route on which nothing was measured is the worst.
        let all = parts.iter().map(|part| (part, self.metric.of(part, self.answers, self.is_most())));
        let worst = all.reduce(|worst, next| match (worst.1, next.1) {
            (_, Measured::Nothing) => next,
            (value, _) if self.is_held_by(value) => next,
            _ => worst,
        });
        let measured = worst.map_or(Measured::Nothing, |(_, measured)| measured);
        let (seen, value) = match measured {
            Measured::Nothing => (None, None),
            Measured::Failed => (Some("failed".to_owned()), None),
            Measured::Unanswered => (Some("unanswered".to_owned()), None),
            Measured::Value(value) => (Some(self.metric.shown(value)), Some(value)),
        };
        let why = worst.and_then(|(part, measured)| part.why(self.metric, measured));
        ThresholdOutcome { threshold: self.text.clone(), seen, value, why, held: self.is_held_by(measured) }
    }

    /// Whether its limit may not be exceeded.
    fn is_most(&self) -> bool {
        self.relation.is_most()
    }

    fn is_held_by(&self, measured: Measured) -> bool {
        matches!(measured, Measured::Value(value) if self.relation.holds(value, self.limit))
    }
}

#[cfg(test)]
mod tests;
