//! Two sets of runs held against each other: earlier ones, out of their JSON files, and those of now.
//!
//! Only runs under the same conditions are compared: the same host, load and mix of requests. Figures of several runs
//! are those of their merged histograms. Whether a difference is larger than the noise is asked of the figures of each
//! run, by an exact rank-sum test ([`crate::stats::rank_sum_p`]); with too few runs no test can tell, and that is said.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::generator::Verdict;
use super::summary::{Histograms, RouteSummary, ScenarioSummary, Summary, milliseconds};
use super::{Config, Load, Scenario};
use crate::stats::{Latencies, rank_sum_p, smallest_rank_sum_p};

/// The most runs on one side: enough for any test, and few enough to be counted out exactly at once.
const MOST_RUNS: usize = 50;

/// A p value up to which a difference counts as more than noise: the convention.
const SIGNIFICANT: f64 = 0.05;

/// Why a file is no baseline of this run.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no result of a load test.
    #[error("{path} is not what `loadtest --json` of this version writes: {error}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
    /// It was another experiment.
    #[error("{path} cannot be compared with this run: {what} differs, {theirs} there and {ours} here")]
    Different {
        /// Which file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What it is there.
        theirs: String,
        /// What it is here.
        ours: String,
    },
    /// It was ended before its time, or its file was written while it went on.
    #[error("{0} is of a run that did not go to its end: only whole runs are compared, leave it out")]
    Incomplete(PathBuf),
    /// It was given before: counted twice, a run would make noise look smaller than it is.
    #[error("{path} is the same run as {before}: give each run once")]
    Twice {
        /// Which file.
        path: PathBuf,
        /// Which one had it before.
        before: PathBuf,
    },
    /// Too many files.
    #[error("{0} files are more than the {MOST_RUNS} that can be compared: leave some out")]
    TooMany(usize),
}

/// What two runs must have in common, so that their figures can be compared.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Conditions {
    /// Where the service answers.
    pub(super) host: String,
    /// Users, or the most connections of a run at a rate.
    pub(super) users: u32,
    /// The rate, if there is one.
    #[serde(default)]
    pub(super) rate: Option<Rate>,
    /// How the load went on: seconds, and the level at their end.
    #[serde(default)]
    pub(super) stages: Vec<(f64, f64)>,
    /// What users did.
    pub(super) scenario: ScenarioSummary,
}

/// An open arrival rate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Rate {
    pub(super) per_second: f64,
    pub(super) arrivals: String,
}

/// A result file, as far as it is compared.
#[derive(Debug, Deserialize)]
struct ResultFile {
    #[serde(flatten)]
    conditions: Conditions,
    #[serde(flatten)]
    run: Run,
    #[serde(flatten)]
    outcome: RunOutcome,
}

/// Which run it was, and whether its figures can be trusted.
#[derive(Debug, Deserialize)]
struct RunOutcome {
    started_at: String,
    complete: bool,
    verdict: Verdict,
    requests: u64,
    failures: u64,
}

impl RunOutcome {
    fn is_the_same_run_as(&self, other: &Self) -> bool {
        (&self.started_at, self.requests, self.failures) == (&other.started_at, other.requests, other.failures)
    }
}

/// What a run did, as far as it is compared.
#[derive(Clone, Debug, Deserialize)]
struct Run {
    duration_s: f64,
    routes: Vec<RunRoute>,
}

#[derive(Clone, Debug, Deserialize)]
struct RunRoute {
    method: String,
    route: String,
    requests_per_s: f64,
    histograms: Histograms,
}

/// Earlier runs, all under the conditions of the run to come.
#[derive(Clone, Debug)]
pub struct Baseline {
    before: Vec<Run>,
    /// Earlier runs of what is tested now.
    now: Vec<Run>,
    /// Files of runs in which the generator was the bottleneck.
    doubtful: Vec<String>,
}

/// Reads the result of a run.
fn read(path: &Path) -> Result<ResultFile, BaselineError> {
    let unreadable = |error| BaselineError::Unreadable { path: path.to_owned(), error };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(|error| BaselineError::Malformed { path: path.to_owned(), error })
}

