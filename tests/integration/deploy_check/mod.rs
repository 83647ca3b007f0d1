//! `storemgr deploy-check`: each check fails for its own reason, says so, and drags no other along.

/// In a workflow.
mod action;
/// Of what runs.
mod after;
/// Agreement with Compose itself.
mod agreement;
/// A folder with anybody's deployment.
mod anywhere;
/// Of files.
mod before;
/// What was judged wrongly once.
mod cases;
/// Small deployments in the manners of real ones.
mod corpus;
/// Every check has such a test.
mod coverage;
/// Files with accidents in them.
mod mutated;
/// A deployment's files, sound until a test breaks them in one place.
mod plan;

use storemgr::deploy_check::{Finding, Status, Verdict};

/// The names of the checks that failed.
fn failed(verdict: &Verdict) -> Vec<&'static str> {
    verdict.checks.iter().filter(|finding| finding.status == Status::Fail).map(|finding| finding.id).collect()
}

fn found<'a>(verdict: &'a Verdict, id: &str) -> &'a Finding {
    verdict.checks.iter().find(|finding| finding.id == id).unwrap()
}

/// Asserts that this check alone failed, and what it says.
fn assert_only(verdict: &Verdict, id: &str, seen: &str) {
    assert_eq!(failed(verdict), [id], "{verdict:?}");
    let finding = found(verdict, id);
    assert!(finding.seen.contains(seen), "{finding:?}");
    assert!(!finding.advice.is_empty() && !finding.expected.is_empty() && !verdict.healthy);
}
