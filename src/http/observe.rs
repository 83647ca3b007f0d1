//! Counts and times requests by route. The usual labels are looked up once, at start.

use std::time::Duration;

use hyper::StatusCode;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};

use super::endpoint::{ENDPOINTS, Endpoint};
use super::router::Found;
use crate::metrics::Metrics;
use crate::wire::{Code, Route};

/// The label for paths without a route: with the path itself, any client could create new labels.
const UNMATCHED: &str = "(unmatched)";

/// The outcomes by which times are told apart.
const GOOD: &str = "good";
const FAILED: &str = "failed";

/// The request metrics of all routes, with their labels already looked up.
#[derive(Debug)]
pub(super) struct RouteMetrics {
    requests: IntCounterVec,
    errors: IntCounterVec,
    /// In the order of [`ENDPOINTS`].
    routes: Vec<RouteMetric>,
    durations: HistogramVec,
}

#[derive(Debug)]
struct RouteMetric {
    /// The number of answers with the route's usual status.
    usual: IntCounter,
    /// The times of good answers. A failure is often quick, and would improve them.
    good: Histogram,
}

impl RouteMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let route = |endpoint: &Endpoint| {
            let route = endpoint.route;
            let usual = usual(route);
            let labels = [route.method, route.path, usual.as_str()];
            RouteMetric {
                usual: metrics.http_requests_total.with_label_values(&labels),
                good: metrics.http_request_duration_seconds.with_label_values(&[route.method, route.path, GOOD]),
            }
        };
        Self {
            requests: metrics.http_requests_total.clone(),
            errors: metrics.http_errors_total.clone(),
            routes: ENDPOINTS.iter().map(route).collect(),
            durations: metrics.http_request_duration_seconds.clone(),
        }
    }

    pub(super) fn observe(&self, found: Option<Found>, status: StatusCode, code: Option<Code>, took: Duration) {
        let metric = found.map(|found| &self.routes[found.place]);
        let (method, route) = found.map_or(("other", UNMATCHED), |found| {
            let route = found.endpoint().route;
            (route.method, route.path)
        });
        let failed = status.is_client_error() || status.is_server_error();
        match metric {
            Some(metric) if !failed => metric.good.observe(took.as_secs_f64()),
            _ => self.durations.with_label_values(&[method, route, FAILED]).observe(took.as_secs_f64()),
        }
        match metric {
            Some(metric) if found.is_some_and(|found| status == usual(found.endpoint().route)) => metric.usual.inc(),
            _ => self.requests.with_label_values(&[method, route, status.as_str()]).inc(),
        }
        if let Some(code) = code {
            self.errors.with_label_values(&[method, route, status.as_str(), code.name()]).inc();
        }
    }
}

/// 201 for what creates or sets something, 200 otherwise.
fn usual(route: Route) -> StatusCode {
    match (route.method, route.path) {
        ("POST", "/orders" | "/products" | "/users" | "/stocks") => StatusCode::CREATED,
        _ => StatusCode::OK,
    }
}
