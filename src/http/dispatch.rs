//! From a request to its answer: route, read, call the handler, measure.
//!
//! Work on the database is done in a task of its own, so that a client that hangs up does not cut it short. Requests that
//! only wait for such work, or need none, are answered where they came in: a task each would cost them more than they do.

use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::Instant;

use super::call::{Call, RequestId};
use super::error::ApiError;
use super::payload::Payload;
use super::router::{Endpoint, Found};
use super::{Limits, Store, body, handlers, reply};
use crate::metrics::GaugeGuard;
use crate::wire::Code;

/// Answers one request. Never fails: whatever goes wrong is an answer too.
pub(super) async fn answer(store: Arc<Store>, request: Request<Incoming>, limits: Limits) -> Response<Payload> {
    let arrival = Arrival::of(&store, &request);
    let found = match store.router.find(request.method(), request.uri().path()) {
        Ok(found) => found,
        Err(error) => return arrival.answered(&store, None, Err(error)),
    };
    let deadline = arrival.started + limits.request;
    if only_waits(&store, found.endpoint) {
        let result = match read(request, found, limits, deadline).await {
            Ok(call) => wait(&store, found.endpoint, &call).await,
            Err(error) => Err(error),
        };
        return arrival.answered(&store, Some(found.endpoint), result);
    }
    let request_id = arrival.request_id.clone();
    let working = tokio::spawn(async move {
        let result = match read(request, found, limits, deadline).await {
            Ok(call) => work(&store, found.endpoint, &call).await,
            Err(error) => Err(error),
        };
        arrival.answered(&store, Some(found.endpoint), result)
    });
    working.await.unwrap_or_else(|_| {
        let error = ApiError::new(Code::InternalError, "the store has a defect: please report it");
        reply::refused(error, request_id.as_str(), Some(found.endpoint.route()))
    })
}

/// A request that came in, until it is answered or its client has left.
struct Arrival {
    started: Instant,
    request_id: RequestId,
    _in_flight: GaugeGuard,
}

impl Arrival {
    fn of(store: &Store, request: &Request<Incoming>) -> Self {
        let in_flight = GaugeGuard::new(&store.metrics.http_requests_in_flight);
        Self { started: Instant::now(), request_id: RequestId::of(request.headers()), _in_flight: in_flight }
    }

    /// The answer with what every answer has; logged and counted.
    fn answered(
        self,
        store: &Store,
        endpoint: Option<Endpoint>,
        result: Result<Response<Payload>, ApiError>,
    ) -> Response<Payload> {
        if let (Err(error), Some(endpoint)) = (&result, endpoint) {
            error.log(self.request_id.as_str(), endpoint.route());
        }
        let code = result.as_ref().err().map(|error| error.code);
        let route = endpoint.map(Endpoint::route);
        let mut response = result.unwrap_or_else(|error| reply::refused(error, self.request_id.as_str(), route));
        let headers = response.headers_mut();
        headers.insert(crate::wire::REQUEST_ID, self.request_id.header_value());
        if store.is_draining() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        store.routes.observe(endpoint, response.status(), code, self.started.elapsed());
        response
    }
}

async fn read(request: Request<Incoming>, found: Found, limits: Limits, deadline: Instant) -> Result<Call, ApiError> {
    let (parts, incoming) = request.into_parts();
    let body = if parts.method == Method::POST {
        body::read_json(&parts.headers, incoming, limits.body_bytes, deadline).await?
    } else {
        Bytes::new()
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    Ok(Call { id: found.id, query, headers: parts.headers, body, deadline })
}

/// Whether nothing is cut short when the client hangs up: the work is done elsewhere, or there is none.
fn only_waits(store: &Store, endpoint: Endpoint) -> bool {
    match endpoint {
        Endpoint::PlaceOrder => store.orders.writes_elsewhere(),
        Endpoint::BestSellers | Endpoint::HighestSpenders => store.reports.computes_elsewhere(),
        Endpoint::HealthCheck | Endpoint::Live | Endpoint::OpenApi => true,
        _ => false,
    }
}

/// The handlers that only wait; the others are left to [`work`], so that this future stays small.
async fn wait(store: &Arc<Store>, endpoint: Endpoint, call: &Call) -> Result<Response<Payload>, ApiError> {
    match endpoint {
        Endpoint::PlaceOrder => handlers::place_order::handle(store, call).await,
        Endpoint::BestSellers => handlers::best_sellers::handle(store, call).await,
        Endpoint::HighestSpenders => handlers::highest_spenders::handle(store, call).await,
        _ => Box::pin(work(store, endpoint, call)).await,
    }
}

async fn work(store: &Arc<Store>, endpoint: Endpoint, call: &Call) -> Result<Response<Payload>, ApiError> {
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
