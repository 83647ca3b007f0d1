//! `POST /products`.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::NewProduct;
use crate::wire::{NewProductBody, ProductCreated};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let body: NewProductBody = call.json()?;
    let product = NewProduct::new(&body.name, &body.sku, body.price)?;
    let product_id = store.catalog.add_product(&product, call.deadline).await?;
    reply::json(StatusCode::CREATED, &ProductCreated { product_id })
}
