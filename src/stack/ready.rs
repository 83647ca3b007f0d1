//! Waits until a process is ready, or fails if it ends or takes too long.

use std::path::Path;
use std::time::Duration;

use tokio::process::Child;
use tokio::time::{Instant, sleep};

use super::identity::Identity;
use super::launch::{Log, ending};
use super::process::answers;
use super::state::{ProcessEntry, StateFile};
use super::{ProcessName, StackError};
use crate::process::{Handles, tcp_sockets};

/// The pause between two probes: short compared with a start, long compared with a probe.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until the process answers on its port. The error contains the end of its log.
pub(super) async fn wait(
    name: ProcessName,
    port: u16,
    home: &Path,
    mut child: Option<&mut Child>,
    log: &Log,
    state_file: &StateFile,
    limit: Duration,
) -> Result<(), StackError> {
    let start = Instant::now();
    let mut stranger = false;
    loop {
        let entry = state_file.entry(name).filter(ProcessEntry::is_alive);
        let alive = entry.is_some();
        if let Some(entry) = entry
            && answers(name, port).await
        {
            // Another program may have taken the port since it was chosen, and answers while ours cannot.
            if listens(&entry.identity, home, port) {
                return Ok(());
            }
            stranger = true;
        }
        let ended = match child.as_mut() {
            Some(child) => child.try_wait().map_err(|source| StackError::Spawn { name, source })?,
            None => None,
        };
        let (gone, late) = (ended.is_some() || !alive, start.elapsed() >= limit);
        if stranger && (gone || late) {
            return Err(StackError::PortTaken { name, port });
        }
        if gone {
            let (log, lines) = (log.path.clone(), log.tail());
            return Err(StackError::Crashed { name, ending: ending(ended), log, lines });
        }
        if late {
            return Err(StackError::NotReady { name, after: limit, log: log.path.clone(), lines: log.tail() });
        }
        sleep(PAUSE).await;
    }
}

/// Whether it is this process, or one that it has started, that listens on the port; also true if the system does not say.
fn listens(process: &Identity, home: &Path, port: u16) -> bool {
    let sockets = tcp_sockets(process.pid);
    let listeners: Vec<u64> =
        sockets.iter().filter(|one| one.port == port && one.state == "listening").map(|one| one.inode).collect();
    let companions = process.companions(home).into_iter().map(|companion| companion.pid);
    let owns = |pid| Handles::of(pid).map_or(true, |handles| listeners.iter().any(|one| handles.sockets.contains(one)));
    listeners.is_empty() || std::iter::once(process.pid).chain(companions).any(owns)
}
