//! `requests-spread`: nginx sends every instance a fair share of the requests.

use crate::deploy_check::checks::after::front_reaches_instances::{health_checks, send_at_once};
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
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

/// The smallest part of an equal share that passes.
const LEAST: f64 = 0.5;

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
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
    let shares: Vec<_> = counts
        .iter()
        .map(|(instance, count)| format!("{instance} {}", units::percent(count / total.max(1.0))))
        .collect();
    let seen = shares.join(", ");
    if counts.iter().any(|(_, count)| *count < 1.0) {
        return Err(CheckOutcome::skip(seen, "see front-reaches-instances"));
    }
    let fair = total / counts.len() as f64;
    if counts.iter().all(|(_, count)| *count >= fair * LEAST) {
        return Ok(CheckOutcome::pass(seen));
    }
    Ok(CheckOutcome::fail(
        seen,
        "look at the weights in nginx's upstream, for least_conn, and for an instance that is slow",
    ))
}
