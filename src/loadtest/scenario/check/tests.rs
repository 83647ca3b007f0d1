//! Tests of every kind of rule, and of every one that is refused.

use std::time::Duration;

use super::*;
use crate::net::Reply;

fn read(text: &str) -> Result<Check, String> {
    Check::read("check", &text.parse().unwrap())
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-count: 17\r\nx-name: caf\xe9\r\n\
    x-city: Montr\xc3\xa9al\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n";

fn reply(status: u16, body: &[u8]) -> Reply<'_> {
    Reply::of(status, HEAD, body)
}

fn complaint_of(check: &Check, status: u16, body: &[u8]) -> String {
    let reply = reply(status, body);
    check.complaint(&Seen { reply: &reply, took: Duration::from_millis(512) }).unwrap_or_default()
}

fn complaint(text: &str, status: u16, body: &str) -> String {
    complaint_of(&read(text).unwrap(), status, body.as_bytes())
}

/// Asserts what is said of an answer of 200 with this body; nothing if a rule holds.
fn assert_said(body: &str, all: &[(&str, &str)]) {
    for (rule, said) in all {
        assert_eq!(complaint(rule, 200, body), *said, "{rule}");
    }
}

const ORDER: &str = r#"{"order_id":17,"items":[{"name":"pear"},{"name":"plum"}],"total":1.5,"paid":true,"note":null}"#;

#[test]
fn the_status_decides_without_a_rule_too() {
    assert_eq!(complaint_of(&Check::default(), 204, b""), "");
    assert_eq!(complaint_of(&Check::default(), 404, b""), "status 404, expected one below 400");
    for (rule, status, said) in [
        ("status = 404", 404, ""),
        ("status = [201, \"3xx\"]", 302, ""),
        ("status = [201, \"3xx\"]", 200, "status 200, expected 201 or 3xx"),
        ("time = '<1s'", 404, "status 404, expected one below 400"),
    ] {
        assert_eq!(complaint(rule, status, ORDER), said, "{rule}");
    }
}

#[test]
fn headers_are_read_as_utf_8_or_latin_1() {
    assert_said(
        ORDER,
        &[
            ("header.Content-Type = 'application/json'", ""),
            (
                "header.content-type = { contains = 'html' }",
                "header content-type is \"application/json\", expected \"html\" in it",
            ),
            (
                "header.content-type = { regex = '^text/(html|plain)' }",
                "header content-type is \"application/json\", expected a match of \"^text/(html|plain)\"",
            ),
            ("header.location = { exists = true }", "header location is missing"),
            ("header.location = { exists = false }", ""),
            ("header.x-name = 'café'", ""),
            ("header.x-city = 'Montréal'", ""),
            ("header.x-city = { length = 8 }", ""),
            ("header.x-count = 17", ""),
            ("header.x-count = { min = 18 }", "header x-count is \"17\", expected at least 18"),
            ("header.set-cookie = 'b=2'", ""),
            ("header.set-cookie = 'c=3'", "header set-cookie is \"a=1\" (the first of 2 nodes), expected \"c=3\""),
        ],
    );
}

#[test]
fn values_are_found_by_pointer_and_compared() {
    assert_said(
        ORDER,
        &[
            ("json.'/order_id' = 17.0", ""),
            ("json.'/order_id' = '17'", "JSON \"/order_id\" is 17, expected \"17\""),
            ("json.'/paid' = true", ""),
            ("json.'/items/0/name' = { contains = 'pea' }", ""),
            ("json.'/items/0/name' = { regex = '^p.+r$' }", ""),
            (
                "json.'/items/0/name' = { regex = '^a' }",
                "JSON \"/items/0/name\" is \"pear\", expected a match of \"^a\"",
            ),
            ("json.'/items/2' = { exists = true }", "JSON \"/items/2\" is missing"),
            ("json.'/total' = { min = 1, max = 1.4 }", "JSON \"/total\" is 1.5, expected at most 1.4"),
            ("json.'/items/0/name' = { min = 1 }", "JSON \"/items/0/name\" is \"pear\", expected at least 1"),
            ("json.'/total' = { exists = false }", "JSON \"/total\" is 1.5, expected none"),
        ],
    );
    assert_eq!(complaint("json.'/x' = 1", 200, "<html>"), "the body is \"<html>\", expected JSON");
    let long = complaint("json.'/x' = 1", 200, &format!("{{\"x\":\"{}\\u0000\"}}", "é".repeat(500)));
    assert_eq!(long, format!("JSON \"/x\" is \"{}…, expected 1", "é".repeat(59)));
}

