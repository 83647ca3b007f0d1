//! `DELETE /products/{id}`.

use hyper::Response;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::ProductId;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let deleted = store.catalog.delete_product(ProductId::new(call.id), call.deadline).await?;
    reply::deleted(deleted, "product", call.id)
}
