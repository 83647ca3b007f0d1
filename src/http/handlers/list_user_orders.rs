//! `GET /users/{id}/orders`: newest first, in pages by a cursor that clients pass on as they got it.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::{OrderCursor, UserId};
use crate::wire::{Code, OrderSummary, UserOrders};

/// The default and the greatest number of orders on a page.
const DEFAULT_PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 1_000;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let limit = call.number("limit", DEFAULT_PAGE, 1, LARGEST_PAGE)?;
    let cursor = cursor(call)?;
    // One order more than requested shows whether there is a next page.
    let found = store.orders.of_user(UserId::new(call.id), cursor.as_ref(), limit as u32 + 1, call.deadline).await?;
    let Some(mut orders) = found else {
        return Err(ApiError::new(Code::NotFound, format!("there is no user {}", call.id)));
    };
    let more = orders.len() as u64 > limit;
    orders.truncate(limit as usize);
    let last = orders.last().filter(|_| more);
    let next = last.and_then(|order| Some(OrderCursor::of(&order.created_at, order.id)?.encode()));
    let summary = |order: crate::db::OrderHead| OrderSummary {
        id: order.id,
        total_amount: order.total,
        created_at: order.created_at,
    };
    reply::json(StatusCode::OK, &UserOrders { orders: orders.into_iter().map(summary).collect(), next })
}

fn cursor(call: &Call) -> Result<Option<OrderCursor>, ApiError> {
    let Some(text) = call.parameter("cursor")? else { return Ok(None) };
    let cursor = OrderCursor::decode(text);
    let sentence = "the query parameter cursor is the value of next from the page before";
    cursor.map(Some).ok_or_else(|| ApiError::new(Code::InvalidParameter, sentence))
}
