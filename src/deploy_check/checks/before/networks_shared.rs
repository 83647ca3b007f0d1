//! `networks-shared`: services that talk to each other are on a network in common. On others, not even the name of the other
//! one exists.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::endpoints::endpoints;
use crate::deploy_check::files::{Compose, Files, Service};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
use crate::deploy_check::reach::host_and_port;

pub(crate) const CHECK: Check = Check {
    id: "networks-shared",
    expected: "services that talk to each other share a network",
    probe: Probe::Files(|files| finished(check(files))),
};

/// One service that talks to another: who, how, to whom, and where that is written.
struct Talk<'a> {
    from: &'a Service,
    how: String,
    host: String,
    place: Place,
}

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mut faults = Vec::new();
    let mut count = 0;
    for talk in talks(files, compose) {
        let name = talk.host.strip_prefix("tasks.").unwrap_or(&talk.host);
        let Some(to) = compose.service_for(talk.from, name).filter(|_| !talk.from.hosts.contains(name)) else {
            continue;
        };
        count += 1;
        if !Compose::share_network(talk.from, to) {
            let says = format!("{} talks to {} ({}), and they share no network", talk.from.name, to.name, talk.how);
            let network = to.networks.first().cloned().unwrap_or_default();
            faults
                .push(Fault::error(Some(talk.place), says).write(format!("{}: networks: [{network}]", talk.from.name)));
        }
    }
    if count == 0 {
        return Err(CheckOutcome::skip("no service is configured to talk to another", "nothing to do"));
    }
    faults.dedup_by(|one, other| one == other);
    Ok(CheckOutcome::of(faults, "put both on one network", || format!("{count} pairs of services")))
}

fn talks<'a>(files: &'a Files, compose: &'a Compose) -> Vec<Talk<'a>> {
    let mut found = Vec::new();
    let by_name = |name: &str| compose.services.iter().find(|one| one.name == name);
    for from in &compose.services {
        let own = endpoints(from).into_iter().filter(|one| !one.is_page);
        found.extend(own.map(|one| Talk { from, how: one.variable, host: one.host, place: one.place }));
    }
    for nginx in files.nginx().unwrap_or_default() {
        let Some(from) = nginx.service.as_deref().and_then(by_name) else { continue };
        found.extend(nginx.passes().into_iter().map(|pass| Talk {
            from,
            how: "nginx".to_owned(),
            host: pass.host,
            place: pass.place,
        }));
    }
    for config in files.prometheus().unwrap_or_default() {
        let Some(from) = config.service.as_ref().and_then(|(name, _)| by_name(name)) else { continue };
        for target in config.jobs.iter().flat_map(|job| &job.targets).chain(&config.others) {
            let host = host_and_port(&target.address).0;
            found.push(Talk { from, how: "Prometheus".to_owned(), host, place: target.place.clone() });
        }
    }
    for source in files.datasources() {
        let Some(from) = by_name(&source.service) else { continue };
        for target in &source.addresses {
            let host = host_and_port(&target.address).0;
            found.push(Talk { from, how: "a datasource".to_owned(), host, place: target.place.clone() });
        }
    }
    found
}
