//! `GET /ready`: whether this instance should receive requests. It is ready if the database can be read and would
//! accept writes, the schema is current, the writer of orders runs, and the store is not draining. The check writes
//! nothing.

use std::time::Duration;

use hyper::Response;
use tokio::time::Instant;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::db::SchemaState;
use crate::wire::Code;

/// The longest wait for the database's answer: shorter than the time-out of any balancer.
const PROBE_LIMIT: Duration = Duration::from_millis(900);

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let not_ready = |sentence: String| Err(ApiError::new(Code::NotReady, sentence));
    if store.is_draining() {
        return not_ready("this instance is shutting down".to_owned());
    }
    if store.orders.is_stuck() {
        return not_ready("the thread that writes orders does not go on: restart this instance".to_owned());
    }
    let health = store.database.health(call.deadline.min(Instant::now() + PROBE_LIMIT)).await?;
    store.metrics.db_max_connections.set(i64::try_from(health.max_connections).unwrap_or(i64::MAX));
    match (health.schema, health.obstacle) {
        (SchemaState::Current { .. }, None) => Ok(reply::health()),
        (SchemaState::Current { .. }, Some(obstacle)) => {
            let sentence = format!("the database does not take writes of this instance: {obstacle}");
            Err(ApiError::new(Code::DatabaseUnavailable, sentence))
        }
        (SchemaState::Behind { version, needed }, _) => not_ready(format!(
            "the database schema is at version {version} and {needed} is needed: run `storemgr migrate`"
        )),
        (SchemaState::Changed { version }, _) => {
            not_ready(format!("migration {version} of the database is not the one this program knows"))
        }
    }
}
