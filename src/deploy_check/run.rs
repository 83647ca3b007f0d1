//! Running checks: all at the same time, each under its own limit.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::checks::Check;
use super::finding::{Finding, Outcome, Verdict};
use super::surroundings::Surroundings;
use crate::units;

/// How many time limits a check may take in all: its questions have one each.
const QUESTIONS: u32 = 6;

/// Runs checks and gives their findings in the order of the list.
pub async fn run(checks: &[Check], surroundings: Surroundings) -> Verdict {
    let surroundings = Arc::new(surroundings);
    let running: Vec<(Check, JoinHandle<Outcome>)> =
        checks.iter().map(|check| (*check, tokio::spawn(limited(*check, Arc::clone(&surroundings))))).collect();
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
    Verdict::new(findings)
}

async fn limited(check: Check, surroundings: Arc<Surroundings>) -> Outcome {
    let limit = surroundings.timeout * QUESTIONS;
    let outcome = tokio::time::timeout(limit, (check.run)(&surroundings)).await;
    outcome.unwrap_or_else(|_| {
        let seen = format!("no result after {}", units::duration(limit));
        Outcome::fail(seen, "find out what is slow, or give the checks more time with --timeout")
    })
}
