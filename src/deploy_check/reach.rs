//! Whether one container reaches another by a name and a port.

use super::files::{Compose, Files, Service};

/// What a name of an address stands for.
#[derive(Debug)]
pub(super) enum Reach<'a> {
    /// A service that listens there, or of which it is not known where it listens.
    Fine(&'a Service),
    /// Nothing that the files know of; it may exist all the same.
    Outside,
    /// A mistake: a sentence, and what to write instead.
    Wrong { says: String, write: String },
}

/// Looks a host and a port up, as the container of `from` sees them.
pub(super) fn reach<'a>(
    files: &Files,
    compose: &'a Compose,
    from: &Service,
    host: &str,
    port: Option<u16>,
) -> Reach<'a> {
    // In Docker, `tasks.NAME` resolves to all containers of a service.
    let name = host.strip_prefix("tasks.").unwrap_or(host);
    let outside = from.hosts.contains(name) && compose.service(name).is_none_or(|service| service.name != name);
    if outside || from.on_host {
        return Reach::Outside;
    }
    let Some(service) = compose.service_for(from, name) else {
        // A name with a dot and an IP address are outside of the deployment; so may be any name on a shared network, or
        // among the names of another container.
        let unknown =
            name.contains(['.', ':']) || name == "localhost" || from.on_shared_network || !from.network_mode.is_empty();
        if unknown || from.hosts.contains(name) {
            return Reach::Outside;
        }
        let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
        let meant = crate::units::nearest(name, &names).map(str::to_owned).unwrap_or_default();
        return Reach::Wrong { says: format!("{name}, which is not a service"), write: meant };
    };
    at_port(files, service, name, port)
}

/// Whether a service listens at a port, by the name that it is asked by.
pub(super) fn at_port<'a>(files: &Files, service: &'a Service, name: &str, port: Option<u16>) -> Reach<'a> {
    let (Some(port), Some(listens)) = (port, files.listening(service)) else { return Reach::Fine(service) };
    if listens.contains(&port) {
        return Reach::Fine(service);
    }
    let mut shown: Vec<_> = listens.iter().map(ToString::to_string).collect();
    shown.truncate(4);
    let first = shown.first().cloned().unwrap_or_default();
    Reach::Wrong {
        says: format!("{name} at port {port}; {} listens on {}", service.name, shown.join(", ")),
        write: format!("{name}:{first}"),
    }
}

/// The host and port of `host:port`, `http://host:port/…` or `host`.
pub(super) fn host_and_port(address: &str) -> (String, Option<u16>) {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let usual = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host.to_owned(), port.parse().ok()),
        _ => (authority.to_owned(), usual),
    }
}