impl Baseline {
    /// Reads runs of what was before, and of what is tested now, and refuses those that were made under other conditions
    /// than the run to come will be, did not go to their end, or are given twice.
    pub fn read<'a>(before: &'a [PathBuf], now: &'a [PathBuf], conditions: &Conditions) -> Result<Self, BaselineError> {
        let (mut known, mut doubtful) = (Vec::<(RunOutcome, &PathBuf)>::new(), Vec::new());
        let mut read_all = |paths: &'a [PathBuf]| {
            if paths.len() > MOST_RUNS {
                return Err(BaselineError::TooMany(paths.len()));
            }
            let checked = |path: &'a PathBuf| {
                let file = read(path)?;
                file.conditions.check(conditions, path)?;
                if !file.outcome.complete {
                    return Err(BaselineError::Incomplete(path.clone()));
                }
                if let Some((_, before)) = known.iter().find(|(run, _)| run.is_the_same_run_as(&file.outcome)) {
                    return Err(BaselineError::Twice { path: path.clone(), before: (*before).clone() });
                }
                if file.outcome.verdict == Verdict::GeneratorLimited {
                    doubtful.push(path.display().to_string());
                }
                known.push((file.outcome, path));
                Ok(file.run)
            };
            paths.iter().map(checked).collect::<Result<Vec<_>, _>>()
        };
        let (before, now) = (read_all(before)?, read_all(now)?);
        Ok(Self { before, now, doubtful })
    }

    /// Holds a finished run, with the earlier ones of its kind, against those before.
    pub fn compare(&self, summary: &Summary) -> Comparison {
        let this = Run::of(summary);
        let now: Vec<_> = self.now.iter().chain([&this]).collect();
        let before: Vec<_> = self.before.iter().collect();
        let whole = Figures { method: "", route: "Aggregated" };
        let routes = this.routes.iter().map(|route| Figures { method: &route.method, route: &route.route });
        let figures = routes.chain([whole]).flat_map(|figures| figures.differences(&before, &now)).collect();
        let lowest = smallest_rank_sum_p(before.len(), now.len());
        let mut doubtful = self.doubtful.clone();
        if summary.verdict == Verdict::GeneratorLimited {
            doubtful.push("this run".to_owned());
        }
        Comparison { runs_before: before.len(), runs_now: now.len(), smallest_p: lowest, doubtful, figures }
    }
}

impl Conditions {
    /// Those of a run to come.
    pub fn of(config: &Config, scenario: &Scenario) -> Self {
        let rate = match &config.load {
            Load::Users(_) => None,
            Load::Rate(rate) => Some(Rate { per_second: rate.per_second, arrivals: rate.arrivals.name().to_owned() }),
        };
        Self {
            host: config.target.to_string(),
            users: config.most_users(),
            rate,
            stages: config.load.stages().iter().map(|stage| (stage.lasts.as_secs_f64(), stage.level)).collect(),
            scenario: ScenarioSummary::new(scenario),
        }
    }

    fn check(&self, ours: &Self, path: &Path) -> Result<(), BaselineError> {
        let differ = |what, theirs: String, ours: String| {
            Err(BaselineError::Different { path: path.to_owned(), what, theirs, ours })
        };
        if self.host != ours.host {
            return differ("the host", self.host.clone(), ours.host.clone());
        }
        if self.rate != ours.rate {
            return differ("the rate", self.rate(), ours.rate());
        }
        // At a rate the number is that of the connections allowed: no part of the load.
        if self.users != ours.users && ours.rate.is_none() {
            return differ("the number of users", self.users.to_string(), ours.users.to_string());
        }
        if self.stages != ours.stages {
            return differ("the course of the load", self.stages(), ours.stages());
        }
        if self.scenario.tasks != ours.scenario.tasks {
            return differ("the mix of requests", self.scenario.mix(), ours.scenario.mix());
        }
        Ok(())
    }

