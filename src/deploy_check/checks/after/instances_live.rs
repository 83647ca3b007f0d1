//! `instances-live`: every instance answers.

use crate::deploy_check::checks::{Check, Probe, settle};
use crate::deploy_check::finding::Outcome;
use crate::deploy_check::surroundings::Surroundings;

pub(crate) const CHECK: Check = Check {
    id: "instances-live",
    expected: "every instance answers GET /live",
    probe: Probe::Running(|surroundings| Box::pin(settle(check(surroundings)))),
};

async fn check(surroundings: &Surroundings) -> Result<Outcome, Outcome> {
    let instances = surroundings.instance_targets()?;
    let mut failures = Vec::new();
    for instance in instances {
        match surroundings.get(instance, "/live").await {
            Ok(_) => {}
            Err(reason) => failures.push(format!("{instance}: {reason}")),
        }
    }
    if failures.is_empty() {
        let names: Vec<_> = instances.iter().map(ToString::to_string).collect();
        return Ok(Outcome::pass(names.join(", ")));
    }
    Ok(Outcome::fail(failures.join("\n"), "start it, or take it out of STOREMGR_INSTANCES"))
}
