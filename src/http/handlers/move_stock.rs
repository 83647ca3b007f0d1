//! `POST /stocks/{id}/movements`: adds pieces to a stock or takes some away, whatever was sold meanwhile.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::catalog::Change;
use crate::domain::{MAX_STOCK, ProductId, Stock};
use crate::wire::{Code, StockMovementBody};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let key = call.idempotency_key()?;
    let body: StockMovementBody = call.json()?;
    let change = body.whole_change(call.body()).filter(|change| *change != 0 && change.unsigned_abs() <= MAX_STOCK);
    let change = change.ok_or_else(|| {
        let sentence = format!("a change is a whole number from -{MAX_STOCK} to {MAX_STOCK}, and not 0");
        ApiError::new(Code::InvalidQuantity, sentence)
    })?;
    let product_id = ProductId::new(call.id);
    let moved = store.catalog.write(&Change::MoveStock { product_id, change }, key.as_ref(), call.deadline).await?;
    let stock = Stock { product_id, quantity: moved.quantity };
    Ok(reply::replayed(reply::json(StatusCode::OK, &stock)?, moved.replayed))
}
