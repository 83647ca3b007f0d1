//! Compares two sets of runs: earlier ones and current ones.
//!
//! Only runs under the same conditions are compared: the same host, load and mix of requests. Times and rates are those of
//! good answers, and failures are compared as a share, to which requests without an answer belong. Where that share
//! rose, faster good answers are not called better: the slow ones may be those that failed. Figures of several runs come
//! from their merged histograms. Whether a difference is larger than the noise is decided by an exact rank-sum
//! test on the figures of each run ([`crate::stats::rank_sum_p`]). With too few runs no test can tell, and the result
//! says so.

use std::path::{Path, PathBuf};

use crate::run_result::{
    Comparison, Conditions, Difference, Histograms, JOURNEY, Meaning, RecordedRoute, RecordedRun, RouteSummary,
    RunResult, TimelinePoint, Verdict,
};
use crate::stats::{Latencies, rank_sum_p, smallest_rank_sum_p};
use crate::units;

/// The most runs on one side: enough for any test, and few enough for an exact count to be fast.
const MOST_RUNS: usize = 50;

/// The p value up to which a difference counts as more than noise, by convention.
const SIGNIFICANT: f64 = 0.05;

/// Why a recorded run cannot be used as a baseline of this run.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It was made under other conditions.
    #[error("{path} cannot be compared with this run: {what} differs, {theirs} there and {ours} here")]
    Different {
        /// The file of the recorded run.
        path: PathBuf,
        /// The name of the condition that differs.
        what: &'static str,
        /// Its value in the recorded run.
        theirs: String,
        /// Its value in this run.
        ours: String,
    },
    /// It lacks data that the comparison needs.
    #[error("{path} does not contain {what}, which every file of `loadtest --json` has: make the run again")]
    Unsaid {
        /// The file of the recorded run.
        path: PathBuf,
        /// The data that is missing.
        what: &'static str,
    },
    /// It was interrupted, or its file was written before its end.
    #[error("{0} is the result of a run that was not completed: only complete runs are compared, so leave it out")]
    Incomplete(PathBuf),
    /// It was given twice. Counted twice, a run would make noise look smaller than it is.
    #[error("{path} contains the same run as {before}: give each run once")]
    Twice {
        /// The file of the recorded run.
        path: PathBuf,
        /// The file that contains the same run.
        before: PathBuf,
    },
    /// There are more than 50 files on one side.
    #[error("{0} files were given and at most {MOST_RUNS} can be compared: leave some out")]
    TooMany(usize),
}

/// The part of a run that is compared.
#[derive(Clone, Debug)]
struct Run {
    duration_s: f64,
    routes: Vec<RunRoute>,
}

#[derive(Clone, Debug)]
struct RunRoute {
    method: String,
    route: String,
    /// Good answers per second.
    good_per_s: f64,
    good: Latencies,
    /// Requests that failed or were never answered.
    failed: u64,
}

/// Recorded runs, all made under the conditions of the run to come.
#[derive(Clone, Debug)]
pub struct Baseline {
    before: Vec<Run>,
    /// Recorded runs of what is tested now.
    now: Vec<Run>,
    /// The files of runs in which the generator was the bottleneck.
    doubtful: Vec<String>,
    /// The conditions of each run, and its file.
    conditions: Vec<(PathBuf, Conditions)>,
    /// The course of the first earlier run.
    course: Vec<TimelinePoint>,
}

/// A recorded run and its file.
type Recorded = (PathBuf, RecordedRun);

impl Baseline {
    /// Takes runs of the earlier state (`before`) and of what is tested now (`now`). Refuses runs that were made under
    /// other conditions than `conditions`, that were not completed, or that are given twice.
    pub fn new(before: Vec<Recorded>, now: Vec<Recorded>, conditions: &Conditions) -> Result<Self, BaselineError> {
        if let Some(side) = [&before, &now].into_iter().find(|side| side.len() > MOST_RUNS) {
            return Err(BaselineError::TooMany(side.len()));
        }
        let all: Vec<&Recorded> = before.iter().chain(&now).collect();
        for (place, (path, run)) in all.iter().enumerate() {
            check_complete(path, run)?;
            check_conditions(path, &run.conditions, conditions)?;
            if let Some((before, _)) = all[..place].iter().find(|(_, known)| known.is_the_same_as(run)) {
                return Err(BaselineError::Twice { path: path.clone(), before: before.clone() });
            }
        }
        let is_limited = |(_, run): &&&Recorded| run.verdict == Some(Verdict::GeneratorLimited);
        let doubtful = all.iter().filter(is_limited).map(|(path, _)| path.display().to_string()).collect();
        let runs = |side: Vec<Recorded>| {
            side.into_iter().map(|(path, run)| Run::recorded(&path, run)).collect::<Result<Vec<_>, _>>()
        };
        let conditions = all.iter().map(|(path, run)| (path.clone(), run.conditions.clone())).collect();
        let course = before.first().and_then(|(_, run)| run.timeline.clone()).unwrap_or_default();
        Ok(Self { before: runs(before)?, now: runs(now)?, doubtful, conditions, course })
    }

