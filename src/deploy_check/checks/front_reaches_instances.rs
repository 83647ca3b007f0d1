//! `front-reaches-instances`: requests through nginx really reach every instance.

use super::super::finding::Outcome;
use super::super::surroundings::Surroundings;
use super::{Check, settle};

pub(super) const CHECK: Check = Check {
    id: "front-reaches-instances",
    expected: "requests through nginx reach every instance",
    run: |surroundings| Box::pin(settle(check(surroundings))),
};

/// Requests sent for each instance: enough for any balancing to have its turn with all of them.
const REQUESTS: usize = 6;

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let front = surroundings.front_target()?;
    let instances = surroundings.instance_targets()?;
    let mut live = Vec::new();
    for instance in instances {
        // One that does not answer is for instances-live to tell.
        if let Ok(count) = health_checks(surroundings, instance).await {
            live.push((instance, count));
        }
    }
    if live.is_empty() {
        return Err(Outcome::skip("no instance answers", "see instances-live"));
    }
    for _ in 0..instances.len() * REQUESTS {
        if let Err(reason) = surroundings.get(front, "/health-check").await {
            return Ok(Outcome::fail(format!("{front}: {reason}"), "see that nginx runs, and its error log"));
        }
    }
    let mut missed = Vec::new();
    for (instance, before) in &live {
        let after = health_checks(surroundings, instance).await.unwrap_or(*before);
        if after <= *before {
            missed.push(instance.to_string());
        }
    }
    if missed.is_empty() {
        let count = instances.len() * REQUESTS;
        return Ok(Outcome::pass(format!("{count} requests to {front} reached {} instances", live.len())));
    }
    let seen = format!("no request to {front} reached {}", missed.join(", "));
    Ok(Outcome::fail(seen, "list that instance in nginx's upstream, and reload nginx"))
}

/// How many health checks an instance has answered.
async fn health_checks(surroundings: &Surroundings, instance: &crate::net::Target) -> Result<f64, String> {
    surroundings.metric(instance, "storemgr_http_requests_total", r#"route="/health-check""#).await
}
