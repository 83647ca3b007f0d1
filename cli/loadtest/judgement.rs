//! The options that judge a run: thresholds, the allowed share of failures, earlier runs.

use std::path::PathBuf;

use storemgr::loadtest::{Baseline, Criteria, Threshold, unjudged_ratio};
use storemgr::run_result::{Conditions, RecordedRun, RunResult};
use storemgr::units;

use super::groups::NOT_WITH_FIND_LIMIT;
use crate::failure::Failure;
use crate::options::NamedFiles;

/// The options under the heading "Judgement".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Judgement")]
pub(crate) struct JudgementArgs {
    /// A condition that the run must meet, e.g. 'p95<200ms', 'POST /orders:fail_ratio<1%', 'rps>500' or 'checks>99%';
    /// repeatable. A failed request counts as slower than all good ones; 'good:p95<200ms' looks at good answers alone,
    /// 'all:p95<200ms' at whatever was answered, and 'POST /orders:good:p95<200ms' at those of a route
    #[arg(long = "threshold", value_name = "CONDITION")]
    pub(super) thresholds: Vec<Threshold>,
    /// The highest acceptable share of failed requests, e.g. 1% or 0.01 [default: 0 where no threshold limits failures]
    #[arg(long, env = "STOREMGR_MAX_FAIL_RATIO", value_name = "RATIO", value_parser = units::parse_share,
          group = NOT_WITH_FIND_LIMIT)]
    max_fail_ratio: Option<f64>,
    /// Compare with earlier runs, given as files of --json; refused when host, users, rate or mix differ. Several runs
    /// tell a difference from noise
    #[arg(long, value_name = "FILE", num_args = 1.., group = NOT_WITH_FIND_LIMIT)]
    baseline: Vec<PathBuf>,
    /// With --baseline: earlier runs of what is tested now, which are counted together with this one
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "baseline")]
    with: Vec<PathBuf>,
}

impl JudgementArgs {
    /// Adds the files of earlier runs.
    pub(super) fn named_files(&self, named: NamedFiles) -> NamedFiles {
        named.inputs("--baseline", &self.baseline).inputs("--with", &self.with)
    }

    /// Reads the baseline for a run under these conditions with these thresholds.
    pub(super) fn criteria(&self, thresholds: Vec<Threshold>, conditions: &Conditions) -> Result<Criteria, Failure> {
        let baseline = if self.baseline.is_empty() { None } else { Some(self.read_baseline(conditions)?) };
        Ok(Criteria { thresholds, baseline })
    }

    fn read_baseline(&self, conditions: &Conditions) -> Result<Baseline, Failure> {
        let read = |paths: &[PathBuf]| {
            let run = |path: &PathBuf| RecordedRun::read(path).map(|run| (path.clone(), run));
            paths.iter().map(run).collect::<Result<Vec<_>, _>>().map_err(Failure::usage)
        };
        Baseline::new(read(&self.baseline)?, read(&self.with)?, conditions).map_err(Failure::usage)
    }

    /// Whether more requests failed than `--max-fail-ratio` allows, or, without it, whether any failed that no
    /// threshold limits. A run without a single answer is never good.
    pub(super) fn too_many_failed(&self, run: &RunResult, thresholds: &[Threshold]) -> bool {
        let failed = match self.max_fail_ratio {
            Some(most) => run.bad_ratio() > most,
            None => unjudged_ratio(run, thresholds) > 0.0,
        };
        failed || run.requests == 0
    }
}
