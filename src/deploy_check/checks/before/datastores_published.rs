//! `datastores-published`: no database, cache or broker answers to other machines. Docker opens a published port past the
//! firewall of the machine.

use crate::deploy_check::access::{Access, access_to};
use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Published, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "datastores-published",
    expected: "databases, caches and brokers are published on 127.0.0.1, or not at all",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let stores = files.stores()?;
    let beyond = |service: &&Service| service.published.iter().find(|port| port.is_beyond_this_machine()).cloned();
    let faults = stores.iter().filter_map(|service| Some(fault(files, service, &beyond(service)?)));
    let faults: Vec<_> = faults.collect();
    let advice = "leave the port out, because services reach each other without it, or publish it on 127.0.0.1 alone";
    Ok(CheckOutcome::of(faults, advice, || format!("{} stores, none published to other machines", stores.len())))
}

fn fault(files: &Files, service: &Service, port: &Published) -> Fault {
    let whom = if port.is_everywhere() {
        "on all addresses of this machine".to_owned()
    } else {
        format!("on {}", port.address)
    };
    let says = format!("{} is published {whom}, port {}", service.name, port.port);
    let place = Some(port.place.clone());
    let fault = match access_to(files, service) {
        Access::Open(_) => Fault::error(place, format!("{says}, and asks for no password")),
        Access::Guarded | Access::Unknown => Fault::warning(place, says),
    };
    fault.write(format!("\"127.0.0.1:{}:{}\"", port.port, port.inside))
}
