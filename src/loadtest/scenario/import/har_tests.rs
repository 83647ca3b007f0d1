//! Tests of what a HAR becomes.

use super::import;
use serde_json::json;

fn entry(
    method: &str,
    url: &str,
    post: &serde_json::Value,
    status: u16,
    location: &str,
    body: &str,
) -> serde_json::Value {
    let headers = if location.is_empty() { json!([]) } else { json!([{"name": "Location", "value": location}]) };
    json!({
        "startedDateTime": "2026-11-28T12:00:00.000Z", "time": 10,
        "request": {"method": method, "url": url, "headers": [{"name": "Accept", "value": "*/*"}], "postData": post},
        "response": {"status": status, "headers": headers, "redirectURL": location, "content": {"text": body}}
    })
}

#[test]
fn what_an_answer_gave_and_a_later_request_sent_is_captured() {
    let page = "<input type=\"hidden\" name=\"csrf\" value=\"abcdEFGH1234\">";
    let post = json!({"mimeType": "application/x-www-form-urlencoded", "text": "csrf=abcdEFGH1234&password=hunter2&note=%7B%7Bx"});
    let none = serde_json::Value::Null;
    let mut order = entry(
        "POST",
        "http://shop/orders",
        &json!({"mimeType": "application/json", "text": "{\"session\":\"tok-abcdefgh\",\"n\":null}"}),
        201,
        "/orders/17",
        "{\"id\":17}",
    );
    order["request"]["headers"] = json!([{"name": "Authorization", "value": "Bearer tok-abcdefgh"}]);
    let har = json!({"log": {"entries": [
        entry("GET", "http://shop/login", &none, 200, "", page),
        entry("GET", "http://fonts.example/a.woff", &none, 200, "", ""),
        entry("POST", "http://shop/login", &post, 303, "/account", ""),
        entry("GET", "http://shop/account", &none, 200, "", "{\"token\":\"tok-abcdefgh\"}"),
        order,
        entry("GET", "http://shop/orders/17?full=1", &none, 200, "", "{}"),
    ]}});
    let imported = import(&har.to_string()).unwrap();
    insta::assert_snapshot!(imported.text, @r#"
    # Made of a HAR. Read it before it is run:
    #
    #     storemgr loadtest --scenario FILE --host http://shop --users 10

    # left out: 1 requests to http://fonts.example: name it under [hosts] to send them
    # left out: 3 headers that browsers send of themselves, such as accept and sec-fetch-mode

    name = "shop"
    think_time = "0s"

    [client]
    cookies = true
    redirects = 10

    [[journey]]
    name = "shop"

    [[journey.step]]
    name = "GET /login"
    path = "/login"
    capture = { csrf = { body = "<input type=\"hidden\" name=\"csrf\" value=\"([^\"]+)" } }

    [[journey.step]]
    name = "POST /login"
    method = "POST"
    path = "/login"
    form = { csrf = "{{csrf}}", password = "{{env.PASSWORD}}", note = "{{\"{{\"}}x" }
    capture = { token = { json = "/token" } }

    [[journey.step]]
    name = "POST /orders"
    method = "POST"
    path = "/orders"
    bearer = "{{token}}"
    body = "{\"n\":null,\"session\":{{token | json}}}"
    capture = { id = { json = "/id" } }

    [[journey.step]]
    name = "GET /orders/17"
    path = "/orders/{{id}}?full=1"
    route = "/orders/{id}"
    "#);
    assert_eq!(imported.variables, ["PASSWORD"]);
    assert_eq!((imported.left_out, imported.host.as_deref()), (2, Some("http://shop")));
    assert!(!imported.text.contains("hunter2") && !imported.text.contains("tok-abcdefgh"));
}

/// The scenario that these entries become, which is read again.
fn of_entries(entries: &[serde_json::Value]) -> String {
    let text = import(&json!({"log": {"entries": entries}}).to_string()).unwrap().text;
    let folder = std::path::Path::new(".");
    let read = crate::loadtest::scenario::Scenario::parse(&text, "x.toml", folder, &[]);
    assert!(read.map_or_else(|error| error.to_string().contains("is not set"), |_| true), "{text}");
    text
}

#[test]
fn where_an_answer_leads_is_captured_unless_it_is_followed() {
    let none = serde_json::Value::Null;
    let get = |path: &str, body: &str| entry("GET", &format!("http://shop{path}"), &none, 200, "", body);
    let post = |status: u16, location: &str| entry("POST", "http://shop/orders", &none, status, location, "");
    for (entries, expected, noted) in [
        (
            vec![post(303, "/orders/a17"), get("/orders/a17", ""), get("/orders/a17", "")],
            "path = \"/orders/a17\"",
            true,
        ),
        (
            vec![post(303, "/orders/a17"), get("/orders/a17", ""), get("/orders/a17/pay", "")],
            "path = \"/orders/a17/pay\"",
            true,
        ),
        (
            vec![post(303, "/orders/a17"), get("/orders/a17", "{\"id\":\"a17\"}"), get("/orders/a17/pay", "")],
            "path = \"/orders/{{id}}/pay\"",
            false,
        ),
        (vec![post(201, "/orders/a17"), get("/orders/a17", "")], "path = \"{{location}}\"", false),
        (vec![post(201, "http://shop/orders/a17"), get("/orders/a17?x=1", "")], "path = \"{{location}}?x=1\"", false),
        (vec![post(201, "http://shop/orders/a17"), get("/orders/a17/pay", "")], "path = \"{{location}}/pay\"", false),
        (vec![post(201, "http://other/orders/a17"), get("/orders/a17", "")], "path = \"/orders/a17\"", false),
    ] {
        let text = of_entries(&entries);
        assert!(text.contains(expected), "{expected}\n{text}");
        assert_eq!(text.contains("where the redirect before led"), noted, "{text}");
        assert_eq!(text.contains("capture = { location"), expected.contains("{{location"), "{text}");
    }
}

#[test]
fn a_word_of_a_page_and_the_id_of_something_else_are_no_values() {
    let none = serde_json::Value::Null;
    let get = |path: &str, body: &str| entry("GET", &format!("http://shop{path}"), &none, 200, "", body);
    let mut asked = get("/api/products", "");
    asked["request"]["headers"] = json!([{"name": "X-Requested-With", "value": "XMLHttpRequest"}]);
    let text = of_entries(&[
        get("/", "<div class=\"products\"></div><script>x={\"a\":\"XMLHttpRequest\"}</script>"),
        get("/me", "{\"id\":1}"),
        asked,
        get("/api/items/1", "{\"id\":7}"),
        get("/api/items/7", ""),
    ]);
    for expected in [
        "path = \"/api/products\"",
        "x-requested-with = \"XMLHttpRequest\"",
        "path = \"/api/items/1\"",
        "path = \"/api/items/{{id}}\"",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert_eq!(text.matches("capture =").count(), 1, "{text}");
}

#[test]
fn what_was_recorded_is_sent_or_noted() {
    let none = serde_json::Value::Null;
    let params = json!({"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "x y"}, {"name": "password", "value": "hunter2"}]});
    let parts = json!({"mimeType": "multipart/form-data; boundary=x", "params": [{"name": "a", "value": "1"}, {"name": "f", "fileName": "x.png"}]});
    let text = |kind: &str, text: &str| json!({"mimeType": kind, "text": text});
    let mut cached = entry("GET", "http://shop/cached", &none, 200, "", "");
    cached["_fromCache"] = json!("disk");
    let mut set = entry("GET", "http://shop/", &none, 200, "", "");
    set["response"]["headers"] = json!([{"name": "Set-Cookie", "value": "XSRF-TOKEN=abcd1234; Path=/"}]);
    let mut posted = entry("POST", "http://shop/x", &params, 200, "", "");
    posted["request"]["headers"] = json!([{"name": "X-XSRF-Token", "value": "abcd1234"}, {"name": "X-A", "value": "1"}, {"name": "X-A", "value": "2"}]);
    let shown = of_entries(&[
        set,
        posted,
        cached,
        entry("GET", "http://shop/given-up", &none, 0, "", ""),
        entry("GET", "wss://shop/socket", &none, 101, "", ""),
        entry("POST", "http://shop/parts", &parts, 200, "", ""),
        entry("POST", "http://shop/soap", &text("text/xml", "<u><password>hunter2</password></u>"), 200, "", ""),
        entry("POST", "http://shop/twice", &text("application/x-www-form-urlencoded", "a=1&a=2"), 200, "", ""),
        entry("PATCH", "http://shop/patch", &text("application/json-patch+json", "[{\"op\":\"add\"}]"), 200, "", ""),
        entry("GET", &format!("http://shop/{}/1", "x".repeat(300)), &none, 200, "", ""),
    ]);
    for expected in [
        "form = { a = \"x y\", password = \"{{env.PASSWORD}}\" }",
        "left out: the header x-xsrf-token has the value of the cookie XSRF-TOKEN",
        "left out: a second header x-a",
        "left out: 2 requests that the browser answered from its cache, or gave up",
        "left out: 1 web sockets",
        "multipart = { a = \"1\" }",
        "<password>{{env.PASSWORD}}</password>",
        "body = \"a=1&a=2\"",
        "headers = { content-type = \"application/x-www-form-urlencoded\" }",
        "headers = { content-type = \"application/json-patch+json\" }",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
    assert!(!shown.contains("hunter2") && !shown.contains("/cached") && !shown.contains("given-up"), "{shown}");
}

#[test]
fn a_number_is_captured_as_one_and_a_page_is_no_product() {
    let none = serde_json::Value::Null;
    let posted = |text: &str| json!({"mimeType": "application/json", "text": text});
    let har = json!({"log": {"entries": [
        entry("GET", "http://shop/products?page=1", &none, 200, "", "[{\"id\":1,\"name\":\"tea\"},{\"id\":12}]"),
        entry(
            "POST",
            "http://shop/orders",
            &posted("{\"items\":[{\"product_id\":12,\"quantity\":1}],\"ids\":[1,3],\"page\":1,\"ref_id\":\"12\"}"),
            201,
            "",
            "{\"id\":400123}",
        ),
        entry("POST", "http://shop/pay", &posted("{\"order\":400123,\"note\":null,\"ref_id\":\"400123\"}"), 200, "", ""),
        entry("GET", "http://shop/orders?page=1&product_id=12", &none, 200, "", ""),
    ]}});
    let imported = import(&har.to_string()).unwrap();
    for expected in [
        "path = \"/products?page=1\"",
        "capture = { id = { json = \"/0/id\" }, id_2 = { json = \"/1/id\" } }",
        "json = { ids = [\"{{id}}\", 3], items = [{ product_id = \"{{id_2}}\", quantity = 1 }], page = 1, ref_id = \"{{id_2 | text}}\" }",
        "body = \"{\\\"note\\\":null,\\\"order\\\":{{id_3}},\\\"ref_id\\\":{{id_3 | json}}}\"",
        "path = \"/orders?page=1&product_id={{id_2 | url}}\"",
    ] {
        assert!(imported.text.contains(expected), "{expected}\n{}", imported.text);
    }
}

#[test]
fn the_first_page_says_the_origin_and_what_was_refused_is_expected() {
    let none = serde_json::Value::Null;
    let of_kind = |kind: &str, entry: serde_json::Value| {
        let mut entry = entry;
        entry["_resourceType"] = json!(kind);
        entry
    };
    let har = json!({"log": {"entries": [
        of_kind("script", entry("GET", "https://analytics.example/a.js", &none, 200, "", "")),
        of_kind("document", entry("GET", "http://shop.example/", &none, 307, "https://shop.example/", "")),
        of_kind("document", entry("GET", "https://shop.example/", &none, 200, "", "<p>")),
        of_kind("xhr", entry("GET", "https://shop.example/api/me", &none, 401, "", "{}")),
        of_kind("image", entry("GET", "https://shop.example/missing.png", &none, 404, "", "")),
        of_kind("document", entry("GET", "https://shop.example/login", &none, 302, "https://sso.example/start", "")),
        of_kind("document", entry("GET", "https://sso.example/start", &none, 200, "", "<p>")),
    ]}});
    let imported = import(&har.to_string()).unwrap();
    assert_eq!(imported.host.as_deref(), Some("https://shop.example"));
    for (step, status) in [("GET /api/me", 401), ("GET /missing.png", 404), ("GET /login", 302)] {
        let begin = imported.text.split_once(&format!("name = \"{step}\"")).unwrap().1;
        let step_text = begin.split("[[journey.step]]").next().unwrap();
        assert!(step_text.contains(&format!("check = {{ status = {status} }}")), "{step}: {}", imported.text);
    }
    assert!(imported.text.contains("the redirect to https://sso.example"), "{}", imported.text);
    assert_eq!(imported.text.matches("check =").count(), 3, "{}", imported.text);
    // Without kinds of resources, as other browsers save it, the type of the answer tells.
    let mut first = entry("GET", "http://ads.example/pixel", &none, 200, "", "");
    first["response"]["content"]["mimeType"] = json!("image/gif");
    let mut page = entry("GET", "http://shop/", &none, 200, "", "<p>");
    page["response"]["content"]["mimeType"] = json!("text/html; charset=utf-8");
    let imported = import(&json!({"log": {"entries": [first, page]}}).to_string()).unwrap();
    assert_eq!(imported.host.as_deref(), Some("http://shop"));
}
