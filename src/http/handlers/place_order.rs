//! `POST /orders`.

use hyper::header::{HeaderValue, LOCATION};
use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::{IdempotencyKey, InvalidOrder, NewOrder};
use crate::wire::{Code, IDEMPOTENCY_KEY, ItemBody, NewOrderBody, OrderPlaced};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let key = idempotency_key(call)?;
    let order = new_order(call)?;
    let placed = store.orders.place(order, key, call.deadline).await?;
    let answer = OrderPlaced { order_id: placed.order_id, total_amount: placed.total };
    let mut response = reply::json(StatusCode::CREATED, &answer)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/orders/{}", placed.order_id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    if placed.replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn new_order(call: &Call) -> Result<NewOrder, ApiError> {
    let body: NewOrderBody = call.json()?;
    let quantities = body.quantities(call.body());
    let item = |(item, quantity): (&ItemBody, Option<u64>)| {
        let quantity = quantity.ok_or(InvalidOrder::Quantity(item.product_id))?;
        Ok((item.product_id, quantity))
    };
    let items = body.items.iter().zip(quantities).map(item).collect::<Result<Vec<_>, InvalidOrder>>()?;
    Ok(NewOrder::new(body.user_id, &items)?)
}

fn idempotency_key(call: &Call) -> Result<Option<IdempotencyKey>, ApiError> {
    let mut values = call.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ApiError::new(Code::InvalidParameter, "give one Idempotency-Key, not several"));
    }
    let key = IdempotencyKey::parse(value.as_bytes());
    key.map(Some).map_err(|error| ApiError::new(Code::InvalidParameter, error.to_string()))
}
