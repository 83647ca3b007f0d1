//! From a request to its answer: route, read, call the handler, measure.

use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::Instant;

use super::body::{self, Payload};
use super::call::{Call, RequestId};
use super::error::ApiError;
use super::router::{Endpoint, Found};
use super::{Limits, Store, handlers, reply};
use crate::metrics::GaugeGuard;
use crate::wire::Code;

/// Answers one request. Never fails: whatever goes wrong is an answer too.
pub(super) async fn answer(store: Arc<Store>, request: Request<Incoming>, limits: Limits) -> Response<Payload> {
    let request_id = RequestId::of(request.headers());
    // A task of its own: when the client hangs up, hyper drops the future that waits here, and the work goes on.
    let answered = tokio::spawn(measured(store, request, request_id.clone(), limits));
    answered.await.unwrap_or_else(|_| {
        let error = ApiError::new(Code::InternalError, "the store has a defect: please report it");
        error.respond(&request_id, None)
    })
}

async fn measured(
    store: Arc<Store>,
    request: Request<Incoming>,
    request_id: RequestId,
    limits: Limits,
) -> Response<Payload> {
    let started = Instant::now();
    let in_flight = GaugeGuard::new(&store.metrics.http_requests_in_flight);
    let found = store.router.find(request.method(), request.uri().path());
    let endpoint = found.as_ref().ok().map(|found| found.endpoint);
    let result = work(&store, request, found, limits, started + limits.request).await;
    if let (Err(error), Some(endpoint)) = (&result, endpoint) {
        error.log(&request_id, endpoint);
    }
    let mut response = result.unwrap_or_else(|error| error.respond(&request_id, endpoint));
    let headers = response.headers_mut();
    headers.insert(crate::wire::REQUEST_ID, request_id.header_value());
    if store.is_draining() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    drop(in_flight);
    store.routes.observe(endpoint, response.status(), started.elapsed());
    response
}

async fn work(
    store: &Arc<Store>,
    request: Request<Incoming>,
    found: Result<Found, ApiError>,
    limits: Limits,
    deadline: Instant,
) -> Result<Response<Payload>, ApiError> {
    let Found { endpoint, id } = found?;
    let (parts, incoming) = request.into_parts();
    let body = if parts.method == Method::POST {
        body::read_json(&parts.headers, incoming, limits.body_bytes, deadline).await?
    } else {
        Bytes::new()
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    call_handler(store, endpoint, &Call { id, query, headers: parts.headers, body, deadline }).await
}

async fn call_handler(store: &Arc<Store>, endpoint: Endpoint, call: &Call) -> Result<Response<Payload>, ApiError> {
    match endpoint {
        Endpoint::PlaceOrder => handlers::place_order::handle(store, call).await,
        Endpoint::FindOrder => handlers::find_order::handle(store, call).await,
        Endpoint::DeleteOrder => handlers::delete_order::handle(store, call).await,
        Endpoint::BestSellers => handlers::best_sellers::handle(store, call).await,
        Endpoint::HighestSpenders => handlers::highest_spenders::handle(store, call).await,
        Endpoint::AddProduct => handlers::add_product::handle(store, call).await,
        Endpoint::ListProducts => handlers::list_products::handle(store, call).await,
        Endpoint::FindProduct => handlers::find_product::handle(store, call).await,
        Endpoint::DeleteProduct => handlers::delete_product::handle(store, call).await,
        Endpoint::AddUser => handlers::add_user::handle(store, call).await,
        Endpoint::FindUser => handlers::find_user::handle(store, call).await,
        Endpoint::DeleteUser => handlers::delete_user::handle(store, call).await,
        Endpoint::SetStock => handlers::set_stock::handle(store, call).await,
        Endpoint::FindStock => handlers::find_stock::handle(store, call).await,
        Endpoint::StockOverview => handlers::stock_overview::handle(store, call).await,
        Endpoint::HealthCheck | Endpoint::Live => Ok(reply::health()),
        Endpoint::Ready => handlers::ready::handle(store, call).await,
        Endpoint::Metrics => handlers::metrics::handle(store),
        Endpoint::OpenApi => Ok(reply::text(StatusCode::OK, crate::wire::JSON, include_str!("openapi.json"))),
    }
}
