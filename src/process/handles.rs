//! File handles of this process: each connection takes one, and the system grants only so many.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises this process's own limit of open files as far as it may, and gives it; `None` for no limit.
pub fn raise_open_files() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    if raised { maximum } else { current }
}