    /// The course of the first earlier run, to be drawn under that of this run; empty if its file has none.
    pub fn course(&self) -> &[TimelinePoint] {
        &self.course
    }

    /// The file of a run that took another course than one that was steered, or ended by hand before its time; None if it was
    /// neither, or all took the same.
    pub(super) fn file_of_another_course(&self, run: &RunResult, ended_by_hand: bool) -> Option<&str> {
        if !ended_by_hand && !run.is_steered() {
            return None;
        }
        let mut ours = Conditions::from(run);
        if ended_by_hand {
            // Its time counts, and no number of requests that it would have sent.
            ours.iterations = None;
        }
        let other = self.conditions.iter().find(|(path, theirs)| check_conditions(path, theirs, &ours).is_err());
        other.map(|(path, _)| path.to_str().unwrap_or("another run"))
    }

    /// Compares a finished run, together with the earlier runs of what is tested now, with the runs before.
    pub(super) fn compare(&self, run: &RunResult) -> Comparison {
        let this = Run::of(run);
        let now: Vec<_> = self.now.iter().chain([&this]).collect();
        let before: Vec<_> = self.before.iter().collect();
        let whole = Figures { method: "", route: "Aggregated" };
        let routes = this.routes.iter().map(|route| Figures { method: &route.method, route: &route.route });
        let figures = routes.chain([whole]).flat_map(|figures| figures.differences(&before, &now)).collect();
        let lowest = smallest_rank_sum_p(before.len(), now.len());
        let mut doubtful = self.doubtful.clone();
        if run.verdict == Verdict::GeneratorLimited {
            doubtful.push("this run".to_owned());
        }
        Comparison {
            runs_before: before.len(),
            runs_now: now.len(),
            smallest_p: lowest,
            doubtful,
            figures,
            before: self.course.clone(),
        }
    }
}

/// Refuses a run that lacks what every file of a complete run has.
fn check_complete(path: &Path, run: &RecordedRun) -> Result<(), BaselineError> {
    let conditions = &run.conditions;
    let needed = [
        ("whether it is complete", run.complete.is_some()),
        ("its verdict", run.verdict.is_some()),
        ("its host", conditions.host.is_some()),
        ("its users", conditions.users.is_some()),
        ("its scenario", conditions.scenario.is_some()),
        ("its routes", !run.routes.is_empty()),
    ];
    match needed.into_iter().find(|(_, is_there)| !is_there) {
        Some((what, _)) => Err(BaselineError::Unsaid { path: path.to_owned(), what }),
        None if run.complete == Some(false) => Err(BaselineError::Incomplete(path.to_owned())),
        None => Ok(()),
    }
}

/// Refuses a run made under other conditions. The length is one of them: what a service remembers, such as connections that
/// it leaves open, decides how many requests fail in a short run and how many in a long one.
fn check_conditions(path: &Path, theirs: &Conditions, ours: &Conditions) -> Result<(), BaselineError> {
    // A file of a run without stages may not contain them.
    let theirs = Conditions { stages: Some(theirs.stages.clone().unwrap_or_default()), ..theirs.clone() };
    let differences = theirs.differences(ours);
    match differences.into_iter().next() {
        None => Ok(()),
        Some(difference) => Err(BaselineError::Different {
            path: path.to_owned(),
            what: difference.condition.name(),
            theirs: difference.first,
            ours: difference.second,
        }),
    }
}

impl Run {
    fn of(run: &RunResult) -> Self {
        let route = |route: &RouteSummary| RunRoute {
            method: route.method.clone(),
            route: route.route.clone(),
            good_per_s: route.good_per_s(),
            good: route.histograms.succeeded.clone(),
            failed: failed(&route.histograms),
        };
        let journeys = run.journeys.iter().map(|journey| route(&journey.as_route()));
        Self { duration_s: run.duration_s, routes: run.routes.iter().map(route).chain(journeys).collect() }
    }

    fn recorded(path: &Path, run: RecordedRun) -> Result<Self, BaselineError> {
        let unsaid = |what| BaselineError::Unsaid { path: path.to_owned(), what };
        let route = |route: RecordedRoute| {
            let good_per_s = route.good_per_s().ok_or_else(|| unsaid("its rates"))?;
            let histograms = route.histograms.ok_or_else(|| unsaid("its response times"))?;
            Ok(RunRoute {
                method: route.method,
                route: route.route,
                good_per_s,
                failed: failed(&histograms),
                good: histograms.succeeded,
            })
        };
        let duration_s = run.conditions.duration_s.ok_or_else(|| unsaid("its length"))?;
        let journeys = run.journeys.unwrap_or_default();
        let journeys = journeys.iter().map(|journey| RecordedRoute::from(&journey.as_route()));
        let all = run.routes.into_iter().chain(journeys.collect::<Vec<_>>());
        Ok(Self { duration_s, routes: all.map(route).collect::<Result<_, _>>()? })
    }
}

