//! `GET /products`: pages start after the last number seen, so that every page costs the same.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::wire::ProductPage;

/// The default and the greatest number of products on a page.
const DEFAULT_PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 1_000;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let after = call.number("after", 0, 0, u64::MAX)?;
    let limit = call.number("limit", DEFAULT_PAGE, 1, LARGEST_PAGE)?;
    // One product more than requested shows whether there is a next page.
    let mut products = store.catalog.products_after(after, limit as u32 + 1, call.deadline).await?;
    let more = products.len() as u64 > limit;
    products.truncate(limit as usize);
    let next = products.last().filter(|_| more).map(|product| product.id);
    reply::json(StatusCode::OK, &ProductPage { products, next })
}
