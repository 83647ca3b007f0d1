//! Tests of what an OpenAPI document becomes.

use super::import;
use serde_json::json;

#[test]
fn a_path_that_is_described_elsewhere_is_told() {
    let document = json!({"openapi": "3.0.3", "paths": {
        "/here": {"get": {"responses": {"200": {}}}}, "/there": {"$ref": "there.yaml#/item"}
    }});
    let imported = import(&document.to_string()).unwrap();
    assert_eq!(imported.left_out, 1, "{}", imported.text);
    assert!(imported.text.contains("/there: there.yaml#/item, which is not in the document"), "{}", imported.text);
}

#[test]
fn what_an_operation_says_is_sent_or_noted() {
    let body = |kind: &str, media: &serde_json::Value| json!({"requestBody": {"content": {kind: media}}});
    let parameter = |one: serde_json::Value| json!({"parameters": [one]});
    let form = json!({"schema": {"properties": {"tags": {"type": "array", "minItems": 2, "items": {"type": "string"}}, "file": {"type": "string", "format": "binary"}}}});
    for (operation, expected) in [
        (json!({"servers": [{"url": "https://other"}]}), "left out: a server of its own"),
        (body("application/json", &json!({"example": "{\"a\": 1}", "schema": {"type": "object"}})), "json = { a = 1 }"),
        (
            body("application/json", &json!({"example": "text", "schema": {"type": "string"}})),
            "body = \"\\\"text\\\"\"",
        ),
        (
            body("application/vnd.api+json", &json!({"example": {"a": 1}})),
            "content-type = \"application/vnd.api+json\"",
        ),
        (body("application/x-www-form-urlencoded", &form), "body = \"tags=text&tags=text\""),
        (body("multipart/form-data", &form), "left out: the part file, which is a file"),
        (body("text/plain", &json!({"example": "password=x"})), "body = \"password={{env.PASSWORD}}\""),
        (
            parameter(
                json!({"name": "f", "in": "query", "required": true, "content": {"application/json": {"schema": {"properties": {"a": {"type": "integer"}}}}}}),
            ),
            "path = \"/a?x=1&f=%7B%22a%22%3A1%7D\"",
        ),
        (
            parameter(
                json!({"name": "Content-Length", "in": "header", "required": true, "schema": {"type": "integer"}}),
            ),
            "left out: the header content-length",
        ),
        (parameter(json!({"name": "X-A", "in": "header", "example": "a\nb"})), "left out: the header x-a"),
        (
            parameter(
                json!({"name": "X-A", "in": "header", "required": true, "schema": {"properties": {"a": {"enum": ["{{x"]}}}}),
            ),
            r#"x-a = "{\"a\":\"{{\"{{\"}}x\"}""#,
        ),
        (json!({"security": [{"key": []}]}), r#"path = "/a?x=1&{{\"{{\" | url}}k={{env.K | url}}""#),
        (json!({"security": [{"basic": [], "oauth": []}]}), "bearer = \"{{env.TOKEN}}\""),
    ] {
        let document = json!({
            "openapi": "3.0.3", "paths": {"/a?x=1": {"post": operation}},
            "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}, "oauth": {"type": "oauth2"}, "key": {"type": "apiKey", "in": "query", "name": "{{k"}}}
        });
        let text = import(&document.to_string()).unwrap().text;
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn an_operation_becomes_a_task_with_the_examples_of_the_document() {
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "Pets"}, "servers": [{"url": "https://{region}.pets.example/v1", "variables": {"region": {"default": "eu"}}}],
        "security": [{"key": []}],
        "paths": {
            "/pets/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 5, "maximum": 7}}],
                "get": {"operationId": "getPet", "parameters": [{"$ref": "#/components/parameters/Full"}, {"$ref": "other.yaml#/x"}], "responses": {"200": {}, "404": {}}},
                "delete": {"security": [], "responses": {"2XX": {}}}
            },
            "/pets": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}, "responses": {"201": {}}}}
        },
        "components": {
            "parameters": {"Full": {"name": "full text", "in": "query", "example": "yes & no"}},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
            "schemas": {"Pet": {"allOf": [{"required": ["name"], "properties": {"name": {"type": ["null", "string"], "minLength": 6}, "age": {"type": "integer"}}}, {"properties": {"parent": {"$ref": "#/components/schemas/Pet"}, "kind": {"enum": ["cat", "dog"]}}, "required": ["kind"]}]}}
        }
    });
    let imported = import(&document.to_string()).unwrap();
    insta::assert_snapshot!(imported.text, @r#"
    # Made of an OpenAPI document. Read it before it is run:
    #
    #     storemgr loadtest --scenario FILE --host https://eu.pets.example/v1 --users 10

    name = "Pets"

    [[task]]
    name = "POST /pets"
    method = "POST"
    path = "/pets"
    route = "/pets"
    headers = { x-api-key = "{{env.X_API_KEY}}" }
    json = { kind = "cat", name = "textxx" }
    check = { status = 201 }

    # left out: other.yaml#/x, which is not in the document
    [[task]]
    name = "getPet"
    path = "/pets/{{random(5, 7)}}?full%20text=yes%20%26%20no"
    route = "/pets/{id}"
    headers = { x-api-key = "{{env.X_API_KEY}}" }
    check = { status = 200 }

    [[task]]
    name = "DELETE /pets/{id}"
    method = "DELETE"
    path = "/pets/{{random(5, 7)}}"
    route = "/pets/{id}"
    check = { status = "2xx" }
    "#);
    assert_eq!((imported.left_out, imported.host.as_deref()), (1, Some("https://eu.pets.example/v1")));
    assert_eq!(import(&yaml_serde::to_string(&document).unwrap()).unwrap(), imported, "YAML says the same");
}

