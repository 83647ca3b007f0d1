//! `metrics-closed`: clients cannot read the instances' metrics through nginx.

use hyper::Method;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::deploy_check::running_deployment::RunningDeployment;

pub(crate) const CHECK: Check = Check {
    id: "metrics-closed",
    expected: "GET /metrics through nginx is refused",
    probe: Probe::Running(|deployment| Box::pin(outcome_of(check(deployment)))),
};

async fn check(deployment: &RunningDeployment) -> Result<CheckOutcome, CheckOutcome> {
    let front = deployment.front_target()?;
    let answer = deployment.request(front, Method::GET, "/metrics", &[], Vec::new()).await;
    let answer = answer.map_err(|_| CheckOutcome::skip("nginx does not answer", "see front-reaches-instances"))?;
    if answer.status.is_success() {
        let seen = format!("{front}/metrics is answered with {} bytes", answer.body.len());
        return Ok(CheckOutcome::fail(
            seen,
            "add `location = /metrics { return 404; }` to nginx.conf, and reload nginx",
        ));
    }
    Ok(CheckOutcome::pass(answer.status.to_string()))
}
