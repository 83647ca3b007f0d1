//! `health-checks`: every long-running service has a health check. Without one, services that depend on it are started
//! too early, and a broken deployment counts as healthy.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Health, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "health-checks",
    expected: "every long-running service has a health check, in the compose file or in the Dockerfile",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    files.dockerfiles()?;
    let staying: Vec<_> = compose.services.iter().filter(|service| !compose.is_one_shot(service)).collect();
    let built_in = |service: &Service| files.stage_of(service).is_some_and(|stage| stage.has_health_check);
    let lacks = |service: &Service| match service.health {
        Health::Checked => false,
        Health::Unsaid => !built_in(service),
        Health::Off => true,
    };
    // Where another service waits until it is healthy, it never starts.
    let awaited = |service: &Service| {
        compose
            .services
            .iter()
            .any(|other| other.depends_on.get(&service.name).is_some_and(|what| what == "service_healthy"))
    };
    let mut faults = Vec::new();
    for service in staying.iter().filter(|one| lacks(one)) {
        let place = Some(service.place.clone());
        if service.health == Health::Off && awaited(service) {
            let says =
                format!("{} has its health check switched off, and others wait until it is healthy", service.name);
            faults.push(Fault::error(place, says));
        } else {
            let line = "healthcheck: {test: [CMD, …], interval: 10s, timeout: 3s, retries: 5}";
            faults.push(Fault::warning(place, format!("no health check: {}", service.name)).write(line));
        }
    }
    let advice = "add a healthcheck that succeeds once the service is ready";
    Ok(CheckOutcome::of(faults, advice, || format!("{} services", staying.len())))
}
