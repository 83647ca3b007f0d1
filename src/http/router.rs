//! Finds the endpoint for a request by its method and path.

use hyper::Method;
use hyper::header::{ALLOW, HeaderValue};

use super::endpoint::{ENDPOINTS, Endpoint};
use super::error::ApiError;
use crate::wire::Code;

/// The endpoint for a request, and the number in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The index of the endpoint in [`ENDPOINTS`].
    pub(super) place: usize,
    /// The `{id}` of the path, or 0, which no row has, if the route has none.
    pub(super) id: u64,
}

impl Found {
    /// The row of [`ENDPOINTS`] at this index.
    pub(super) fn endpoint(self) -> &'static Endpoint {
        &ENDPOINTS[self.place]
    }
}

/// The indices of the endpoints in [`ENDPOINTS`], by path.
#[derive(Debug)]
pub(super) struct Router {
    paths: matchit::Router<Vec<usize>>,
}

/// The paths that monitoring asks for.
const PROBES: [&str; 3] = ["/live", "/ready", "/metrics"];

impl Router {
    /// A router to every endpoint.
    pub(super) fn new() -> Self {
        Self::to(|_| true)
    }

    /// A router to the endpoints for monitoring only.
    pub(super) fn of_probes() -> Self {
        Self::to(|path| PROBES.contains(&path))
    }

    fn to(wanted: impl Fn(&str) -> bool) -> Self {
        let mut paths = matchit::Router::<Vec<usize>>::new();
        for (place, endpoint) in ENDPOINTS.iter().enumerate().filter(|(_, endpoint)| wanted(endpoint.route.path)) {
            let path = endpoint.route.path;
            match paths.at_mut(path) {
                Ok(found) if found.params.is_empty() || path.contains('{') => found.value.push(place),
                // The routes are constants and a test inserts all of them, so a conflict would be a defect in this
                // program.
                _ => drop(paths.insert(path, vec![place])),
            }
        }
        Self { paths }
    }

    /// Finds the endpoint for a request, or the refusal if there is none.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Found, ApiError> {
        let Ok(matched) = self.paths.at(path) else {
            return Err(ApiError::new(Code::NoSuchRoute, "there is no such route: GET /openapi.json lists them all"));
        };
        // A HEAD request is handled as a GET; hyper omits the body.
        let wanted = if method == Method::HEAD { "GET" } else { method.as_str() };
        let Some(&place) = matched.value.iter().find(|place| ENDPOINTS[**place].route.method == wanted) else {
            return Err(not_allowed(matched.value));
        };
        let Some(text) = matched.params.get("id") else { return Ok(Found { place, id: 0 }) };
        // Every row is named by a number, so any other text in its place finds nothing.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let id = text.parse().ok().filter(|_| digits).unwrap_or(0);
        Ok(Found { place, id })
    }
}

fn not_allowed(places: &[usize]) -> ApiError {
    let methods: Vec<_> = places.iter().map(|place| ENDPOINTS[*place].route.method).collect();
    let methods = methods.join(", ");
    let error = ApiError::new(Code::MethodNotAllowed, format!("this route takes {methods}"));
    match HeaderValue::from_str(&methods) {
        Ok(allow) => error.with_header(ALLOW, allow),
        Err(_) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_contract_finds_its_endpoint() {
        let router = Router::new();
        for (place, route) in crate::wire::ALL.iter().enumerate() {
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            let found = router.find(&method, &route.path.replace("{id}", "12")).unwrap();
            let id = if route.path.contains("{id}") { 12 } else { 0 };
            assert_eq!(found, Found { place, id }, "{route:?}");
            assert_eq!(found.endpoint().route, *route);
        }
    }

    #[test]
    fn what_is_not_a_number_is_the_name_of_nothing() {
        let router = Router::new();
        for path in
            ["/orders/x", "/orders/-1", "/orders/+1", "/orders/1.5", "/orders/99999999999999999999", "/orders/%31"]
        {
            assert_eq!(router.find(&Method::GET, path).unwrap().id, 0, "{path}");
        }
    }

    #[test]
    fn probes_find_what_they_ask_and_nothing_else() {
        let router = Router::of_probes();
        for route in crate::wire::ALL.iter().filter(|route| route.method == "GET") {
            let found = router.find(&Method::GET, &route.path.replace("{id}", "12")).is_ok();
            assert_eq!(found, PROBES.contains(&route.path), "{route:?}");
        }
        assert!(PROBES.iter().all(|path| router.find(&Method::GET, path).is_ok()));
    }

    #[test]
    fn unknown_paths_and_methods_are_told_apart() {
        let router = Router::new();
        assert_eq!(router.find(&Method::GET, "/nothing").unwrap_err().code, Code::NoSuchRoute);
        assert_eq!(router.find(&Method::GET, "/orders/1/").unwrap_err().code, Code::NoSuchRoute);
        let error = router.find(&Method::PUT, "/orders/1").unwrap_err();
        assert_eq!(
            (error.code, error.to_string()),
            (Code::MethodNotAllowed, "this route takes GET, DELETE".to_owned())
        );
        assert_eq!(router.find(&Method::HEAD, "/live").unwrap().endpoint().route.path, "/live");
    }
}
