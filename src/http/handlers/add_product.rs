//! `POST /products`.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::catalog::Change;
use crate::domain::{NewProduct, ProductId};
use crate::wire::{NewProductBody, ProductCreated};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let key = call.idempotency_key()?;
    let body: NewProductBody = call.json()?;
    let product = NewProduct::new(&body.name, &body.sku, body.price)?;
    let added = store.catalog.write(&Change::AddProduct(product), key.as_ref(), call.deadline).await?;
    let answer = ProductCreated { product_id: ProductId::new(added.id) };
    Ok(reply::replayed(reply::json(StatusCode::CREATED, &answer)?, added.replayed))
}
