//! `GET /orders/reports/highest-spenders`.

use hyper::Response;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let rows = super::report_rows(call)?;
    reply::report(&store.reports.highest_spenders(rows, call.deadline).await?)
}
