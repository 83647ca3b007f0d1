//! The routes of the store, each with its method and its path.

/// A method and a path that the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path, with `{name}` in place of a value; also the label `route` of the metrics.
    pub path: &'static str,
}

const fn route(method: &'static str, path: &'static str) -> Route {
    Route { method, path }
}

/// Every route of the store, grouped by kind of row.
pub const ALL: &[Route] = &[
    route("POST", "/orders"),
    route("GET", "/orders/{id}"),
    route("DELETE", "/orders/{id}"),
    route("GET", "/orders/reports/best-sellers"),
    route("GET", "/orders/reports/highest-spenders"),
    route("POST", "/products"),
    route("GET", "/products"),
    route("GET", "/products/{id}"),
    route("PATCH", "/products/{id}"),
    route("DELETE", "/products/{id}"),
    route("POST", "/users"),
    route("GET", "/users/{id}"),
    route("DELETE", "/users/{id}"),
    route("GET", "/users/{id}/orders"),
    route("POST", "/stocks"),
    route("GET", "/stocks/{id}"),
    route("POST", "/stocks/{id}/movements"),
    route("GET", "/stocks/reports/overview-stocks"),
    route("POST", "/stocks/graphql-query"),
    route("POST", "/graphql"),
    route("GET", "/health-check"),
    route("GET", "/live"),
    route("GET", "/ready"),
    route("GET", "/metrics"),
    route("GET", "/openapi.json"),
];
