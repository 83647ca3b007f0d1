//! Turns a request into its answer: finds the route, reads the body, calls the handler and measures.
//!
//! Work on the database runs in a separate task, so that a client that hangs up does not cancel it. Requests that only
//! wait for such work, or need none, are answered in the task of their connection: a separate task would cost more than
//! the request itself.

use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use tokio::time::Instant;

use super::body::{BodyLimits, ReadBody};
use super::budget::BodyBudget;
use super::call::Call;
use super::crowd::Member;
use super::error::ApiError;
use super::observe::RouteMetrics;
use super::payload::Payload;
use super::request_log::{Answered, Asked, LoggedRequests, RequestLog};
use super::router::{Found, Router};
use super::{Access, Limits, Store, body, head, reply};
use crate::metrics::GaugeGuard;
use crate::wire::{Code, IDEMPOTENCY_KEY, Route};

/// The endpoint of a request, and the name of its token where the store asks for one.
type Admitted = (Found, Option<Arc<str>>);

/// Answers all requests to one listener of a store.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) store: Arc<Store>,
    pub(super) limits: Limits,
    router: Router,
    metrics: RouteMetrics,
    pub(super) log: Arc<RequestLog>,
    bodies: BodyBudget,
}

impl Dispatcher {
    pub(super) fn new(store: Arc<Store>, limits: Limits, logged: LoggedRequests) -> Self {
        Self::with_log(store, limits, Router::new(), Arc::new(RequestLog::new(logged)))
    }

    /// A dispatcher for the same store that answers only `/live`, `/ready` and `/metrics`.
    pub(super) fn of_probes(&self) -> Self {
        Self::with_log(Arc::clone(&self.store), self.limits, Router::of_probes(), Arc::clone(&self.log))
    }

    fn with_log(store: Arc<Store>, limits: Limits, router: Router, log: Arc<RequestLog>) -> Self {
        let metrics = RouteMetrics::new(&store.metrics);
        let bodies = BodyBudget::new(limits.all_body_bytes, store.metrics.http_body_bytes.clone());
        Self { store, limits, router, metrics, log, bodies }
    }

    /// Records, by reason, an answer that was begun and could not be finished.
    pub(super) fn note_cut_off(&self, reason: &'static str) {
        self.store.metrics.http_answers_cut_off_total.with_label_values(&[reason]).inc();
        self.log.note_cut_off(reason);
    }

    /// Answers one request. This never fails, because every error becomes an answer as well.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>, member: &Arc<Member>) -> Response<Payload> {
        let mut arrival = Arrival::of(&self.store, &request);
        let (found, client) = match self.admit(&request) {
            Ok(admitted) => admitted,
            Err((found, error)) => return arrival.answered(&self, found, Err(error)),
        };
        if (found.endpoint().only_waits)(&self.store) {
            let result = self.handle(request, found, client, &mut arrival, member).await;
            return arrival.answered(&self, Some(found), result);
        }
        let (asked, started) = (arrival.asked.clone(), arrival.started);
        let (dispatcher, member) = (Arc::clone(&self), Arc::clone(member));
        let working = tokio::spawn(async move {
            let result = dispatcher.handle(request, found, client, &mut arrival, &member).await;
            arrival.answered(&dispatcher, Some(found), result)
        });
        working.await.unwrap_or_else(|_| {
            let error = ApiError::new(Code::InternalError, "the store has a defect: please report it");
            self.respond(&asked, started, Some(found), Err(error))
        })
    }

    /// Makes the answer to a request, and logs and counts it.
    fn respond(
        &self,
        asked: &Asked,
        started: Instant,
        found: Option<Found>,
        result: Result<Response<Payload>, ApiError>,
    ) -> Response<Payload> {
        let route = found.map(|found| found.endpoint().route);
        let (status, error) = match &result {
            Ok(response) => (response.status(), None),
            Err(error) => (reply::status_of(error), Some(error)),
        };
        let took = started.elapsed();
        self.metrics.observe(found, status, error.map(|error| error.code), took);
        self.log.note(asked, &Answered { route: route.map(|route| route.path), status, error, took });
        let mut response = result.unwrap_or_else(|error| reply::refused(error, asked.request_id.as_str(), route));
        response.headers_mut().insert(crate::wire::REQUEST_ID, asked.request_id.header_value());
        response
    }

    /// The endpoint of a request, and the name of its token where the store asks for one. Not part of the future that each
    /// connection holds, which stays small.
    fn admit(&self, request: &Request<Incoming>) -> Result<Admitted, (Option<Found>, ApiError)> {
        let found = head::check(request).and_then(|()| self.router.find(request.method(), request.uri().path()));
        let Some(access) = &self.store.access else {
            return found.map(|found| (found, None)).map_err(|error| (None, error));
        };
        let client = client_of(access, request, found.as_ref().ok().copied());
        match (found, client) {
            (found, Err(error)) => Err((found.ok(), error)),
            (Ok(found), Ok(client)) => Ok((found, client)),
            (Err(error), Ok(_)) => Err((None, error)),
        }
    }

    /// Reads a request and calls the handler of its endpoint.
    async fn handle(
        &self,
        request: Request<Incoming>,
        found: Found,
        client: Option<Arc<str>>,
        arrival: &mut Arrival,
        member: &Member,
    ) -> Result<Response<Payload>, ApiError> {
        let takes_body = takes_body(request.method());
        let mut call = self.read(request, found, arrival.started + self.limits.request).await?;
        call.client = client;
        arrival.body_unread &= !takes_body;
        if !member.begin_work() {
            return Err(ApiError::new(Code::Overloaded, "too many clients are connected: try again in a moment"));
        }
        (found.endpoint().handle)(&self.store, &call).await
    }

    async fn read(&self, request: Request<Incoming>, found: Found, deadline: Instant) -> Result<Call, ApiError> {
        let takes_body = takes_body(request.method());
        let query = request.uri().query().unwrap_or_default().to_owned();
        let headers = copied(request.headers(), found.endpoint().route);
        // Only the body is kept from here on: the head is a slice of the connection's buffer and would keep that alive.
        let incoming = request.into_body();
        let body = if takes_body {
            let limits = BodyLimits { bytes: self.limits.body_bytes, deadline, budget: &self.bodies };
            body::read_json(&headers, incoming, limits).await?
        } else {
            ReadBody::default()
        };
        Ok(Call { id: found.id, query, headers, body, deadline, client: None })
    }
}

