//! The table of endpoints: for each route of the contract, its handler, its scope, and whether it only waits.
//!
//! The table has as many rows as the contract has routes, and each row has every field, so a route that is added to the
//! contract does not compile until it has a complete row here.

use std::pin::Pin;
use std::sync::Arc;

use hyper::Response;

use super::Store;
use super::call::Call;
use super::error::ApiError;
use super::handlers::{
    add_product, add_user, best_sellers, change_product, delete_order, delete_product, delete_user, find_order,
    find_product, find_stock, find_user, graphql, graphql_of_the_lab, highest_spenders, list_products,
    list_user_orders, metrics, move_stock, open_api, place_order, ready, set_stock, stock_overview,
};
use super::payload::Payload;
use super::reply;
use super::scope::Scope;
use crate::wire::{ALL, Route};

/// The future that a handler returns.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Payload>, ApiError>> + Send + 'a>>;

/// One row of the table: a route and how the store answers it.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// The method and path, as declared in the contract.
    pub(super) route: Route,
    /// The scope that a client needs where the store asks for tokens; `None` if everyone may use the route.
    pub(super) scope: Option<Scope>,
    /// Whether dropping the handler when the client hangs up cancels no work, because the work is done in another task
    /// or there is none.
    pub(super) only_waits: fn(&Store) -> bool,
    /// The handler that answers a request.
    pub(super) handle: for<'a> fn(&'a Arc<Store>, &'a Call) -> Answer<'a>,
}

/// Every route with the scope that a client needs for it; `None` if everyone may use it.
pub fn required_scopes() -> impl Iterator<Item = (Route, Option<Scope>)> {
    ENDPOINTS.iter().map(|endpoint| (endpoint.route, endpoint.scope))
}

/// All endpoints, in the order of the contract's routes.
pub(super) static ENDPOINTS: [Endpoint; ALL.len()] = [
    Endpoint {
        route: Route { method: "POST", path: "/orders" },
        scope: Some(Scope::Order),
        only_waits: |store| store.orders.writes_elsewhere(),
        handle: |store, call| Box::pin(place_order::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/orders/{id}" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(find_order::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "DELETE", path: "/orders/{id}" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(delete_order::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/orders/reports/best-sellers" },
        scope: Some(Scope::Read),
        only_waits: |store| store.reports.computes_elsewhere(),
        handle: |store, call| Box::pin(best_sellers::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/orders/reports/highest-spenders" },
        scope: Some(Scope::Read),
        only_waits: |store| store.reports.computes_elsewhere(),
        handle: |store, call| Box::pin(highest_spenders::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "POST", path: "/products" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(add_product::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/products" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(list_products::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/products/{id}" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(find_product::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "PATCH", path: "/products/{id}" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(change_product::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "DELETE", path: "/products/{id}" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(delete_product::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "POST", path: "/users" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(add_user::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/users/{id}" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(find_user::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "DELETE", path: "/users/{id}" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(delete_user::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/users/{id}/orders" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(list_user_orders::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "POST", path: "/stocks" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(set_stock::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/stocks/{id}" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(find_stock::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "POST", path: "/stocks/{id}/movements" },
        scope: Some(Scope::Admin),
        only_waits: |_| false,
        handle: |store, call| Box::pin(move_stock::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/stocks/reports/overview-stocks" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(stock_overview::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "POST", path: "/stocks/graphql-query" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(graphql_of_the_lab::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "POST", path: "/graphql" },
        scope: Some(Scope::Read),
        only_waits: |_| false,
        handle: |store, call| Box::pin(graphql::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/health-check" },
        scope: None,
        only_waits: |_| true,
        handle: |_, _| Box::pin(async { Ok(reply::health()) }),
    },
    Endpoint {
        route: Route { method: "GET", path: "/live" },
        scope: None,
        only_waits: |_| true,
        handle: |_, _| Box::pin(async { Ok(reply::health()) }),
    },
    Endpoint {
        route: Route { method: "GET", path: "/ready" },
        scope: None,
        only_waits: |_| false,
        handle: |store, call| Box::pin(ready::handle(store, call)),
    },
    Endpoint {
        route: Route { method: "GET", path: "/metrics" },
        scope: Some(Scope::Metrics),
        only_waits: |_| false,
        handle: |store, _| Box::pin(async move { metrics::handle(store) }),
    },
    Endpoint {
        route: Route { method: "GET", path: "/openapi.json" },
        scope: Some(Scope::Read),
        only_waits: |_| true,
        handle: |_, _| Box::pin(async { Ok(open_api::handle()) }),
    },
];
