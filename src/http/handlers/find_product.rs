//! `GET /products/{id}`.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::{Product, ProductId};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let product = store.catalog.product(ProductId::new(call.id), call.deadline).await?;
    match product {
        Some(product) => reply::tagged(StatusCode::OK, &product, &product.state()),
        None => reply::found(None::<Product>, "product", call.id),
    }
}
