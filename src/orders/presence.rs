//! The outcome of an interrupted commit, looked up and never guessed.

use std::time::Duration;

use tokio::time::Instant;

use super::OrderError;
use crate::db::{Database, Presence};
use crate::domain::OrderId;

/// How long the outcome is looked for: a database that was killed needs some seconds for its recovery, and most clients
/// wait a minute.
const LIMIT: Duration = Duration::from_secs(20);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether an order whose commit was interrupted is there; looks until it knows or the limit passes. Orders of one
/// transaction share their fate, so one of them speaks for all.
pub(super) async fn presence(database: &Database, id: OrderId) -> Result<Presence, OrderError> {
    let order_id = id.get();
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        if let Ok(mut session) = database.session(deadline).await
            && let Ok(presence) = session.presence(id).await
        {
            tracing::warn!(order_id, ?presence, "a commit was interrupted, and its outcome looked up");
            return Ok(presence);
        }
        tokio::time::sleep(PAUSE).await;
    }
    tracing::error!(order_id, "a commit was interrupted, and its outcome could not be looked up in time");
    Err(OrderError::OutcomeUnknown)
}
