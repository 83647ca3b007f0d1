//! File handles: each connection of a run needs one, and the system grants only so many.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// File handles a run needs besides one for each user.
const OTHER_HANDLES: u64 = 64;

/// How many file handles so many connections need, with all else that a run opens.
pub(in crate::loadtest) fn handles_for(connections: u32) -> u64 {
    u64::from(connections) + OTHER_HANDLES
}

/// How many of so many connections this process may open.
pub(in crate::loadtest) fn most_connections(wanted: u32) -> u32 {
    match raise_handles(wanted) {
        Ok(()) => wanted,
        Err(limit) => u32::try_from(limit.saturating_sub(OTHER_HANDLES)).unwrap_or(wanted).min(wanted),
    }
}

/// Raises this process's own limit of file handles as far as it may, if so many connections need it. Fails with the
/// limit, if that is not far enough.
pub(in crate::loadtest) fn raise_handles(connections: u32) -> Result<(), u64> {
    let needed = handles_for(connections);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|limit| limit >= needed) {
        return Ok(());
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    (if raised { maximum } else { current }).filter(|limit| *limit < needed).map_or(Ok(()), Err)
}
