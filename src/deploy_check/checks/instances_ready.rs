//! `instances-ready`: every instance would take requests.

use super::super::finding::Outcome;
use super::super::surroundings::Surroundings;
use super::{Check, settle};

pub(super) const CHECK: Check = Check {
    id: "instances-ready",
    expected: "every instance answers GET /ready with 200",
    run: |surroundings| Box::pin(settle(check(surroundings))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let instances = surroundings.instance_targets()?;
    let mut failures = Vec::new();
    for instance in instances {
        match surroundings.get(instance, "/ready").await {
            Ok(_) => {}
            // Told by instances-live.
            Err(_) if surroundings.get(instance, "/live").await.is_err() => {}
            Err(reason) => failures.push(format!("{instance}: {reason}")),
        }
    }
    if failures.is_empty() {
        let names: Vec<_> = instances.iter().map(ToString::to_string).collect();
        return Ok(Outcome::pass(names.join(", ")));
    }
    Ok(Outcome::fail(failures.join("\n"), "the instance says what it waits for; its log says more"))
}
