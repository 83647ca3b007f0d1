//! The parts of a running stack that a load test watches by itself.

use super::layout::Layout;
use super::state::State;
use super::status::look;
use super::{ProcessName, StackError, environment, roles};
use crate::net::Target;
use crate::observe::{DatabaseSubject, ProcessSubject, RedisSubject, Role, Subject};

/// What stands behind an address of the stack, nginx or an instance; empty if it is none of the stack's, or if the stack does
/// not run. Of a group, the database is the server that takes writes, and Redis the master. A server that does not run is left
/// out.
pub(super) async fn behind(layout: &Layout, target: &Target) -> Result<Vec<Subject>, StackError> {
    let Some(state) = State::read(layout)? else { return Ok(Vec::new()) };
    let status = look(layout, &state);
    let serves = |name: ProcessName| name == ProcessName::Nginx || name.is_instance();
    let runs = |name: ProcessName| status.processes.iter().any(|process| process.name == name && process.pid.is_some());
    let is_asked = |name: ProcessName| serves(name) && runs(name) && state.ports.of(name) == target.port();
    let ours = matches!(target.host_name(), "127.0.0.1" | "localhost")
        && status.processes.iter().any(|process| is_asked(process.name));
    if !ours {
        return Ok(Vec::new());
    }
    let host = || "127.0.0.1".to_owned();
    let mut subjects = Vec::new();
    let primary = roles::primary(layout, &state).await?;
    if runs(primary) {
        subjects.push(Subject::Database(DatabaseSubject {
            host: host(),
            port: state.ports.of(primary),
            database: Some(environment::DATABASE.to_owned()),
            user: environment::OBSERVER.to_owned(),
            password: Some(environment::password(layout)?),
        }));
    }
    let master = roles::master(&state).await;
    if runs(master) {
        let port = state.ports.of(master);
        subjects.push(Subject::Redis(RedisSubject { host: host(), port, user: None, password: None }));
    }
    for process in &status.processes {
        let Some(pid) = process.pid else { continue };
        let role = match process.name {
            ProcessName::Database | ProcessName::Member(_) => Role::Database,
            ProcessName::Redis | ProcessName::RedisReplica => Role::Cache,
            ProcessName::Serve(_) => Role::Service,
            ProcessName::Sentinel | ProcessName::Prometheus | ProcessName::Nginx => continue,
        };
        subjects.push(Subject::Process(ProcessSubject { pid, role }));
    }
    Ok(subjects)
}
