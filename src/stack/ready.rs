//! Waits until a process is ready, or fails if it ends or takes too long.

use std::time::Duration;

use tokio::process::Child;
use tokio::time::{Instant, sleep};

use super::launch::{Log, ending};
use super::process::answers;
use super::state::StateFile;
use super::{ProcessName, StackError};

/// The pause between two probes: short compared with a start, long compared with a probe.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until the process answers on its port. The error contains the end of its log.
pub(super) async fn wait(
    name: ProcessName,
    port: u16,
    mut child: Option<&mut Child>,
    log: &Log,
    state_file: &StateFile,
    limit: Duration,
) -> Result<(), StackError> {
    let start = Instant::now();
    loop {
        // Checked before the probe, so that an answer cannot come from another program on the same port.
        let alive = state_file.entry(name).is_some_and(|entry| entry.is_alive());
        if alive && answers(name, port).await {
            return Ok(());
        }
        let ended = match child.as_mut() {
            Some(child) => child.try_wait().map_err(|source| StackError::Spawn { name, source })?,
            None => None,
        };
        if ended.is_some() || !alive {
            let (log, lines) = (log.path.clone(), log.tail());
            return Err(StackError::Crashed { name, ending: ending(ended), log, lines });
        }
        if start.elapsed() >= limit {
            return Err(StackError::NotReady { name, after: limit, log: log.path.clone(), lines: log.tail() });
        }
        sleep(PAUSE).await;
    }
}
