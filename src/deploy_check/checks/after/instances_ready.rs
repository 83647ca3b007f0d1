//! `instances-ready`: every instance would take requests.

use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "instances-ready",
    expected: "every instance answers GET /ready with 200",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let instances = surroundings.instance_targets()?;
    let (mut ready, mut failures) = (Vec::new(), Vec::new());
    for instance in instances {
        match surroundings.get(instance, "/ready").await {
            Ok(_) => ready.push(instance.to_string()),
            // Told by instances-live.
            Err(_) if surroundings.get(instance, "/live").await.is_err() => {}
            Err(reason) => failures.push(format!("{instance}: {reason}")),
        }
    }
    if ready.is_empty() && failures.is_empty() {
        return Err(Outcome::skip("no instance answers", "see instances-live"));
    }
    if failures.is_empty() {
        return Ok(Outcome::pass(ready.join(", ")));
    }
    if let Some(other) = surroundings.database_fault().await {
        return Err(Outcome::skip(failures.join("\n"), format!("see {other}")));
    }
    Ok(Outcome::fail(failures.join("\n"), "the instance says what it waits for; its log says more"))
}