#[test]
fn integers_are_exact_and_one_is_one_however_it_is_written() {
    for (body, holds) in [
        ("9223372036854775807", true),
        ("9223372036854775806", false),
        ("9223372036854775808", false),
        ("9223372036854775807.0", false),
        ("92233720368547758070", false),
    ] {
        let said = complaint("json.'' = 9223372036854775807", 200, body);
        assert_eq!(said.is_empty(), holds, "{body}: {said}");
        let said = complaint("json.'' = { min = 9223372036854775807, max = 9223372036854775807 }", 200, body);
        assert_eq!(said.is_empty(), holds, "{body}: {said}");
    }
    for body in ["1", "1.0", "1e0", "10e-1"] {
        assert_eq!(complaint("json.'' = 1", 200, body), "", "{body}");
        assert_eq!(complaint("json.'' = 1.0", 200, body), "", "{body}");
    }
    assert_eq!(complaint("json.'' = 0.1", 200, "0.10"), "");
    assert_eq!(
        complaint("json.'' = 0.3", 200, "0.30000000000000004"),
        "JSON \"\" is 0.30000000000000004, expected 0.3"
    );
}

#[test]
fn a_path_holds_for_one_of_its_nodes_or_for_all() {
    let body = r#"{"items":[{"id":3,"price":1.5},{"id":4,"price":2},{"id":5}],"id":9}"#;
    assert_said(
        body,
        &[
            ("json.'$..id' = 4", ""),
            ("json.'$..id' = 7", "JSON \"$..id\" is 9 (the first of 4 nodes), expected 7"),
            ("json.'$.items[*].id' = { min = 3, all = true }", ""),
            (
                "json.'$.items[*].id' = { min = 4, all = true }",
                "JSON \"$.items[*].id\" is 3 (node 1 of 3), expected at least 4",
            ),
            ("json.'$.items[-1].id' = 5", ""),
            ("json.'$.items[?@.price > 1.7].id' = { equals = 4, all = true }", ""),
            ("json.'$.items[?search(@.id, \"x\")]' = { exists = false }", ""),
            ("json.'$..none' = { min = 0, all = true }", "JSON \"$..none\" is missing"),
            ("json.'$..none' = { exists = false }", ""),
            ("json.'$.items' = { type = 'array', length = 3 }", ""),
        ],
    );
}

#[test]
fn types_lengths_and_sizes_are_checked() {
    assert_said(
        ORDER,
        &[
            ("json.'' = { type = 'object', length = { min = 1 } }", ""),
            ("json.'/items' = { type = 'array', length = { min = 1, max = 2 } }", ""),
            ("json.'/items' = { length = { min = 3 } }", "the length of JSON \"/items\" is 2, expected at least 3"),
            ("json.'/items' = { length = 1 }", "the length of JSON \"/items\" is 2, expected 1"),
            (
                "json.'/items' = { type = 'object' }",
                "JSON \"/items\" is [{\"name\":\"pear\"},{\"name\":\"plum\"}], expected type object",
            ),
            ("json.'/items/0/name' = { type = 'string', length = 4 }", ""),
            ("json.'/order_id' = { type = 'integer' }", ""),
            ("json.'/total' = { type = 'number' }", ""),
            ("json.'/total' = { type = 'integer' }", "JSON \"/total\" is 1.5, expected type integer"),
            ("json.'/paid' = { type = 'boolean' }", ""),
            ("json.'/note' = { type = 'null' }", ""),
            (
                "json.'/paid' = { length = 1 }",
                "JSON \"/paid\" is true, expected an array, an object or a text of length 1",
            ),
            ("size = 93", ""),
            ("size = { min = 100 }", "the size of the body is 93 bytes, expected at least 100"),
            ("size = { max = 10 }", "the size of the body is 93 bytes, expected at most 10"),
            ("time = '<=512ms'", ""),
            ("time = '< 500ms'", "the response time is 512 ms, expected < 500ms"),
            ("time = '>1s'", "the response time is 512 ms, expected >1s"),
            ("body = { contains = 'pear', length = { max = 93 } }", ""),
            ("body = { regex = '\"order_id\":\\d+' }", ""),
        ],
    );
    assert_eq!(complaint("body = 'pong'", 200, "pong"), "");
    assert_eq!(complaint("body = 'pong'", 200, "ping\n"), "the body is \"ping\\n\", expected \"pong\"");
    assert_eq!(complaint_of(&read("body = 'café'").unwrap(), 200, b"caf\xe9"), "");
    assert_eq!(complaint("json.'' = { type = 'integer' }", 200, "1.0"), "", "1.0 is an integer");
}

