//! `health-checks`: every long-running service has a health check. Without one, services that depend on it are started
//! too early, and a broken deployment counts as healthy.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Health, Service};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "health-checks",
    expected: "every long-running service has a health check, in the compose file or in the Dockerfile",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    files.dockerfiles()?;
    let staying: Vec<_> = compose.services.iter().filter(|service| !compose.is_one_shot(service)).collect();
    let built_in = |service: &Service| files.dockerfile_of(service).is_some_and(|file| file.has_health_check);
    let lacks = |service: &Service| match service.health {
        Health::Checked => false,
        Health::Unsaid => !built_in(service),
        Health::Off => true,
    };
    let without: Vec<_> = staying.iter().filter(|one| lacks(one)).map(|service| service.name.as_str()).collect();
    if without.is_empty() {
        return Ok(CheckOutcome::pass(format!("{} services", staying.len())));
    }
    Ok(CheckOutcome::fail(
        format!("no health check: {}", without.join(", ")),
        "add a healthcheck that succeeds once the service is ready",
    ))
}
