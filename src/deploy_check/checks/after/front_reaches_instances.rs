//! `front-reaches-instances`: requests through nginx really reach every instance.

use tokio::task::JoinSet;

use crate::deploy_check::checks::check::{Check, Probe, settle};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;
use crate::net::Target;

pub(crate) const CHECK: Check = Check {
    id: "front-reaches-instances",
    expected: "requests through nginx reach every instance",
    probe: Probe::Running(|deployment| Box::pin(settle(check(deployment)))),
};

/// Requests sent at once for each instance. At once, because `least_conn` may send one request after another to the same
/// instance for as long as somebody else's requests keep the other one busy.
const REQUESTS: usize = 6;

/// How often that is done before an instance counts as not reached.
const ROUNDS: usize = 3;

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let front = deployment.front_target()?;
    let instances = deployment.instance_targets()?;
    let mut missed = Vec::new();
    for instance in instances {
        // One that does not answer is for instances-live to tell.
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

/// Sends requests at the same time; gives what the first that failed says.
pub(super) async fn send_at_once(deployment: &RunningDeployment, front: &Target, count: usize) -> Option<String> {
    let mut requests = JoinSet::new();
    for _ in 0..count {
        let (deployment, front) = (deployment.clone(), front.clone());
        requests.spawn(async move { deployment.get(&front, "/health-check").await.err() });
    }
    requests.join_all().await.into_iter().flatten().next()
}

/// How many health checks an instance has answered.
pub(super) async fn health_checks(deployment: &RunningDeployment, instance: &Target) -> Result<f64, String> {
    deployment.metric(instance, "storemgr_http_requests_total", r#"route="/health-check""#).await
}
