//! Bounds how long a migration waits for a table, and with it everybody else who needs the table.
//!
//! An `ALTER TABLE` waits until every transaction that has used its table has ended, and the server makes all that come
//! later wait behind it: a single long `SELECT` would stop all orders. The server's own limit has whole seconds, and the
//! writer of orders gives up after one. So a second session looks at the first, and interrupts a statement that waits.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{DbError, Session};

/// Pause between two looks.
const POLL: Duration = Duration::from_millis(50);

/// What both servers call a statement that waits for a table.
const WAITING: &str = "Waiting for table metadata lock";

/// A watch over the session that holds a named lock. It ends when the value is dropped.
#[derive(Debug)]
pub(super) struct TableWaitWatch {
    /// Closed when the value is dropped.
    _stop: oneshot::Sender<()>,
}

impl TableWaitWatch {
    /// Watches the session that holds a named lock, from another session of the same server, and interrupts its statement
    /// if it waits for a table longer than `longest`. Behind a router the other session may be on another server, which
    /// does not know the lock; then the server's own limit applies.
    pub(super) fn start(mut watcher: Session, lock: String, longest: Duration) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        tokio::spawn(async move {
            let mut waiting_since = None;
            loop {
                tokio::select! {
                    _ = &mut stopped => break,
                    () = tokio::time::sleep(POLL) => {}
                }
                // A look that fails is followed by the next one.
                let Ok(Some(session)) = watcher.waiting_for_table(&lock).await else {
                    waiting_since = None;
                    continue;
                };
                if waiting_since.get_or_insert_with(Instant::now).elapsed() >= longest {
                    // If it ended in between, nothing is interrupted.
                    drop(watcher.run(&format!("KILL QUERY {session}")).await);
                    waiting_since = None;
                }
            }
            watcher.disconnect().await;
        });
        Self { _stop: stop }
    }
}

impl Session {
    /// The server's number of the session that holds a named lock, if it waits for a table.
    async fn waiting_for_table(&mut self, lock: &str) -> Result<Option<u64>, DbError> {
        let sql = "SELECT id FROM information_schema.processlist WHERE id = IS_USED_LOCK(?) AND state = ?";
        self.row(sql, (lock, WAITING)).await
    }
}
