//! The addresses and accounts of a stack's services, for code that uses them directly.

use super::layout::Layout;
use super::state::State;
use super::{ProcessName, StackError, environment, sentinel};
use crate::net::Target;
use crate::{cache, db};

/// The addresses of a running stack's services, and the account of its database.
#[derive(Clone, Debug)]
pub struct Access {
    /// The store's database, with the password.
    pub database: db::Address,
    /// Redis, which caches the reports.
    pub cache: cache::Address,
    /// Prometheus, which scrapes the instances.
    pub prometheus: Target,
    /// nginx, in front of the instances.
    pub front: Target,
    /// The first instance, without nginx in front.
    pub first_instance: Target,
}

/// Reads the addresses from the state; `None` if no process of the stack runs.
pub(super) fn access(layout: &Layout) -> Result<Option<Access>, StackError> {
    let Some(state) = State::read(layout)?.filter(|state| !state.processes.is_empty()) else { return Ok(None) };
    let loopback = |name| Target::loopback(state.ports.of(name));
    Ok(Some(Access {
        database: db::Address {
            servers: servers(&state),
            tls: None,
            name: environment::DATABASE.to_owned(),
            user: environment::ACCOUNT.to_owned(),
            password: environment::password(layout)?,
        },
        cache: cache_address(&state),
        prometheus: loopback(ProcessName::Prometheus),
        front: loopback(ProcessName::Nginx),
        first_instance: loopback(ProcessName::Serve(1)),
    }))
}

/// The database, or all members of the group.
fn servers(state: &State) -> db::Servers {
    let ports = ProcessName::databases(state.replicas).map(|name| state.ports.of(name));
    db::Servers::on_loopback(ports)
}

/// Redis, or the master that Sentinel names.
fn cache_address(state: &State) -> cache::Address {
    let host = "127.0.0.1".to_owned();
    let server = cache::Address::server(host.clone(), state.ports.of(ProcessName::Redis), 0);
    if state.replicas <= 1 {
        return server;
    }
    let sentinels = vec![(host, state.ports.of(ProcessName::Sentinel))];
    let place = cache::Place::Sentinels { sentinels, name: sentinel::MASTER.to_owned(), password: None };
    cache::Address { place, ..server }
}
