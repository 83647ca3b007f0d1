//! `addresses-named`: the addresses that services are configured with name other services, at ports where those listen.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{DB_PORT, REDIS_PORT};
use crate::deploy_check::files::{Compose, Files, Nginx, Service, port_of};
use crate::deploy_check::finding::CheckOutcome;
use crate::net::Target;

pub(crate) const CHECK: Check = Check {
    id: "addresses-named",
    expected: "DB_HOST, REDIS_HOST, PROMETHEUS_URL, STOREMGR_URL and STOREMGR_INSTANCES name services of the compose file",
    probe: Probe::Files(|files| finished(check(files))),
};

/// Variables whose value is a host name.
const HOSTS: [&str; 2] = ["DB_HOST", "REDIS_HOST"];

/// Variables whose value is one URL or several.
const URLS: [&str; 4] = ["PROMETHEUS_URL", "GRAFANA_URL", "STOREMGR_URL", "STOREMGR_INSTANCES"];

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mut wrong = Vec::new();
    let mut looked = 0;
    for service in &compose.services {
        for (variable, host, port) in hosts(service) {
            looked += 1;
            let place = format!("{variable} of {}", service.name);
            let fault = fault(compose, service, &place, &host);
            wrong.extend(fault.or_else(|| unserved_port(files, &place, compose.service(&host)?, port?)));
        }
        for published in &service.published {
            let place = format!("the published port {}", published.port);
            wrong.extend(unserved_port(files, &place, service, published.inside));
        }
        wrong.extend(wrong_port(compose, service, "DB_HOST", &DB_PORT.of(service), "3306"));
        wrong.extend(wrong_port(compose, service, "REDIS_HOST", &REDIS_PORT.of(service), "6379"));
    }
    if looked == 0 {
        return Err(CheckOutcome::skip("no service is configured with an address", "see files-readable"));
    }
    if wrong.is_empty() {
        let unseen = files.nginx().ok().and_then(Nginx::unseen);
        let unseen = unseen.map(|unseen| format!("where nginx listens, by {unseen}"));
        return Ok(CheckOutcome::pass(format!("{looked} addresses")).with_unseen(unseen));
    }
    let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
    Ok(CheckOutcome::fail(wrong.join("\n"), format!("the services are {}", names.join(", "))))
}

/// For each variable with a host: its name, the host, and the port if the value includes one.
fn hosts(service: &Service) -> Vec<(String, String, Option<u16>)> {
    let mut found = Vec::new();
    for variable in HOSTS {
        found.extend(service.environment.get(variable).map(|host| (variable.to_owned(), host.clone(), None)));
    }
    for variable in URLS {
        for url in service.environment.get(variable).into_iter().flat_map(|urls| urls.split(',')) {
            found.extend(
                Target::parse(url)
                    .ok()
                    .map(|target| (variable.to_owned(), target.host().to_owned(), Some(target.port()))),
            );
        }
    }
    found.retain(|(_, host, _)| !host.is_empty());
    found
}

/// A sentence if `place` uses an instance or nginx at a port where that does not listen.
fn unserved_port(files: &Files, place: &str, asked: &Service, port: u16) -> Option<String> {
    let listens = if files.is_instance(asked) {
        vec![port_of(asked)]
    } else if asked.image_name() == "nginx" {
        let nginx = files.nginx().ok()?;
        // A file that nginx.conf includes may name further ports.
        nginx.unseen().is_none().then(|| nginx.ports())?
    } else {
        return None;
    };
    let shown = || listens.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    (!listens.contains(&port)).then(|| format!("{place} asks {} at port {port}; it listens on {}", asked.name, shown()))
}

fn fault(compose: &Compose, service: &Service, place: &str, host: &str) -> Option<String> {
    if (host == "localhost" || host.starts_with("127.")) && !service.on_host {
        return Some(format!("{place} is {host}, which is its own container"));
    }
    // A name with a dot and an IP address are outside of the deployment; so may be any name on a shared network.
    let outside = host.contains(['.', ':']) || host == "localhost" || service.on_shared_network;
    (!outside && compose.service(host).is_none()).then(|| format!("{place} is {host}, which is not a service"))
}

/// A sentence if a service uses the database or Redis at a port other than its usual one. `None` if the server is no
/// service of the compose file.
fn wrong_port(compose: &Compose, service: &Service, host: &str, port: &str, usual: &str) -> Option<String> {
    let server = compose.service(service.environment.get(host)?)?;
    let listens = server.server_option("port").unwrap_or_else(|| usual.to_owned());
    (listens != port)
        .then(|| format!("{} talks to {} at port {port}; it listens on {listens}", service.name, server.name))
}