#[test]
fn a_body_that_was_not_kept_is_told_with_its_status_where_a_rule_needs_it() {
    let large = Reply { body: b"", body_bytes: 100 << 20, ..reply(200, b"") };
    let said = |rule: &str, reply: &Reply<'_>| {
        read(rule).unwrap().complaint(&Seen { reply, took: Duration::from_millis(5) }).unwrap_or_default()
    };
    for rule in ["status = 200", "header.x-count = 17", "size = { min = 100_000_000 }", "time = '<1s'"] {
        assert_eq!(said(rule, &large), "", "{rule}");
    }
    for rule in ["json.'/x' = 1", "body = { contains = 'x' }"] {
        assert!(said(rule, &large).starts_with("status 200, but the body is too large for its check"), "{rule}");
        let crowded = Reply { body_bytes: 100, ..large };
        assert!(said(rule, &crowded).starts_with("status 200, but the body was not read"), "{rule}");
    }
}

#[test]
fn an_invalid_rule_is_refused_with_what_to_write() {
    for (rule, sentence) in [
        ("stauts = 201", "check.stauts is not known; write status, time, size, header, body or json"),
        ("status = 20", "from 100 to 599"),
        ("status = '2x'", "write 201, \"2xx\""),
        ("header = 'x'", "check.header must be a table"),
        ("json.order_id = 1", "write json.\"/order_id\""),
        ("json.'$..' = 1", "json.\"$..\" is not a JSON path (RFC 9535)"),
        ("json.'$[?' = 1", "is not a JSON path"),
        ("json.'/a' = [1]", "cannot be compared"),
        ("json.'/a' = { least = 1 }", "check.json.\"/a\".least is not known; write equals, contains"),
        ("json.'/a' = { min = 'x' }", "a number was expected"),
        ("json.'/a' = { type = 'list' }", "write one of array, object, string"),
        ("json.'/a' = { length = 'x' }", "write a whole number from 0"),
        ("json.'/a' = { length = { mni = 1 } }", "check.json.\"/a\".length.mni is not known; write min or max"),
        ("json.'/a' = { length = { min = 1.5 } }", "write a whole number from 0"),
        ("json.'/a' = { regex = '(a' }", "check.json.\"/a\".regex = \"(a\" is not a regular expression"),
        ("body = { exists = true }", "check.body.exists is not known"),
        ("body = { type = 'array' }", "check.body.type is not known"),
        ("header.x = { all = true, min = 1 }", "check.header.x.all is not known"),
        ("time = 500", "like \"<500ms\""),
        ("time = '500ms'", "like \"<500ms\""),
        ("time = '<500'", "like \"<500ms\""),
        ("size = '1MB'", "write a whole number from 0"),
    ] {
        let error = read(rule).unwrap_err();
        assert!(error.contains(sentence), "{rule}: {error}");
    }
}

