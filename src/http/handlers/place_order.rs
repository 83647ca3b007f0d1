//! `POST /orders`.

use hyper::header::{HeaderValue, LOCATION};
use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::{InvalidOrder, NewOrder};
use crate::wire::{ItemBody, NewOrderBody, OrderPlaced};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let key = call.idempotency_key()?;
    let order = new_order(call)?;
    let placed = store.orders.place(order, key, call.deadline).await?;
    let answer = OrderPlaced { order_id: placed.order_id, total_amount: placed.total };
    let mut response = reply::json(StatusCode::CREATED, &answer)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/orders/{}", placed.order_id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(reply::replayed(response, placed.replayed))
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
