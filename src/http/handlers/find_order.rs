//! `GET /orders/{id}`.

use hyper::Response;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::OrderId;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let order = store.orders.find(OrderId::new(call.id), call.deadline).await?;
    reply::found(order, "order", call.id)
}
