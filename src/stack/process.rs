//! The list of all processes: how each is started, and how each is tested for readiness.

use super::launch_spec::{LaunchContext, LaunchSpec};
use super::{ProcessName, StackError, database, nginx, prometheus, redis, sentinel, serve};

/// The launch spec of a process.
pub(super) fn launch_spec(name: ProcessName, context: &LaunchContext<'_>) -> Result<LaunchSpec, StackError> {
    Ok(match name {
        ProcessName::Database | ProcessName::Member(_) => database::launch_spec(name, context),
        ProcessName::Redis | ProcessName::RedisReplica => redis::launch_spec(name, context),
        ProcessName::Sentinel => sentinel::launch_spec(context),
        ProcessName::Prometheus => prometheus::launch_spec(context),
        ProcessName::Nginx => nginx::launch_spec(context)?,
        ProcessName::Serve(_) => serve::launch_spec(name, context),
    })
}

/// Whether the process on this port is ready to work.
pub(super) async fn answers(name: ProcessName, port: u16) -> bool {
    match name {
        ProcessName::Database | ProcessName::Member(_) => database::answers(port).await,
        ProcessName::Redis | ProcessName::RedisReplica | ProcessName::Sentinel => redis::answers(port).await,
        ProcessName::Prometheus => prometheus::answers(port).await,
        ProcessName::Nginx => nginx::answers(port).await,
        ProcessName::Serve(_) => serve::answers(port).await,
    }
}
