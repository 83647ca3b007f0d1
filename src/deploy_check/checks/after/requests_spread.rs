//! `requests-spread`: nginx sends every instance a fair share of the requests.

use crate::deploy_check::checks::after::front_reaches_instances::{health_checks, send_at_once};
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;
use crate::units;

pub(crate) const CHECK: Check = Check {
    id: "requests-spread",
    expected: "of requests through nginx, every instance gets at least half of an equal share",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// Requests sent at the same time, per instance.
const AT_ONCE: usize = 8;

/// How often that many requests are sent.
const ROUNDS: usize = 3;

/// How often it may be tried. Where connections are counted, an instance that has to wait for a processor gets fewer requests
/// for a moment; what is wrong in a file is wrong each time.
const ATTEMPTS: usize = 3;

/// The smallest part of an equal share that passes.
const LEAST: f64 = 0.5;

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let mut seen = String::new();
    for _ in 0..ATTEMPTS {
        let shares = shares(deployment).await?;
        let told = shares.iter().map(|(instance, share)| format!("{instance} {}", units::percent(*share)));
        seen = told.collect::<Vec<_>>().join(", ");
        if shares.iter().any(|(_, share)| *share <= 0.0) {
            return Err(CheckOutcome::skip(seen, "see front-reaches-instances"));
        }
        let fair = 1.0 / shares.len() as f64;
        if shares.iter().all(|(_, share)| *share >= fair * LEAST) {
            return Ok(CheckOutcome::pass(seen));
        }
    }
    Ok(CheckOutcome::fail(
        seen,
        "look at the weights in nginx's upstream, for least_conn, and for an instance that is slow",
    ))
}

/// Sends requests through nginx; the share of each instance that answers.
async fn shares(deployment: &RunningDeployment) -> Result<Vec<(&Target, f64)>, CheckOutcome> {
    let front = deployment.front_target()?;
    let mut before = Vec::new();
    for instance in deployment.instance_targets()? {
        // instances-live reports an instance that does not answer.
        if let Ok(count) = health_checks(deployment, instance).await {
            before.push((instance, count));
        }
    }
    if before.len() < 2 {
        return Err(CheckOutcome::skip("fewer than two instances answer", "see instances-live"));
    }
    for _ in 0..ROUNDS {
        if send_at_once(deployment, front, before.len() * AT_ONCE).await.is_some() {
            return Err(CheckOutcome::skip(
                "nginx does not pass requests on to an instance",
                "see front-reaches-instances",
            ));
        }
    }
    let mut counts = Vec::new();
    for (instance, count) in before {
        counts.push((instance, health_checks(deployment, instance).await.unwrap_or(count) - count));
    }
    let total: f64 = counts.iter().map(|(_, count)| count).sum();
    Ok(counts.into_iter().map(|(instance, count)| (instance, count / total.max(1.0))).collect())
}
