//! `GET /stocks/{id}`, by the product's number.

use hyper::Response;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::ProductId;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let stock = store.catalog.stock(ProductId::new(call.id), call.deadline).await?;
    reply::found(stock, "product", call.id)
}
