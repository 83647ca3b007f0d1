//! The parts of a running stack that a load test watches by itself.

use super::layout::Layout;
use super::state::State;
use super::status::look;
use super::{ProcessName, StackError, environment};
use crate::net::Target;
use crate::observe::{DatabaseSubject, ProcessSubject, RedisSubject, Role, Subject};

/// What stands behind an address of the stack, nginx or an instance; empty if it is none of the stack's, or if the stack does
/// not run.
pub(super) fn behind(layout: &Layout, target: &Target) -> Result<Vec<Subject>, StackError> {
    let Some(state) = State::read(layout)? else { return Ok(Vec::new()) };
    let status = look(layout, &state);
    let serves = |name: ProcessName| name == ProcessName::Nginx || name.is_instance();
    let mut running = status.processes.iter().filter(|process| process.pid.is_some());
    let ours = matches!(target.host_name(), "127.0.0.1" | "localhost")
        && running.clone().any(|process| serves(process.name) && state.ports.of(process.name) == target.port());
    if !ours || !running.any(|process| process.name == ProcessName::Database) {
        return Ok(Vec::new());
    }
    let host = || "127.0.0.1".to_owned();
    let mut subjects = vec![Subject::Database(DatabaseSubject {
        host: host(),
        port: state.ports.of(ProcessName::Database),
        database: Some(environment::DATABASE.to_owned()),
        user: environment::OBSERVER.to_owned(),
        password: Some(environment::password(layout)?),
    })];
    for process in &status.processes {
        let Some(pid) = process.pid else { continue };
        let role = match process.name {
            ProcessName::Database | ProcessName::Member(_) => Role::Database,
            ProcessName::Redis => {
                let port = state.ports.of(ProcessName::Redis);
                subjects.push(Subject::Redis(RedisSubject { host: host(), port, user: None, password: None }));
                Role::Cache
            }
            ProcessName::Serve(_) => Role::Service,
            ProcessName::RedisReplica => Role::Cache,
            ProcessName::Sentinel | ProcessName::Prometheus | ProcessName::Nginx => continue,
        };
        subjects.push(Subject::Process(ProcessSubject { pid, role }));
    }
    Ok(subjects)
}
