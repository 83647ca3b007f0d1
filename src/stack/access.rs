//! The addresses and accounts of a stack's services, for code that uses them directly.

use super::layout::Layout;
use super::state::State;
use super::{ProcessName, StackError, environment};
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
    let host = || "127.0.0.1".to_owned();
    Ok(Some(Access {
        database: db::Address {
            host: host(),
            port: state.ports.of(ProcessName::Database),
            name: environment::DATABASE.to_owned(),
            user: environment::ACCOUNT.to_owned(),
            password: environment::password(layout)?,
        },
        cache: cache::Address { host: host(), port: state.ports.of(ProcessName::Redis), database: 0, password: None },
        prometheus: loopback(ProcessName::Prometheus),
        front: loopback(ProcessName::Nginx),
        first_instance: loopback(ProcessName::Serve1),
    }))
}
