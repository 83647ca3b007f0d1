//! The list of all processes: how each is started, and how each is tested for readiness.

use super::launch_spec::{LaunchContext, LaunchSpec};
use super::{ProcessName, StackError, database, nginx, prometheus, redis, serve};

/// The launch spec of a process.
pub(super) fn launch_spec(name: ProcessName, context: &LaunchContext<'_>) -> Result<LaunchSpec, StackError> {
    Ok(match name {
        ProcessName::Database => database::launch_spec(context),
        ProcessName::Redis => redis::launch_spec(context),
        ProcessName::Prometheus => prometheus::launch_spec(context),
        ProcessName::Nginx => nginx::launch_spec(context)?,
        ProcessName::Serve1 | ProcessName::Serve2 => serve::launch_spec(name, context),
    })
}

/// Whether the process on this port is ready to work.
pub(super) async fn answers(name: ProcessName, port: u16) -> bool {
    match name {
        ProcessName::Database => database::answers(port).await,
        ProcessName::Redis => redis::answers(port).await,
        ProcessName::Prometheus => prometheus::answers(port).await,
        ProcessName::Nginx => nginx::answers(port).await,
        ProcessName::Serve1 | ProcessName::Serve2 => serve::answers(port).await,
    }
}
