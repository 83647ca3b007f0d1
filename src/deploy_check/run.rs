//! Running checks: all at the same time, each under its own limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::checks::{Check, Probe, UnderWay};
use super::files::Files;
use super::finding::{Finding, Outcome, Phase, Verdict};
use super::surroundings::Surroundings;
use crate::units;

/// How many time limits a check of what runs may take in all: its questions have one each.
const QUESTIONS: u32 = 6;

/// The longest that a check of files may take: the programs it asks read a few files.
const FILES_LIMIT: Duration = Duration::from_secs(30);

/// Makes those of the checks that look at files, and gives their findings in the order of the list.
pub async fn before(checks: &[Check], files: Files) -> Verdict {
    let files = Arc::new(files);
    let start = |check: &Check| match check.probe {
        Probe::Running(_) => None,
        Probe::Files(probe) => {
            let files = Arc::clone(&files);
            Some((*check, tokio::spawn(async move { limited(FILES_LIMIT, probe(&files)).await })))
        }
    };
    Verdict::new(Phase::Before, gather(checks.iter().filter_map(start).collect()).await)
}

/// Makes those of the checks that look at what runs, and gives their findings in the order of the list.
pub async fn after(checks: &[Check], surroundings: Surroundings) -> Verdict {
    let limit = surroundings.timeout * QUESTIONS;
    let surroundings = Arc::new(surroundings);
    let start = |check: &Check| match check.probe {
        Probe::Files(_) => None,
        Probe::Running(probe) => {
            let surroundings = Arc::clone(&surroundings);
            Some((*check, tokio::spawn(async move { limited(limit, probe(&surroundings)).await })))
        }
    };
    Verdict::new(Phase::After, gather(checks.iter().filter_map(start).collect()).await)
}

async fn gather(running: Vec<(Check, JoinHandle<Outcome>)>) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(running.len());
    for (check, task) in running {
        let outcome = task.await.unwrap_or_else(|error| {
            Outcome::fail(format!("the check itself failed: {error}"), "report this defect of storemgr")
        });
        findings.push(Finding {
            id: check.id,
            status: outcome.status,
            seen: outcome.seen,
            expected: check.expected.to_owned(),
            advice: outcome.advice,
        });
    }
    findings
}

async fn limited(limit: Duration, check: UnderWay<'_>) -> Outcome {
    tokio::time::timeout(limit, check).await.unwrap_or_else(|_| {
        let seen = format!("no result after {}", units::duration(limit));
        Outcome::fail(seen, "find out what is slow, or give the checks more time with --timeout")
    })
}