    fn rate(&self) -> String {
        let shown = |rate: &Rate| format!("{} a second ({})", rate.per_second, rate.arrivals);
        self.rate.as_ref().map_or_else(|| "none".to_owned(), shown)
    }

    fn stages(&self) -> String {
        if self.stages.is_empty() {
            return "no stages".to_owned();
        }
        self.stages.iter().map(|(seconds, level)| format!("{seconds}s:{level}")).collect::<Vec<_>>().join(" ")
    }
}

impl Run {
    fn of(summary: &Summary) -> Self {
        let route = |route: &RouteSummary| RunRoute {
            method: route.method.clone(),
            route: route.route.clone(),
            requests_per_s: route.requests_per_s,
            histograms: route.histograms.clone(),
        };
        Self { duration_s: summary.duration_s, routes: summary.routes.iter().map(route).collect() }
    }
}

/// The difference between two sets of runs, figure by figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// Runs before.
    pub runs_before: usize,
    /// Runs of what is tested now.
    pub runs_now: usize,
    /// The smallest p value that so many runs can give; above 0.05, no test can tell.
    pub smallest_p: f64,
    /// Runs in which the generator was the bottleneck, by their files: their figures are not those of the service.
    #[serde(default)]
    pub doubtful: Vec<String>,
    /// Every figure that is compared.
    pub figures: Vec<Difference>,
}

/// One figure, before and now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// The method; empty for all requests together.
    pub method: String,
    /// The route.
    pub route: String,
    /// `p50_ms`, `p95_ms`, `p99_ms`, `fail_ratio` or `requests_per_s`.
    pub figure: Cow<'static, str>,
    /// Its value in the runs before, merged.
    pub before: f64,
    /// Its value in the runs of now, merged.
    pub now: f64,
    /// How much larger it is now, as a share of what it was; null when it was 0.
    pub change: Option<f64>,
    /// How likely a difference like this is by chance: the p value of a rank-sum test over the runs. Null when there are
    /// too few runs to tell.
    pub p: Option<f64>,
    /// What that means.
    pub meaning: Meaning,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Better by more than noise.
    Better,
    /// Worse by more than noise.
    Worse,
    /// Not more than the noise between runs.
    Noise,
    /// There are too few runs to know how much noise there is.
    Unknown,
}

/// A figure that is compared: its name, how it is computed, and whether more of it is better.
type Figure = (&'static str, fn(&Merged) -> f64, bool);

/// The figures of one route, or of all.
struct Figures<'a> {
    method: &'a str,
    route: &'a str,
}

/// What several runs did on one route.
#[derive(Default)]
struct Merged {
    all: Latencies,
    failed: u64,
    /// Requests that were over while requests were sent.
    over: f64,
    seconds: f64,
}

impl Merged {
    fn p50_ms(&self) -> f64 {
        milliseconds(self.all.percentile(50.0))
    }

    fn p95_ms(&self) -> f64 {
        milliseconds(self.all.percentile(95.0))
    }

    fn p99_ms(&self) -> f64 {
        milliseconds(self.all.percentile(99.0))
    }

    fn fail_ratio(&self) -> f64 {
        self.failed as f64 / self.all.count().max(1) as f64
    }

    fn requests_per_s(&self) -> f64 {
        self.over / self.seconds.max(f64::EPSILON)
    }
}

