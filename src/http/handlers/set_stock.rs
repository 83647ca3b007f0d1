//! `POST /stocks`.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::catalog::Change;
use crate::domain::MAX_STOCK;
use crate::wire::{Code, NewStockBody, StockSet};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let key = call.idempotency_key()?;
    let body: NewStockBody = call.json()?;
    let product_id = body.product_id;
    let quantity = body.whole_quantity(call.body()).filter(|&quantity| quantity <= MAX_STOCK).ok_or_else(|| {
        ApiError::new(Code::InvalidQuantity, format!("a stock is a whole number from 0 to {MAX_STOCK}"))
    })?;
    let set = store.catalog.write(&Change::SetStock { product_id, quantity }, key.as_ref(), call.deadline).await?;
    let result = format!("the stock of product {product_id} is {quantity}");
    Ok(reply::replayed(reply::json(StatusCode::CREATED, &StockSet { result })?, set.replayed))
}