/// The name of the token with which a request may use its endpoint; `None` if everyone may use it.
fn client_of(access: &Access, request: &Request<Incoming>, found: Option<Found>) -> Result<Option<Arc<str>>, ApiError> {
    match found.map(|found| found.endpoint().scope) {
        Some(None) => Ok(None),
        Some(scope) => access.check(request.headers(), scope).map(Some),
        None => access.check(request.headers(), None).map(Some),
    }
}

/// Whether the body of a request with this method is read.
fn takes_body(method: &Method) -> bool {
    method == Method::POST || method == Method::PATCH
}

/// The headers that handlers and the reading of the body use.
const READ_HEADERS: [&str; 3] = ["content-type", "content-length", IDEMPOTENCY_KEY];

/// The headers that one route alone uses.
fn headers_of(route: Route) -> &'static [&'static str] {
    match (route.method, route.path) {
        ("PATCH", "/products/{id}") => &["if-match"],
        ("POST", "/graphql") => &["accept"],
        _ => &[],
    }
}

/// A copy of those headers in separate memory, so that the connection's buffer can be freed.
fn copied(headers: &HeaderMap, route: Route) -> HeaderMap {
    let mut copies = HeaderMap::new();
    let names = READ_HEADERS.iter().chain(headers_of(route));
    for name in names.map(|name| HeaderName::from_static(name)) {
        let values = headers.get_all(&name).iter();
        for value in values.filter_map(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
            copies.append(&name, value);
        }
    }
    copies
}

/// A received request, until it is answered or its client has disconnected.
#[derive(Debug)]
struct Arrival {
    started: Instant,
    asked: Asked,
    /// Whether a part of the request's body was not read.
    body_unread: bool,
    _in_flight: GaugeGuard,
}

impl Arrival {
    fn of(store: &Store, request: &Request<Incoming>) -> Self {
        let in_flight = GaugeGuard::new(&store.metrics.http_requests_in_flight);
        Self {
            started: Instant::now(),
            asked: Asked::of(request),
            body_unread: !request.body().is_end_stream(),
            _in_flight: in_flight,
        }
    }

    /// Makes the answer, which says whether the connection can be used again.
    fn answered(
        self,
        dispatcher: &Dispatcher,
        found: Option<Found>,
        result: Result<Response<Payload>, ApiError>,
    ) -> Response<Payload> {
        let mut response = dispatcher.respond(&self.asked, self.started, found, result);
        // The unread rest of the body would be taken for the next request.
        if self.body_unread || dispatcher.store.is_draining() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
