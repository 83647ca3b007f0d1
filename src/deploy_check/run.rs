//! Runs checks: all at the same time, each under its own time limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::checks::{Check, Probe, RunningCheck};
use super::files::Files;
use super::finding::{CheckOutcome, Finding, Phase, Verdict};
use super::running_deployment::RunningDeployment;
use crate::units;

/// The limit of a check of a running deployment, as a multiple of `timeout`, which holds for each of its requests.
const QUESTIONS: u32 = 6;

/// The limit of a check of files: with the reading of them, no input takes over 5 s. The programs that a check may run have
/// less.
const FILES_LIMIT: Duration = Duration::from_secs(4);

/// Runs those of the checks that look at files; returns their findings in the order of the list.
pub async fn before(checks: &[Check], files: Files) -> Verdict {
    let files = Arc::new(files);
    let start = |check: &Check| match check.probe {
        Probe::Running(_) => None,
        Probe::Files(probe) => {
            let files = Arc::clone(&files);
            Some((
                *check,
                tokio::spawn(async move {
                    let late =
                        |seen| CheckOutcome::skip(seen, "look at what it reads: some file is large, or a program slow");
                    limited(FILES_LIMIT, probe(&files), late).await
                }),
            ))
        }
    };
    Verdict::new(Phase::Before, gather(checks.iter().filter_map(start).collect()).await)
}

/// Runs those of the checks that ask a running deployment; returns their findings in the order of the list.
pub async fn after(checks: &[Check], deployment: RunningDeployment) -> Verdict {
    let limit = deployment.timeout * QUESTIONS;
    let deployment = Arc::new(deployment);
    let start = |check: &Check| match check.probe {
        Probe::Files(_) => None,
        Probe::Running(probe) => {
            let deployment = Arc::clone(&deployment);
            Some((
                *check,
                tokio::spawn(async move {
                    let advice = "find out what is slow, or give the checks more time with --timeout";
                    limited(limit, probe(&deployment), |seen| CheckOutcome::fail(seen, advice)).await
                }),
            ))
        }
    };
    Verdict::new(Phase::After, gather(checks.iter().filter_map(start).collect()).await)
}

async fn gather(running: Vec<(Check, JoinHandle<CheckOutcome>)>) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(running.len());
    for (check, task) in running {
        let outcome = task.await.unwrap_or_else(|error| {
            CheckOutcome::fail(format!("the check itself failed: {error}"), "report this defect of storemgr")
        });
        findings.push(Finding {
            id: check.id,
            status: outcome.status,
            severity: outcome.severity,
            seen: outcome.seen,
            expected: check.expected.to_owned(),
            advice: outcome.advice,
            places: outcome.places,
        });
    }
    findings
}

async fn limited(limit: Duration, check: RunningCheck<'_>, late: impl FnOnce(String) -> CheckOutcome) -> CheckOutcome {
    let waited = tokio::time::timeout(limit, check).await;
    waited.unwrap_or_else(|_| late(format!("no result after {}", units::duration(limit))))
}
