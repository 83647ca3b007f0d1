//! The lock of a stack: only one command at a time may change it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::layout::Layout;
use super::{Event, Observer, StackError};

/// How long to wait for the lock: longer than an `up` can take, each of whose three steps is limited to a minute.
const PATIENCE: Duration = Duration::from_mins(4);

/// Waits until no other command changes the stack. The lock is held as long as the returned file is open, so it also ends
/// when this command is killed. The processes of the stack do not inherit it.
pub(super) async fn acquire(layout: &Layout, observer: Observer<'_>) -> Result<File, StackError> {
    let path = layout.lock();
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(StackError::file(&path, "opened"))?;
    let start = Instant::now();
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(StackError::File { path, verb: "locked", source }),
            Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                return Err(StackError::Busy { waited: start.elapsed() });
            }
            Err(TryLockError::WouldBlock) => {
                if !told {
                    observer(Event::Waiting);
                    told = true;
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
