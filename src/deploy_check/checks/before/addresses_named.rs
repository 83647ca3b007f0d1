//! `addresses-named`: the addresses that services are configured with name other services, at ports where those listen.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{DB_PORT, REDIS_PORT};
use crate::deploy_check::endpoints::{Endpoint, endpoints};
use crate::deploy_check::files::{Compose, Files, Nginx, Service, Store, store_of};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::reach::{Reach, host_and_port, reach};

pub(crate) const CHECK: Check = Check {
    id: "addresses-named",
    expected: "every address in a container's environment, and every published port, names a service of the compose file, at a \
               port where it listens",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mut faults = Vec::new();
    let mut looked = 0;
    for service in &compose.services {
        for endpoint in of_service(files, service) {
            looked += 1;
            faults.extend(fault(files, compose, service, &endpoint));
        }
        let elsewhere = sent_elsewhere(files, service);
        looked += elsewhere.len();
        faults.extend(elsewhere);
        for published in service.published.iter().filter(|port| !port.udp) {
            let Some(listens) = inner_ports(files, service) else { continue };
            looked += 1;
            if !listens.contains(&published.inside) {
                let shown = listens.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let says = format!(
                    "the published port {} asks {} at port {}; it listens on {shown}",
                    published.port, service.name, published.inside
                );
                faults.push(Fault::error(Some(published.place.clone()), says));
            }
        }
    }
    for source in files.datasources() {
        let Some(from) = compose.services.iter().find(|one| one.name == source.service) else { continue };
        for target in &source.addresses {
            looked += 1;
            let (host, port) = host_and_port(&target.address);
            let place = Some(target.place.clone());
            if matches!(host.as_str(), "localhost" | "127.0.0.1") && from.network_mode.is_empty() {
                let says = format!("the datasource {} is Grafana's own container", target.address);
                faults.push(Fault::error(place, says));
            } else if let Reach::Wrong { says, write } = reach(files, compose, from, &host, port) {
                faults.push(Fault::error(place, format!("a datasource of {} asks {says}", from.name)).write(write));
            }
        }
    }
    if looked == 0 {
        return Err(CheckOutcome::skip("no service is configured with an address", "see files-readable"));
    }
    let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
    let unseen: Vec<_> = files.nginx().unwrap_or_default().into_iter().filter_map(Nginx::unseen).collect();
    let unseen = (!unseen.is_empty() && files.instances().is_ok())
        .then(|| format!("where nginx listens, by {}", unseen.join(", ")));
    let advice = format!("the services are {}", names.join(", "));
    Ok(CheckOutcome::of(faults, advice, || format!("{looked} addresses")).with_unseen(unseen))
}

/// The addresses of a service; an instance of the store uses the usual ports where it is told none.
fn of_service(files: &Files, service: &Service) -> Vec<Endpoint> {
    let mut found = endpoints(service);
    // A store's own variables say what it is, not where it is.
    found.retain(|one| store_of(service).is_none() || one.variable.contains("URL"));
    if files.is_instance(service) {
        for one in found.iter_mut().filter(|one| one.port.is_none()) {
            let setting = if one.variable == "DB_HOST" { DB_PORT } else { REDIS_PORT };
            if ["DB_HOST", "REDIS_HOST"].contains(&one.variable.as_str()) {
                one.port = setting.of(service).parse().ok();
            }
        }
    }
    found
}

/// The ports at which a published port is of use; `None` if they are not known.
fn inner_ports(files: &Files, service: &Service) -> Option<Vec<u16>> {
    let known = files.is_instance(service)
        || store_of(service).is_some()
        || files.nginx().unwrap_or_default().iter().any(|one| one.service.as_deref() == Some(&service.name));
    known.then(|| files.listening(service)).flatten()
}

/// Published ports at which Caddy only sends clients to the port for TLS, which is not published.
fn sent_elsewhere(files: &Files, service: &Service) -> Vec<Fault> {
    let fronts: Vec<_> = files.fronts().into_iter().filter(|front| front.service == service.name).collect();
    let Some(sites) = fronts.iter().map(|front| front.secured.as_ref()).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let Some(site) = sites.first().filter(|_| !service.on_host && service.network_mode.is_empty()) else {
        return Vec::new();
    };
    let publishes = |port: u16| service.published.iter().filter(move |one| !one.udp && one.inside == port);
    if publishes(443).next().is_some() {
        return Vec::new();
    }
    let told = |port: u16| {
        let name = site.address.trim_start_matches("https://");
        format!(
            "the published port {port} asks {}, which sends clients to https://{name}, and its port 443 is not published",
            service.name
        )
    };
    publishes(80).map(|one| Fault::error(Some(one.place.clone()), told(one.port)).write("\"443:443\"")).collect()
}

fn fault(files: &Files, compose: &Compose, service: &Service, endpoint: &Endpoint) -> Option<Fault> {
    let place = Some(endpoint.place.clone());
    let of = format!("{} of {}", endpoint.variable, service.name);
    let host = endpoint.host.as_str();
    if host == "localhost" || host.starts_with("127.") {
        return own_container(compose, service, endpoint, &of);
    }
    // An address for browsers is none of a container's, unless it names one.
    if endpoint.is_page && compose.service_for(service, host).is_none() {
        return None;
    }
    match reach(files, compose, service, host, endpoint.port) {
        Reach::Wrong { says, write } if says.ends_with("which is not a service") => {
            Some(Fault::error(place, format!("{of} is {says}")).write(replaced(endpoint, &write)))
        }
        Reach::Wrong { says, write } => Some(Fault::error(place, format!("{of} asks {says}")).write(write)),
        Reach::Outside => None,
        Reach::Fine(target) => {
            let (wanted, found) = (endpoint.store?, store_of(target)?);
            let differ = wanted != found && wanted != Store::Other && found != Store::Other && endpoint.port.is_some();
            differ.then(|| {
                Fault::error(place, format!("{of} speaks to {host} as to {}, which is {}", wanted.word(), found.word()))
            })
        }
    }
}

/// `localhost` in place of a store that is another container.
fn own_container(compose: &Compose, service: &Service, endpoint: &Endpoint, of: &str) -> Option<Fault> {
    let wanted = endpoint.store.filter(|_| service.network_mode.is_empty())?;
    let is_meant = |other: &&Service| {
        let found = store_of(other);
        found.is_some() && other.name != service.name && (wanted == Store::Other || found == Some(wanted))
    };
    let meant = compose.services.iter().find(is_meant)?;
    let says = format!("{of} is {}, which is its own container", endpoint.host);
    Some(Fault::error(Some(endpoint.place.clone()), says).write(replaced(endpoint, &meant.name)))
}

/// The line to write: the variable with another host. A URL is not shown, because it may hold a password.
fn replaced(endpoint: &Endpoint, host: &str) -> String {
    if host.is_empty() {
        return String::new();
    }
    if endpoint.variable.ends_with("HOST") { format!("{}: {host}", endpoint.variable) } else { host.to_owned() }
}
