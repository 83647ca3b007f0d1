//! `front-reaches-instances`: requests through nginx reach every instance, as the instances' own counters show.

use tokio::task::JoinSet;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;

pub(crate) const CHECK: Check = Check {
    id: "front-reaches-instances",
    expected: "requests through nginx reach every instance",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

/// Requests sent at the same time, per instance. One after another, `least_conn` could send all of them to the same
/// instance for as long as other clients keep the second one busy.
const REQUESTS: usize = 6;

/// Rounds without a request before an instance counts as not reached.
const ROUNDS: usize = 3;

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let front = deployment.front_target()?;
    let instances = deployment.instance_targets()?;
    let mut missed = Vec::new();
    for instance in instances {
        // instances-live reports an instance that does not answer.
        if let Ok(count) = health_checks(deployment, instance).await {
            missed.push((instance, count));
        }
    }
    let live = missed.len();
    if live == 0 {
        return Err(CheckOutcome::skip("no instance answers", "see instances-live"));
    }
    let mut sent = 0;
    for _ in 0..ROUNDS {
        let burst = instances.len() * REQUESTS;
        sent += burst;
        let failed = send_at_once(deployment, front, burst).await;
        if let Some(reason) = failed {
            return Ok(CheckOutcome::fail(format!("{front}: {reason}"), "see that nginx runs, and its error log"));
        }
        let mut still = Vec::new();
        for (instance, before) in missed {
            if health_checks(deployment, instance).await.unwrap_or(before) <= before {
                still.push((instance, before));
            }
        }
        missed = still;
        if missed.is_empty() {
            return Ok(CheckOutcome::pass(format!("{sent} requests to {front} reached {live} instances")));
        }
    }
    let names: Vec<_> = missed.iter().map(|(instance, _)| instance.to_string()).collect();
    let seen = format!("none of {sent} requests to {front} reached {}", names.join(", "));
    Ok(CheckOutcome::fail(seen, "list that instance in nginx's upstream, and reload nginx"))
}

/// Sends `count` health checks at the same time. Returns the reason of the first failure, or `None` if all succeed.
pub(super) async fn send_at_once(deployment: &RunningDeployment, front: &Target, count: usize) -> Option<String> {
    let mut requests = JoinSet::new();
    for _ in 0..count {
        let (deployment, front) = (deployment.clone(), front.clone());
        requests.spawn(async move { deployment.get(&front, "/health-check").await.err() });
    }
    requests.join_all().await.into_iter().flatten().next()
}

/// The number of health checks that an instance has answered since its start.
pub(super) async fn health_checks(deployment: &RunningDeployment, instance: &Target) -> Result<f64, String> {
    deployment.metric(instance, "storemgr_http_requests_total", r#"route="/health-check""#).await
}
