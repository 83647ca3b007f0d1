//! File handles: each connection needs one, and the system limits their number.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// File handles that a run needs besides those of its connections.
const OTHER_HANDLES: u64 = 64;

/// The number of file handles that a run with this many connections needs in total.
pub(in crate::loadtest) fn handles_for(connections: u32) -> u64 {
    u64::from(connections) + OTHER_HANDLES
}

/// The number of connections that this process may open, at most `wanted`. Raises the limit if it can.
pub(in crate::loadtest) fn most_connections(wanted: u32) -> u32 {
    match raise_handles(wanted) {
        Ok(()) => wanted,
        Err(limit) => u32::try_from(limit.saturating_sub(OTHER_HANDLES)).unwrap_or(wanted).min(wanted),
    }
}

/// Raises this process's limit of file handles to its maximum if the connections need it. The error is the limit, if
/// that is not enough.
pub(in crate::loadtest) fn raise_handles(connections: u32) -> Result<(), u64> {
    let needed = handles_for(connections);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|limit| limit >= needed) {
        return Ok(());
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    (if raised { maximum } else { current }).filter(|limit| *limit < needed).map_or(Ok(()), Err)
}
