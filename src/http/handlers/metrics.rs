//! `GET /metrics`.

use hyper::{Response, StatusCode};

use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::metrics::TEXT_FORMAT;
use crate::process::{cpu_time, dropped_log_lines};
use crate::wire::Code;

pub(in crate::http) fn handle(store: &Store) -> Result<Response<Payload>, ApiError> {
    store.database.observe();
    let dropped = &store.metrics.log_lines_dropped_total;
    dropped.inc_by((dropped_log_lines() as f64 - dropped.get()).max(0.0));
    let text = store.metrics.render(cpu_time()).map_err(|error| {
        tracing::error!(%error, "metrics cannot be written");
        ApiError::new(Code::InternalError, "the store has a defect: please report it")
    })?;
    Ok(reply::text(StatusCode::OK, TEXT_FORMAT, text))
}