/// Ten resources with five operations each, with references, compositions and every place of a parameter.
fn of_fifty_operations() -> serde_json::Value {
    let mut paths = serde_json::Map::new();
    for name in ["books", "authors", "loans", "shelves", "members", "fines", "events", "rooms", "orders", "tags"] {
        let body = json!({"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}});
        let id = json!([{"name": "item-id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}]);
        let paged = json!([
            {"$ref": "#/components/parameters/Limit"},
            {"name": "filter[state]", "in": "query", "required": true, "schema": {"enum": ["on loan", "here"]}},
            {"name": "X-Request-Id", "in": "header", "required": true, "schema": {"type": "string", "format": "uuid"}}
        ]);
        paths.insert(
            format!("/{name}"),
            json!({
                "get": {"operationId": format!("list {name}"), "parameters": paged, "responses": {"200": {}}},
                "post": {"operationId": format!("add {name}"), "requestBody": body, "responses": {"201": {}, "422": {}}}
            }),
        );
        paths.insert(
            format!("/{name}/{{item-id}}"),
            json!({
                "parameters": id,
                "get": {"responses": {"200": {}}}, "put": {"requestBody": body, "responses": {"200": {}, "204": {}}},
                "delete": {"responses": {"204": {}}}
            }),
        );
    }
    json!({
        "openapi": "3.0.3", "info": {"title": "Library"}, "servers": [{"url": "/api"}], "paths": paths,
        "components": {
            "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 20}}},
            "schemas": {
                "Item": {"allOf": [{"$ref": "#/components/schemas/Named"}, {"type": "object", "properties": {
                    "parts": {"type": "array", "minItems": 2, "items": {"oneOf": [{"$ref": "#/components/schemas/Item"}, {"type": "string"}]}},
                    "price": {"type": "number", "minimum": 0.5}, "id": {"type": "integer", "readOnly": true}
                }, "required": ["price"]}]},
                "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "example": "a {{b}} \"c\""}}}
            }
        }
    })
}

#[test]
fn a_document_of_fifty_operations_becomes_a_scenario_that_is_read() {
    let imported = import(&of_fifty_operations().to_string()).unwrap();
    let folder = std::path::Path::new(".");
    let scenario = crate::loadtest::scenario::Scenario::parse(&imported.text, "x.toml", folder, &[]).unwrap();
    assert_eq!((scenario.tasks().len(), scenario.groups().len()), (50, 50), "{}", imported.text);
    assert!(imported.text.contains("/books?limit=20&filter%5Bstate%5D=on%20loan"), "{}", imported.text);
    assert!(imported.text.contains("the server \"/api\", which is no whole URL"), "{}", imported.text);
}

#[test]
fn a_document_without_an_operation_is_refused() {
    for (document, said) in [
        (json!({"openapi": "3.0.0"}), "has no operation"),
        (json!({"openapi": "4.0"}), "give a document of OpenAPI 3.0 or 3.1"),
    ] {
        assert!(import(&document.to_string()).unwrap_err().to_string().contains(said));
    }
}
