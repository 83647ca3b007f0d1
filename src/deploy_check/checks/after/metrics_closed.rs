//! `metrics-closed`: what the instances tell Prometheus is not told to the world.

use hyper::Method;

use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;
use crate::net;

pub(crate) const CHECK: Check = Check {
    id: "metrics-closed",
    expected: "GET /metrics through nginx is refused",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let front = surroundings.front_target()?;
    let answer = net::request_once(front, Method::GET, "/metrics", &[], Vec::new(), surroundings.timeout).await;
    let answer = answer.map_err(|_| Outcome::skip("nginx does not answer", "see front-reaches-instances"))?;
    if answer.status.is_success() {
        let seen = format!("{front}/metrics is answered with {} bytes", answer.body.len());
        return Ok(Outcome::fail(seen, "add `location = /metrics { return 404; }` to nginx.conf, and reload nginx"));
    }
    Ok(Outcome::pass(answer.status.to_string()))
}