impl Figures<'_> {
    fn merged<'r>(&self, runs: impl IntoIterator<Item = &'r &'r Run>) -> Merged {
        let mut merged = Merged::default();
        for run in runs {
            merged.seconds += run.duration_s;
            let wanted = |route: &&RunRoute| {
                self.method.is_empty() || (route.method == self.method && route.route == self.route)
            };
            for route in run.routes.iter().filter(wanted) {
                merged.over += route.requests_per_s * run.duration_s;
                merged.failed += route.histograms.failed.count();
                merged.all.merge(&route.histograms.all());
            }
        }
        merged
    }

    fn differences(&self, before: &[&Run], now: &[&Run]) -> Vec<Difference> {
        let figures: [Figure; 5] = [
            ("p50_ms", Merged::p50_ms, false),
            ("p95_ms", Merged::p95_ms, false),
            ("p99_ms", Merged::p99_ms, false),
            ("fail_ratio", Merged::fail_ratio, false),
            ("requests_per_s", Merged::requests_per_s, true),
        ];
        let (all_before, all_now) = (self.merged(before), self.merged(now));
        let each = |runs: &[&Run]| runs.iter().map(|run| self.merged([run])).collect::<Vec<_>>();
        let (each_before, each_now) = (each(before), each(now));
        let tellable = smallest_rank_sum_p(before.len(), now.len()) <= SIGNIFICANT;
        let difference = |(figure, value, more_is_better): Figure| {
            let (was, is) = (value(&all_before), value(&all_now));
            let values = |runs: &[Merged]| runs.iter().map(value).collect::<Vec<_>>();
            let p = tellable.then(|| rank_sum_p(&values(&each_before), &values(&each_now)));
            let meaning = match p {
                None => Meaning::Unknown,
                Some(p) if p > SIGNIFICANT => Meaning::Noise,
                Some(_) if (is > was) == more_is_better => Meaning::Better,
                Some(_) => Meaning::Worse,
            };
            let change = (was != 0.0).then(|| is / was - 1.0);
            let (method, route) = (self.method.to_owned(), self.route.to_owned());
            Difference { method, route, figure: figure.into(), before: was, now: is, change, p, meaning }
        };
        figures.map(difference).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::tables::example;
    use std::time::Duration;

    /// A run whose requests took about so many milliseconds.
    fn run(millis: u64) -> Summary {
        let mut summary = example();
        summary.host = "http://127.0.0.1:5000".to_owned();
        summary.started_at = format!("2026-11-24T12:00:00.{millis:03}Z");
        summary.scenario = ScenarioSummary::new(&Scenario::store(10, 10, &[]).unwrap());
        for (place, route) in summary.routes.iter_mut().enumerate() {
            for number in 0..100 {
                let took = Duration::from_micros(1_000 * millis * (place as u64 + 1) + number * 10);
                if number == 0 && millis > 20 {
                    route.histograms.failed.record(took);
                } else {
                    route.histograms.succeeded.record(took);
                }
            }
        }
        summary
    }

    /// As they stand in a file of the run.
    fn conditions(summary: &Summary) -> Conditions {
        serde_json::from_value(serde_json::to_value(summary).unwrap()).unwrap()
    }

    fn written(folder: &Path, name: &str, summary: &Summary) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, serde_json::to_string(summary).unwrap()).unwrap();
        path
    }

    fn figure<'a>(comparison: &'a Comparison, route: &str, figure: &str) -> &'a Difference {
        comparison.figures.iter().find(|found| found.route == route && found.figure == figure).unwrap()
    }

    #[test]
    fn runs_of_a_file_merge_and_compare_exactly() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = (0..4).map(|n| written(folder.path(), &format!("{n}"), &run(10 + n))).collect();
        let again: Vec<_> = (0..3).map(|n| written(folder.path(), &format!("now{n}"), &run(30 + n))).collect();
        let now = run(33);
        let conditions = conditions(&now);
        let comparison = Baseline::read(&files, &again, &conditions).unwrap().compare(&now);
        assert_eq!((comparison.runs_before, comparison.runs_now), (4, 4));
        let mut merged = Latencies::default();
        (0..4).for_each(|n| merged.merge(&run(10 + n).routes[0].histograms.all()));
        let p95 = figure(&comparison, &now.routes[0].route, "p95_ms");
        assert!((p95.before - milliseconds(merged.percentile(95.0))).abs() < 1e-9, "{p95:?}");
        assert_eq!(p95.meaning, Meaning::Worse);
        assert!((p95.p.unwrap() - 2.0 / 70.0).abs() < 1e-9, "{p95:?}");
        let failed = figure(&comparison, "Aggregated", "fail_ratio");
        assert_eq!((failed.before, failed.now, failed.meaning), (0.0, 0.01, Meaning::Worse));
        assert_eq!(figure(&comparison, "Aggregated", "requests_per_s").meaning, Meaning::Noise);
    }

    #[test]
    fn one_run_each_says_that_the_noise_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let before = written(folder.path(), "before", &run(10));
        let now = run(11);
        let comparison = Baseline::read(&[before], &[], &conditions(&now)).unwrap().compare(&now);
        assert!(comparison.figures.iter().all(|found| found.meaning == Meaning::Unknown && found.p.is_none()));
        let p50 = figure(&comparison, &now.routes[0].route, "p50_ms");
        assert!((0.08..0.12).contains(&p50.change.unwrap()), "{p50:?}");
    }

    #[test]
    fn a_run_counts_once_and_only_if_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let now = run(20);
        let write = |name: &str, summary: &Summary| written(folder.path(), name, summary);
        let (one, same, other) = (write("one", &run(10)), write("copy", &run(10)), write("other", &run(11)));
        let read = |before: &[&PathBuf], now_too: &[&PathBuf]| {
            let owned = |paths: &[&PathBuf]| paths.iter().map(|path| (*path).clone()).collect::<Vec<_>>();
            Baseline::read(&owned(before), &owned(now_too), &conditions(&now))
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        assert_eq!(read(&[&one, &other], &[]), Ok(()));
        for (before, now) in [([&one, &same], vec![]), ([&one, &one], vec![]), ([&other, &one], vec![&same])] {
            let error = read(&before, &now).unwrap_err();
            assert!(error.contains("is the same run as") && error.contains("one: give each run once"), "{error}");
        }
        let cut_short = write("cut", &Summary { complete: false, ..run(12) });
        let error = read(&[&cut_short], &[]).unwrap_err();
        assert!(error.contains("cut is of a run that did not go to its end"), "{error}");
    }

    #[test]
    fn a_run_that_the_generator_limited_is_named_as_doubtful() {
        let folder = tempfile::tempdir().unwrap();
        let limited = |millis| Summary { verdict: Verdict::GeneratorLimited, ..run(millis) };
        let (limited_file, valid) =
            (written(folder.path(), "limited.json", &limited(10)), written(folder.path(), "valid.json", &run(11)));
        let now = limited(12);
        let files = [limited_file, valid];
        let comparison = Baseline::read(&files, &[], &conditions(&now)).unwrap().compare(&now);
        let title = crate::loadtest::comparison::table(&comparison).render(None, false);
        let title = title.lines().next().unwrap();
        assert!(title.contains("limited.json, this run: the generator was the bottleneck"), "{title}");
        assert!(!title.contains("valid.json") && title.contains("doubtful"), "{title}");
        let comparison = Baseline::read(&files[1..], &[], &conditions(&now)).unwrap().compare(&run(12));
        let table = crate::loadtest::comparison::table(&comparison).render(None, false);
        assert!(!table.lines().next().unwrap().contains("doubtful"), "{table}");
    }

    #[test]
    fn other_conditions_are_refused_with_both_values() {
        let folder = tempfile::tempdir().unwrap();
        let now = run(10);
        let refused = |name: &str, change: fn(&mut Summary)| {
            let mut other = run(10);
            change(&mut other);
            let path = written(folder.path(), name, &other);
            Baseline::read(&[path], &[], &conditions(&now)).unwrap_err().to_string()
        };
        assert!(refused("u", |run| run.users = 7).contains("the number of users differs, 7 there and 150 here"));
        assert!(refused("h", |run| run.host = "x".to_owned()).contains("the host differs"));
        assert!(refused("s", |run| run.stages = vec![(1.0, 5.0)]).contains("the course of the load differs"));
        assert!(refused("m", |run| run.scenario.tasks[0].weight += 1).contains("the mix of requests differs"));
        let path = folder.path().join("broken");
        std::fs::write(&path, "{}").unwrap();
        let error = Baseline::read(&[path], &[], &conditions(&now)).unwrap_err().to_string();
        assert!(error.contains("is not what `loadtest --json`"), "{error}");
    }
}
