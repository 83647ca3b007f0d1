//! Tests of what a Postman collection becomes.

use super::import;
use serde_json::json;

#[test]
fn a_variable_that_a_later_answer_sets_keeps_its_first_value_before() {
    let set = |name: &str| json!([{"listen": "test", "script": {"exec": [format!("pm.collectionVariables.set('{name}', pm.response.json().next);")]}}]);
    let request = json!({"method": "GET", "url": "http://h/x?c={{cursor}}"});
    let collection = json!({
        "info": {"name": "pages", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": [{"key": "cursor", "value": "0"}],
        "item": [
            {"name": "one", "event": set("cursor"), "request": request},
            {"name": "two", "event": set("cursor"), "request": request},
            {"name": "three", "request": request}
        ]
    });
    let text = import(&collection.to_string()).unwrap().text;
    assert!(text.contains("[variables]\ncursor = \"0\"") || text.contains("[variables]\ncursor = 0"), "{text}");
    let paths = ["path = \"/x?c={{cursor}}\"", "path = \"/x?c={{cursor_2}}\""].map(|path| text.matches(path).count());
    assert_eq!(paths, [1, 2], "{text}");
    assert_eq!(text.matches("cursor_2 = { json = ").count(), 2, "{text}");
}

/// What a collection of one request becomes.
fn of_request(request: &serde_json::Value, script: &str) -> String {
    let variables = [
        ("protocol", "https"),
        ("host", "shop.example"),
        ("url", "http://shop.example"),
        ("port", "8080"),
        ("spaced", "a b"),
        ("base", "{{protocol}}://{{host}}/v1"),
    ];
    let variables: Vec<_> = variables.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let event = json!([{"listen": "test", "script": {"exec": script}}]);
    let collection = json!({
        "info": {"name": "x", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": variables,
        "item": [{"name": "one", "event": event, "request": request}, {"name": "two", "request": request}]
    });
    let imported = import(&collection.to_string()).unwrap();
    format!("{}\n{}", imported.host.unwrap_or_default(), imported.text)
}

#[test]
fn an_address_is_known_from_the_collection() {
    for (url, host, path) in [
        (json!("{{protocol}}://{{host}}/api/a"), "https://shop.example", "/api/a"),
        (json!("https://{{host}}"), "https://shop.example", "/"),
        (json!("{{url}}:8080/a?b=1"), "http://shop.example:8080", "/a?b=1"),
        (json!("http://localhost:{{port}}/a"), "http://localhost:8080", "/a"),
        (json!("{{base}}/a"), "https://shop.example", "/v1/a"),
        (json!("{{nowhere}}/a"), "", "/a"),
        (
            json!({"raw": "http://h/pets/:petId?full=1", "variable": [{"key": "petId", "value": "7"}]}),
            "http://h",
            "/pets/7?full=1",
        ),
        (json!("http://h/{{spaced}}"), "http://h", "/{{spaced | url}}"),
        (json!("http://h/a?api_key=s"), "http://h", "/a?api_key={{env.API_KEY | url}}"),
        (
            json!({"host": ["shop", "example"], "path": ["a", {"value": "b"}], "query": [{"key": "x", "value": "1"}, {"key": "y", "disabled": true}]}),
            "http://shop.example",
            "/a/b?x=1",
        ),
    ] {
        let text = of_request(&json!({"method": "GET", "url": url}), "");
        assert!(text.starts_with(&format!("{host}\n")), "{url}\n{text}");
        assert!(text.contains(&format!("path = \"{path}\"\n")), "{url}\n{text}");
        assert_eq!(text.contains("the host {{nowhere}}, which"), host.is_empty(), "{url}\n{text}");
    }
}

#[test]
fn a_body_is_sent_as_it_is_meant() {
    let header = |name: &str, value: &str| json!([{"key": name, "value": value}]);
    let raw = |raw: &str| json!({"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}});
    let field = |value: &str| json!({"key": "a", "value": value});
    let order = "postman.setEnvironmentVariable('order', jsonData.id); tests['x'] = responseCode.code === 201;";
    for (headers, body, expected) in [
        (
            json!([]),
            raw("{\"password\":\"hunter2\",\"n\":{{order}},\"t\":\"{{order}}\"}"),
            r#"{\"password\":{{env.PASSWORD | json}},\"n\":{{order}},\"t\":{{order | json}}}"#,
        ),
        (
            json!([]),
            raw("{\"id\":\"{{order}}\",\"port\":\"{{port}}\"}"),
            "json = { id = \"{{order | text}}\", port = \"{{port | text}}\" }",
        ),
        (
            header("Content-Type", "application/vnd.api+json"),
            raw("{\"a\":1}"),
            "content-type = \"application/vnd.api+json\"",
        ),
        (json!([]), json!({"mode": "urlencoded", "urlencoded": [field("1"), field("x y")]}), "body = \"a=1&a=x+y\""),
        (
            json!([]),
            json!({"mode": "urlencoded", "urlencoded": [field("1"), field("2")]}),
            "application/x-www-form-urlencoded",
        ),
        (json!([]), json!({"mode": "formdata", "formdata": [field("1"), field("2")]}), "left out: a second field a"),
        (header("X-A", "{{"), json!({}), "{{\\\"{{\\\"}}"),
    ] {
        let text = of_request(&json!({"method": "POST", "url": "http://h/", "header": headers, "body": body}), order);
        assert!(text.contains(expected) && !text.contains("hunter2"), "{expected}\n{text}");
        assert!(text.contains("order = { json = \"/id\" }") && text.contains("check = { status = 201 }"), "{text}");
        assert!(!text.contains("things of the test script"), "{text}");
    }
}

#[test]
fn the_authorization_of_the_request_is_the_one_that_is_sent() {
    let basic =
        json!({"type": "basic", "basic": [{"key": "username", "value": "mia"}, {"key": "password", "value": "p"}]});
    let key = |place: &str| json!({"type": "apikey", "apikey": [{"key": "key", "value": "X-Key-Token"}, {"key": "value", "value": "s"}, {"key": "in", "value": place}]});
    let headers = json!([{"key": "Authorization", "value": "Bearer x"}, {"key": "x-key-token", "value": "y"}]);
    for (auth, expected, without) in [
        (basic, "basic = { user = \"mia\", password = \"{{env.PASSWORD}}\" }", "bearer ="),
        (key("header"), "headers = { x-key-token = \"{{env.X_KEY_TOKEN}}\" }", "basic ="),
        (key("query"), "path = \"/?X-Key-Token={{env.X_KEY_TOKEN | url}}\"", "basic ="),
    ] {
        let text = of_request(&json!({"method": "GET", "url": "http://h/", "header": headers, "auth": auth}), "");
        assert!(text.contains(expected) && !text.contains(without) && text.contains("left out: the header"), "{text}");
    }
}

#[test]
fn a_collection_becomes_a_journey_with_its_variables() {
    let script = "pm.test('ok', () => pm.response.to.have.status(201));\nlet body = pm.response.json();\npm.collectionVariables.set(\"orderId\", body.data[0].order_id);";
    let collection = json!({
        "info": {"name": "Shop: all", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": [{"key": "baseUrl", "value": "http://localhost:5000/"}, {"key": "page size", "value": 5}, {"key": "apiToken", "value": "abc"}],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiToken}}"}]},
        "item": [
            {"name": "Orders", "item": [
                {"name": "Place", "event": [{"listen": "test", "script": {"exec": script.lines().collect::<Vec<_>>()}}, {"listen": "prerequest", "script": {"exec": ["x()"]}}],
                 "request": {"method": "POST", "url": {"raw": "{{baseUrl}}/orders?size={{page size}}"}, "header": [{"key": "Content-Type", "value": "application/json"}, {"key": "X-Run", "value": "{{$guid}}"}],
                             "body": {"mode": "raw", "raw": "{\"note\": \"{{customer}}\", \"password\": \"p\"}"}}},
                {"name": "Read", "request": {"method": "GET", "url": {"raw": "{{baseUrl}}/orders/:id/{{orderId}}", "variable": [{"key": "id", "value": "7"}]}, "auth": {"type": "noauth"}}}
            ]},
            {"name": "Other", "request": {"method": "GET", "url": "https://other.example/"}},
            {"name": "Query", "request": {"method": "POST", "url": "{{baseUrl}}/graphql", "body": {"mode": "graphql", "graphql": {"query": "{ a { b } }", "variables": "{\"n\": 1}"}}}}
        ]
    });
    let imported = import(&collection.to_string()).unwrap();
    insta::assert_snapshot!(imported.text, @r#"
    # Made of a Postman collection. Read it before it is run:
    #
    #     storemgr loadtest --scenario FILE --host http://localhost:5000 --users 10

    # left out: Other: https://other.example/, which is another host: name it under [hosts]

    name = "Shop: all"
    think_time = "0s"

    [client]
    cookies = true
    redirects = 10

    [variables]
    page_size = 5

    [[journey]]
    name = "Shop  all"

    # left out: the prerequest script
    [[journey.step]]
    name = "Place"
    method = "POST"
    path = "/orders?size={{page_size}}"
    headers = { x-run = "{{uuid}}" }
    bearer = "{{env.APITOKEN}}"
    json = { note = "{{env.CUSTOMER}}", password = "{{env.PASSWORD}}" }
    capture = { orderid = { json = "/data/0/order_id" } }
    check = { status = 201 }

    [[journey.step]]
    name = "Read"
    path = "/orders/7/{{orderid}}"

    [[journey.step]]
    name = "Query"
    method = "POST"
    path = "/graphql"
    bearer = "{{env.APITOKEN}}"
    json = { query = "{ a { b } }", variables = { n = 1 } }
    "#);
    assert_eq!(imported.variables, ["APITOKEN", "CUSTOMER", "PASSWORD"]);
    assert_eq!((imported.left_out, imported.host.as_deref()), (2, Some("http://localhost:5000")));
}
