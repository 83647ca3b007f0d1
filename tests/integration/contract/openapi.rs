//! GET /openapi.json says what is served.

use std::collections::BTreeSet;

use serde_json::Value;
use storemgr::http::{Scope, required_scopes};

use crate::harness::{Instance, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_every_route_and_every_code() {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &[]).await;
    let document = instance.get("/openapi.json").await.body;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(
                operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()),
                "{method} {path}"
            );
            let documented_scope = operation["security"].as_array().unwrap();
            let route = format!("{} {path}", method.to_uppercase());
            let scope = required_scopes().find(|(known, _)| format!("{} {}", known.method, known.path) == route);
            let scope = scope.and_then(|(_, scope)| scope);
            let expected = scope.map(|scope| serde_json::json!({"token": [scope.name()]}));
            assert_eq!(documented_scope.get(1), expected.as_ref(), "{route}");
            assert_eq!(operation["responses"].get("401").is_some(), scope.is_some(), "{route}");
            documented.insert(route);
        }
    }
    let served: BTreeSet<_> =
        storemgr::wire::ALL.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(documented, served);
    let listed = document["components"]["schemas"]["Error"]["properties"]["code"]["enum"].as_array().unwrap();
    let codes: Vec<_> = storemgr::wire::Code::ALL.iter().map(|code| serde_json::to_value(code).unwrap()).collect();
    assert_eq!(*listed, codes);
    assert_references_exist(&document, &document);
}

#[test]
fn every_route_has_the_scope_of_its_kind() {
    for (route, scope) in required_scopes() {
        let expected = match (route.method, route.path) {
            (_, "/health-check" | "/live" | "/ready") => None,
            (_, "/metrics") => Some(Scope::Metrics),
            ("POST", "/orders") => Some(Scope::Order),
            ("GET", _) | ("POST", "/graphql" | "/stocks/graphql-query") => Some(Scope::Read),
            _ => Some(Scope::Admin),
        };
        assert_eq!(scope, expected, "{route:?}");
    }
    assert!(required_scopes().map(|(route, _)| route).eq(storemgr::wire::ALL.iter().copied()));
}

/// Every `$ref` leads somewhere.
fn assert_references_exist(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
            fields.values().for_each(|field| assert_references_exist(document, field));
        }
        Value::Array(values) => values.iter().for_each(|value| assert_references_exist(document, value)),
        _ => {}
    }
}
