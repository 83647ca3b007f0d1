//! `GET /orders/reports/best-sellers`.

use hyper::Response;

use super::super::body::Payload;
use super::super::call::Call;
use super::super::error::ApiError;
use super::super::{Store, reply};
use crate::read_models::MAX_ROWS;

/// The rows of a report when the request does not say.
const DEFAULT_ROWS: u64 = 10;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let limit = call.number("limit", DEFAULT_ROWS, 1, u64::from(MAX_ROWS))?;
    reply::report(&store.reports.best_sellers(limit as u32, call.deadline).await?)
}