/// The number of requests that failed or were never answered.
fn failed(histograms: &Histograms) -> u64 {
    histograms.failed.count() + histograms.unanswered.as_ref().map_or(0, Latencies::count)
}

/// A figure that is compared: its name, how it is computed, and whether a higher value is better.
type Figure = (&'static str, fn(&Merged) -> Option<f64>, bool);

/// The share of failures, without which no time of good answers means anything.
const FAIL_RATIO: Figure = ("fail_ratio", Merged::fail_ratio, false);

/// The other figures.
const FIGURES: [Figure; 4] = [
    ("p50_ms", Merged::p50_ms, false),
    ("p95_ms", Merged::p95_ms, false),
    ("p99_ms", Merged::p99_ms, false),
    ("good_per_s", Merged::good_per_s, true),
];

/// The figures of one route, or of a journey as if it were one; of all routes if the method is empty.
struct Figures<'a> {
    method: &'a str,
    route: &'a str,
}

/// The merged results of several runs on one route.
#[derive(Default)]
struct Merged {
    good: Latencies,
    /// Requests that failed or were never answered.
    failed: u64,
    /// Good answers that came while requests were sent.
    over: f64,
    seconds: f64,
}

impl Merged {
    fn percentile_ms(&self, percent: f64) -> Option<f64> {
        self.good.percentile(percent).map(units::milliseconds)
    }

    fn p50_ms(&self) -> Option<f64> {
        self.percentile_ms(50.0)
    }

    fn p95_ms(&self) -> Option<f64> {
        self.percentile_ms(95.0)
    }

    fn p99_ms(&self) -> Option<f64> {
        self.percentile_ms(99.0)
    }

    fn requests(&self) -> u64 {
        self.good.count() + self.failed
    }

    fn fail_ratio(&self) -> Option<f64> {
        (self.requests() > 0).then(|| self.failed as f64 / self.requests() as f64)
    }

    fn good_per_s(&self) -> Option<f64> {
        (self.requests() > 0 && self.seconds > 0.0).then(|| self.over / self.seconds)
    }
}

impl Figures<'_> {
    fn merged<'r>(&self, runs: impl IntoIterator<Item = &'r &'r Run>) -> Merged {
        let mut merged = Merged::default();
        for run in runs {
            merged.seconds += run.duration_s;
            let wanted = |route: &&RunRoute| {
                let is_request = route.method != JOURNEY;
                (self.method.is_empty() && is_request) || (route.method == self.method && route.route == self.route)
            };
            for route in run.routes.iter().filter(wanted) {
                merged.over += route.good_per_s * run.duration_s;
                merged.failed += route.failed;
                merged.good.merge(&route.good);
            }
        }
        merged
    }

    /// The differences in all figures: the times, the failures and the rate.
    fn differences(&self, before: &[&Run], now: &[&Run]) -> Vec<Difference> {
        let failures = self.difference(FAIL_RATIO, before, now);
        let mut all: Vec<_> = FIGURES.into_iter().map(|figure| self.difference(figure, before, now)).collect();
        if failures.meaning == Meaning::Worse {
            for difference in all.iter_mut().filter(|difference| difference.meaning == Meaning::Better) {
                difference.meaning = Meaning::MoreFailed;
            }
        }
        all.insert(FIGURES.len() - 1, failures);
        all
    }

    fn difference(&self, (figure, value, more_is_better): Figure, before: &[&Run], now: &[&Run]) -> Difference {
        let (was, is) = (value(&self.merged(before)), value(&self.merged(now)));
        // A run in which nothing was measured has no value that could be ranked.
        let values = |runs: &[&Run]| runs.iter().filter_map(|run| value(&self.merged([run]))).collect::<Vec<_>>();
        let (each_before, each_now) = (values(before), values(now));
        let tellable = smallest_rank_sum_p(each_before.len(), each_now.len()) <= SIGNIFICANT;
        let p = tellable.then(|| rank_sum_p(&each_before, &each_now));
        let meaning = match (was.zip(is), p) {
            (None, _) => Meaning::Unmeasured,
            (Some(_), None) => Meaning::Unknown,
            (Some(_), Some(p)) if p > SIGNIFICANT => Meaning::Noise,
            (Some((was, is)), Some(_)) if (is > was) == more_is_better => Meaning::Better,
            (Some(_), Some(_)) => Meaning::Worse,
        };
        let change = was.zip(is).filter(|(was, _)| *was != 0.0).map(|(was, is)| is / was - 1.0);
        let (method, route) = (self.method.to_owned(), self.route.to_owned());
        Difference { method, route, figure: figure.into(), before: was, now: is, change, p, meaning }
    }
}

#[cfg(test)]
mod tests;
