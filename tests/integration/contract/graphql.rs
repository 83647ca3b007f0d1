//! GraphQL: what is answered, in which shape, and what no query can do.

use std::fmt::Write as _;
use std::time::Instant;

use hyper::Method;
use serde_json::{Value, json};

use super::errors::assert_refusal;
use crate::harness::{Breakage, Fault, Instance, Proxy, Reply, TestDatabase};

async fn ask(instance: &Instance, query: &str) -> Value {
    let reply = instance.post("/graphql", json!({"query": query})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

/// A store with three products, the last without stock.
async fn store() -> (TestDatabase, Instance) {
    let database = TestDatabase::migrated().await;
    let instance = Instance::start(&database, &["--report-cache", "off"]).await;
    for (price, stock) in [(12.5, 7), (0.1, 3), (1.0, 0)] {
        instance.product(price, stock).await;
    }
    (database, instance)
}

#[tokio::test(flavor = "multi_thread")]
async fn products_and_stock_are_answered_as_asked() {
    let (_database, instance) = store().await;
    let lamp = json!({"id": 1, "name": "Lamp", "sku": "L-1", "price": 12.5, "quantity": 7});
    for (query, data) in [
        ("{product(id:\"1\"){id name sku price quantity}}", json!({"product": lamp})),
        ("{product(id:\"9\"){id} stockLevel(productId:\"3\")}", json!({"product": null, "stockLevel": 0})),
        (
            "{a:stockLevel(productId:\"x\") b:stockLevel(productId:\"-1\") c:stockLevel(productId:\"+1\") d:stockLevel(productId:\"\") e:stockLevel(productId:\"99999999999999999999\")}",
            json!({"a": null, "b": null, "c": null, "d": null, "e": null}),
        ),
        ("{products(after:1,limit:1){id price}}", json!({"products": [{"id": 2, "price": 0.1}]})),
        ("{products{id}}", json!({"products": [{"id": 1}, {"id": 2}, {"id": 3}]})),
        ("query a{products(limit:1){...f}} fragment f on Product{id}", json!({"products": [{"id": 1}]})),
        ("{__typename}", json!({"__typename": "Query"})),
    ] {
        assert_eq!(ask(&instance, query).await, json!({"data": data}), "{query}");
    }
    let body = json!({"query": "query one($id:String!){product(id:$id){id}} query two{products{id}}", "operationName": "one", "variables": {"id": "2"}});
    assert_eq!(instance.post("/graphql", body).await.body, json!({"data": {"product": {"id": 2}}}));
    // The contract's words, as tools read them.
    let schema = ask(&instance, "{__schema{queryType{fields{name args{name type{kind name ofType{name}}} type{kind name}}} types{name fields{name}}}}").await;
    let text = schema.to_string();
    for word in ["\"product\"", "\"stockLevel\"", "\"productId\"", "\"products\"", "\"Product\"", "\"quantity\""] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shape_is_that_of_the_route_and_of_the_type_that_is_accepted() {
    let (_database, instance) = store().await;
    let lab =
        async |query: &str| instance.post("/stocks/graphql-query", json!({"query": query, "variables": {}})).await;
    let reply = lab("{stockLevel(productId:\"1\")}").await;
    assert_eq!((reply.status, reply.body), (200, json!({"data": {"stockLevel": 7}, "errors": null})));
    let reply = lab("{nothing}").await;
    assert_eq!((reply.status, &reply.body["data"]), (200, &Value::Null), "{reply:?}");
    assert!(reply.body["errors"][0].as_str().is_some_and(|sentence| sentence.contains("nothing")), "{reply:?}");
    let accepting = async |accept: &str, query: &str| -> Reply {
        let body = json!({"query": query}).to_string();
        instance.try_send(Method::POST, "/graphql", &[("accept", accept)], &body).await.unwrap()
    };
    let own = "application/graphql-response+json";
    for (accept, query, status, media_type) in [
        ("application/json", "{nothing}", 200, "application/json"),
        ("*/*", "{", 200, "application/json"),
        (own, "{__typename}", 200, own),
        (own, "{nothing}", 400, own),
        ("application/graphql-response+json; charset=utf-8, application/json;q=0.9", "{", 400, own),
    ] {
        let reply = accepting(accept, query).await;
        assert_eq!((reply.status, reply.header("content-type")), (status, media_type), "{accept} {query}: {reply:?}");
    }
    for (body, status, code) in [
        ("{", 400, "malformed_json"),
        ("{}", 422, "invalid_body"),
        ("[]", 422, "invalid_body"),
        (r#"{"query":7}"#, 422, "invalid_body"),
        (r#"{"query":"{__typename}","variables":[]}"#, 422, "invalid_body"),
    ] {
        for path in ["/graphql", "/stocks/graphql-query"] {
            let reply = instance.try_send(Method::POST, path, &[], body).await.unwrap();
            assert_refusal(&reply, status, code, body);
        }
    }
    let reply = instance.get("/graphql").await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_together_is_looked_up_together() {
    let (database, _instance) = store().await;
    let proxy = Proxy::before(&database.address()).await;
    let instance = Instance::start_behind(&proxy, &database, &["--report-cache", "off"]).await;
    let mut query = "{products{id} ".to_owned();
    for number in 0..150 {
        write!(query, "a{number}:stockLevel(productId:\"{}\") ", number % 5).unwrap();
        write!(query, "b{number}:product(id:\"{number}\"){{name quantity}} ").unwrap();
    }
    query.push('}');
    // The connections that it needs are there.
    ask(&instance, &query).await;
    // One statement for the list, and one for all others; a connection may be looked at before it is used.
    proxy.set(Fault::AtStatement(6, Breakage::Before));
    let body = ask(&instance, &query).await;
    assert!(!proxy.is_over(), "more than six statements");
    proxy.set(Fault::None);
    assert_eq!(body["data"].as_object().unwrap().len(), 301);
    assert_eq!((&body["data"]["a1"], &body["data"]["a4"]), (&json!(7), &Value::Null));
}

/// Queries that would cost more than they are worth; each is answered at once, with an error and no data.
fn hostile() -> Vec<String> {
    let deep = format!("{}{}", "{product(id:\"1\")".repeat(200), "}".repeat(200));
    let brackets = "{".repeat(15_000);
    let mut doubled = "{...f0}".to_owned();
    for number in 0..150 {
        let next = number + 1;
        write!(doubled, "fragment f{number} on Query{{...f{next} ...f{next}}}").unwrap();
    }
    doubled.push_str("fragment f150 on Query{__typename}");
    let rows: String = (0..20).map(|number| format!("a{number}:products(limit:1000){{id name}} ")).collect();
    let lists = format!("{{products(after:{}[{}){{id}}}}", "[".repeat(5_000), "]".repeat(5_000));
    let deep_types = format!("{{__schema{{types{{fields{{type{}name{}}}}}}}}}", "{ofType".repeat(40), "}".repeat(40));
    vec![
        deep,
        brackets,
        doubled,
        format!("{{{rows}}}"),
        lists,
        deep_types,
        "{...a} fragment a on Query{...b} fragment b on Query{...a}".to_owned(),
        format!("{{a:product(id:\"{}\"){{id}}}}", "1".repeat(17_000)),
        "{products(limit:1001){id}}".to_owned(),
        "{products(limit:-1){id}}".to_owned(),
        "{products(limit:0){id}}".to_owned(),
        "{products(after:-1){id}}".to_owned(),
        "{products(limit:99999999999999999999){id}}".to_owned(),
        "mutation{product(id:\"1\"){id}}".to_owned(),
        "subscription{product(id:\"1\"){id}}".to_owned(),
        "query($l:Int){products(limit:$l){id}}query($l:Int){products{id}}".to_owned(),
        String::new(),
        "\u{0}".to_owned(),
        "{product(id:1){id}}".to_owned(),
        "{product{id}}".to_owned(),
        format!("{{{}}}", "@skip(if:true) ".repeat(900)),
        format!("{{product(id:\"1\") {} {{id}}}}", "@include(if:true)".repeat(800)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_costs_more_than_it_may() {
    let (_database, instance) = store().await;
    for query in hostile() {
        let shown: String = query.chars().take(60).collect();
        let begun = Instant::now();
        let reply = instance.post("/graphql", json!({"query": query})).await;
        assert_eq!(reply.status, 200, "{shown}: {reply:?}");
        assert!(reply.body["errors"].is_array(), "{shown}: {reply:?}");
        assert!(begun.elapsed().as_secs() < 20, "{shown} took {:?}", begun.elapsed());
        let reply = instance.post("/stocks/graphql-query", json!({"query": query})).await;
        assert_eq!(reply.status, 200, "{shown}: {reply:?}");
    }
    // Variables count as well.
    let body = json!({"query": "query($l:Int){a:products(limit:$l){id name} b:products(limit:$l){id name} c:products(limit:$l){id name} d:products(limit:$l){id name}}", "variables": {"l": 1000}});
    let reply = instance.post("/graphql", body).await;
    assert!(reply.body["errors"][0]["message"].as_str().is_some(), "{reply:?}");
    assert_eq!(ask(&instance, "{__typename}").await["data"]["__typename"], "Query", "it still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_graphql_cannot_hold_is_an_error_of_its_field_alone() {
    let (database, instance) = store().await;
    database.execute("UPDATE stocks SET quantity = 4000000000 WHERE product_id = 1").await;
    let body = ask(&instance, "{product(id:\"1\"){name quantity}}").await;
    assert_eq!(body["data"]["product"], json!({"name": "Lamp", "quantity": null}), "{body}");
    assert_eq!(body["errors"][0]["path"], json!(["product", "quantity"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_fails_the_request() {
    let database = TestDatabase::migrated().await;
    let proxy = Proxy::before(&database.address()).await;
    let instance = Instance::start_behind(&proxy, &database, &["--report-cache", "off"]).await;
    proxy.set(Fault::Refuse);
    for query in ["{product(id:\"1\"){id}}", "{products{id}}", "{stockLevel(productId:\"1\")}"] {
        for path in ["/graphql", "/stocks/graphql-query"] {
            let reply = instance.post(path, json!({"query": query})).await;
            assert_refusal(&reply, 503, "database_unavailable", query);
        }
    }
    assert_eq!(ask(&instance, "{__typename}").await["data"]["__typename"], "Query");
}
