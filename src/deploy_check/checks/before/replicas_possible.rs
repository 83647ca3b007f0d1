//! `replicas-possible`: a service with several containers has nothing that only one container can have.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "replicas-possible",
    expected: "a service with several replicas has no fixed port of the machine, name or address",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let several: Vec<_> = compose.services.iter().filter(|service| service.replicas > 1).collect();
    if several.is_empty() {
        return Err(CheckOutcome::skip("no service has several replicas", "nothing to do"));
    }
    let faults: Vec<_> = several.iter().flat_map(|service| faults(service)).collect();
    let advice = "leave out what only one container can have, and put a proxy in front";
    Ok(CheckOutcome::of(faults, advice, || format!("{} services with replicas", several.len())))
}

fn faults(service: &Service) -> Vec<Fault> {
    let (name, replicas) = (&service.name, service.replicas);
    let mut found = Vec::new();
    for port in &service.published {
        let free = u64::from(port.last - port.port) + 1;
        if free < replicas {
            let says =
                format!("{name} has {replicas} replicas, and {free} port of the machine for them, {}", port.port);
            let fault = Fault::error(Some(port.place.clone()), says);
            let last = u64::from(port.port) + replicas - 1;
            found.push(fault.write(format!("\"{}-{last}:{}\"", port.port, port.inside)));
        }
    }
    if !service.container_name.is_empty() {
        let says = format!("{name} has {replicas} replicas, and one name for their containers");
        found.push(Fault::error(Some(service.place_of("container_name")), says));
    }
    if service.has_fixed_address {
        let says = format!("{name} has {replicas} replicas, and one address for them");
        found.push(Fault::error(Some(service.place_of("networks")), says));
    }
    found
}
