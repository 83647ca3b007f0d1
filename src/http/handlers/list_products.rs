//! `GET /products`: pages by the last number seen, so that a page costs the same wherever it lies.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::wire::ProductPage;

/// The products on a page when the request does not say, and the most.
const DEFAULT_PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 1_000;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let after = call.number("after", 0, 0, u64::MAX)?;
    let limit = call.number("limit", DEFAULT_PAGE, 1, LARGEST_PAGE)?;
    // One more than asked for tells whether there is a next page.
    let mut products = store.catalog.products_after(after, limit as u32 + 1, call.deadline).await?;
    let more = products.len() as u64 > limit;
    products.truncate(limit as usize);
    let next = products.last().filter(|_| more).map(|product| product.id);
    reply::json(StatusCode::OK, &ProductPage { products, next })
}
