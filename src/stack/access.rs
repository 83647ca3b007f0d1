//! Where the services of a stack answer, for a program that works with them itself.

use super::layout::Layout;
use super::state::State;
use super::{ProcessName, StackError, environment};
use crate::net::Target;
use crate::{cache, db};

/// Addresses and the account of a stack that is up.
#[derive(Clone, Debug)]
pub struct Access {
    /// The store's database.
    pub database: db::Address,
    /// The reports' cache.
    pub cache: cache::Address,
    /// Prometheus.
    pub prometheus: Target,
    /// nginx, in front of the instances.
    pub front: Target,
    /// The first instance itself.
    pub first_instance: Target,
}

/// What the state says; nothing when nothing runs.
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
