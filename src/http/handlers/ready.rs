//! `GET /ready`: whether requests should come here. MySQL answers, the schema is current, and the store is not leaving.

use std::time::Duration;

use hyper::Response;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use tokio::time::Instant;

use crate::db::{DbError, SchemaState};
use crate::wire::Code;

/// The longest that the database may take to say that it is there: less than any balancer's patience.
const PROBE_LIMIT: Duration = Duration::from_millis(900);

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let not_ready = |sentence: String| Err(ApiError::new(Code::NotReady, sentence));
    if store.is_draining() {
        return not_ready("this instance is shutting down".to_owned());
    }
    match probe(store, call.deadline.min(Instant::now() + PROBE_LIMIT)).await? {
        SchemaState::Current { .. } => Ok(reply::health()),
        SchemaState::Behind { version, needed } => not_ready(format!(
            "the database schema is at version {version} and {needed} is needed: run `storemgr migrate`"
        )),
        SchemaState::Changed { version } => {
            not_ready(format!("migration {version} of the database is not the one this program knows"))
        }
    }
}

async fn probe(store: &Store, deadline: Instant) -> Result<SchemaState, DbError> {
    let mut session = store.database.session(deadline).await?;
    let facts = session.server_facts().await?;
    store.metrics.db_max_connections.set(i64::try_from(facts.max_connections).unwrap_or(i64::MAX));
    session.schema_state().await
}
