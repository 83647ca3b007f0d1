//! `addresses-named`: the hosts that services are told to talk to are services, at the ports they listen on.

use crate::deploy_check::checks::{Check, Probe, told};
use crate::deploy_check::defaults::{DB_PORT, REDIS_PORT};
use crate::deploy_check::files::{Compose, Files, Service};
use crate::deploy_check::finding::Outcome;
use crate::net::Target;

pub(crate) const CHECK: Check = Check {
    id: "addresses-named",
    expected: "DB_HOST, REDIS_HOST, PROMETHEUS_URL, STOREMGR_URL and STOREMGR_INSTANCES name services of the compose file",
    probe: Probe::Files(|files| told(check(files))),
};

/// Variables that hold a host.
const HOSTS: [&str; 2] = ["DB_HOST", "REDIS_HOST"];

/// Variables that hold addresses.
const URLS: [&str; 3] = ["PROMETHEUS_URL", "STOREMGR_URL", "STOREMGR_INSTANCES"];

fn check(files: &Files) -> Result<Outcome, Outcome> {
    let compose = files.compose()?;
    let mut wrong = Vec::new();
    let mut looked = 0;
    for service in &compose.services {
        for (variable, host) in hosts(service) {
            looked += 1;
            wrong.extend(fault(compose, service, &variable, &host));
        }
        wrong.extend(wrong_port(compose, service, "DB_HOST", &DB_PORT.of(service), "3306"));
        wrong.extend(wrong_port(compose, service, "REDIS_HOST", &REDIS_PORT.of(service), "6379"));
    }
    if looked == 0 {
        return Err(Outcome::skip("no service is told an address", "see files-readable"));
    }
    if wrong.is_empty() {
        return Ok(Outcome::pass(format!("{looked} addresses")));
    }
    let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
    Ok(Outcome::fail(wrong.join("\n"), format!("the services are {}", names.join(", "))))
}

fn hosts(service: &Service) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for variable in HOSTS {
        found.extend(service.environment.get(variable).map(|host| (variable.to_owned(), host.clone())));
    }
    for variable in URLS {
        for url in service.environment.get(variable).into_iter().flat_map(|urls| urls.split(',')) {
            found.extend(Target::parse(url).ok().map(|target| (variable.to_owned(), target.host().to_owned())));
        }
    }
    found.retain(|(_, host)| !host.is_empty());
    found
}

fn fault(compose: &Compose, service: &Service, variable: &str, host: &str) -> Option<String> {
    let place = format!("{variable} of {}", service.name);
    if (host == "localhost" || host.starts_with("127.")) && !service.on_host {
        return Some(format!("{place} is {host}, which is its own container"));
    }
    // A name with a dot or an address lies outside, and so may any name on a network that others share.
    let outside = host.contains(['.', ':']) || host == "localhost" || service.on_shared_network;
    (!outside && compose.service(host).is_none()).then(|| format!("{place} is {host}, which is no service"))
}

/// The port of a database or a Redis that is a service here, and listens where its kind does.
fn wrong_port(compose: &Compose, service: &Service, host: &str, port: &str, usual: &str) -> Option<String> {
    let server = compose.service(service.environment.get(host)?)?;
    let listens = server.server_option("port").unwrap_or_else(|| usual.to_owned());
    (listens != port)
        .then(|| format!("{} talks to {} at port {port}; it listens on {listens}", service.name, server.name))
}