#[test]
fn a_check_that_can_never_fail_or_never_hold_is_refused_by_its_key() {
    for (rule, key) in [
        ("", "check = {} can never fail"),
        ("header = {}", "check.header = {} can never fail"),
        ("json = {}", "check.json = {} can never fail"),
        ("body = {}", "check.body = {} can never fail"),
        ("size = {}", "check.size = {} can never fail"),
        ("header.x = {}", "check.header.x = {} can never fail"),
        ("json.'/n' = {}", "check.json.\"/n\" = {} can never fail"),
        ("json.'/n' = { min = nan }", "check.json.\"/n\".min = nan is no limit"),
        ("json.'/n' = { min = -inf }", "check.json.\"/n\".min = -inf is no limit"),
        ("json.'/n' = { max = inf }", "check.json.\"/n\".max = inf is no limit"),
        ("json.'/n' = nan", "check.json.\"/n\" = nan can never hold"),
        ("json.'/n' = inf", "check.json.\"/n\" = inf can never hold"),
        ("json.'/n' = { min = 2, max = 1 }", "check.json.\"/n\" can never hold"),
        ("json.'/n' = { min = 9223372036854775807, max = 9223372036854775806 }", "can never hold"),
        ("json.'/n' = { contains = '' }", "check.json.\"/n\".contains = \"\" can never fail"),
        ("json.'/n' = { regex = 'a*' }", "check.json.\"/n\".regex = \"a*\" can never fail"),
        ("body = { regex = '' }", "check.body.regex = \"\" can never fail"),
        ("body = { regex = '(?s)^.*$' }", "check.body.regex = \"(?s)^.*$\" can never fail"),
        ("body = { regex = '\\b|\\B' }", "can never fail"),
        ("json.'/n' = { regex = '(?m)^.*$' }", "can never fail"),
        ("header.x = { regex = '^.*$' }", "check.header.x.regex = \"^.*$\" can never fail"),
        ("body = { regex = '$a' }", "check.body.regex = \"$a\" can never hold"),
        ("json.'/n' = { length = { min = 0 } }", "check.json.\"/n\".length = { min = 0 } can never fail"),
        ("json.'/n' = { length = {} }", "check.json.\"/n\".length = {} can never fail"),
        ("json.'/n' = { length = { min = 2, max = 1 } }", "check.json.\"/n\".length can never hold"),
        ("json.'/n' = { length = -1 }", "check.json.\"/n\".length = -1: write a whole number from 0"),
        ("json.'/n' = { type = 'boolean', length = 1 }", "check.json.\"/n\" can never hold"),
        ("json.'/n' = { type = 'array', min = 1 }", "check.json.\"/n\" can never hold"),
        ("json.'/n' = { exists = false, equals = 1 }", "check.json.\"/n\" can never hold"),
        ("json.'/n' = { equals = 1, min = 2 }", "check.json.\"/n\" can never hold: 1 does not meet"),
        ("header.x = { equals = 'a', regex = 'b' }", "check.header.x can never hold"),
        ("json.'/n' = { equals = 3, min = 2 }", "check.json.\"/n\" has rules that can never fail beside equals"),
        ("json.'$..n' = { all = true }", "check.json.\"$..n\".all has no effect"),
        ("json.'/n' = { equals = 1, all = true }", "check.json.\"/n\".all has no effect"),
        ("size = { min = 0 }", "check.size = { min = 0 } can never fail"),
        ("size = { min = 9, max = 1 }", "check.size can never hold"),
        ("time = '<0'", "check.time = \"<0\" can never hold"),
        ("time = '<=0ms'", "can never hold"),
        ("time = '>0'", "check.time = \">0\" can never fail"),
        ("time = '>=0s'", "can never fail"),
        ("status = []", "check.status = [] can never hold"),
        ("status = ['1xx', '2xx', '3xx', '4xx', '5xx']", "check.status can never fail"),
    ] {
        let error = read(rule).unwrap_err();
        assert!(error.contains(key), "{rule}: {error}");
    }
    for rule in [
        "status = ['1xx', '2xx', '3xx', '4xx', '5xx']\ntime = '<1s'",
        "json.'/n' = { exists = true }",
        "json.'/n' = { length = 0 }",
        "json.'/n' = { min = 0 }",
        "size = 0",
    ] {
        assert!(read(rule).is_ok(), "{rule}");
    }
}
