//! Tests of what curl commands become.

use super::import;

#[test]
fn commands_are_read_as_a_shell_reads_them() {
    let text = r#"
        curl 'https://shop.example/orders?x=1' -H 'Content-Type: application/json' \
          -H "Authorization: Bearer abc" --data-raw $'{"note":"it\'s {{x}}","password":"p"}' --compressed
        curl -XPOST -u mia:secret https://shop.example/form -d a=1 -d 'b=x y' -d token=t -F
    "#;
    assert!(import(text).unwrap_err().to_string().contains("-F has no value"));
    let imported = import(&text.replace(" -F", " -L; curl https://other.example/ # more")).unwrap();
    let text = imported.text.split_once("name =").unwrap().1;
    insta::assert_snapshot!(format!("name ={text}"), @r#"
    name = "curl"
    think_time = "0s"

    [client]
    compression = true
    redirects = 10

    [[journey]]
    name = "curl"

    [[journey.step]]
    name = "POST /orders"
    method = "POST"
    path = "/orders?x=1"
    bearer = "{{env.TOKEN}}"
    json = { note = "it's {{\"{{\"}}x}}", password = "{{env.PASSWORD}}" }

    [[journey.step]]
    name = "POST /form"
    method = "POST"
    path = "/form"
    basic = { user = "mia", password = "{{env.PASSWORD}}" }
    form = { a = "1", b = "x y", token = "{{env.TOKEN}}" }
    "#);
    assert_eq!(imported.variables, ["PASSWORD", "TOKEN"]);
    assert_eq!((imported.left_out, imported.host.as_deref()), (1, Some("https://shop.example")));
}

#[test]
fn options_are_told_from_urls_however_they_are_written() {
    for (command, method, expected) in [
        ("curl -sSo /dev/null https://shop.example/x", "GET", "path = \"/x\""),
        ("curl -sX DELETE https://shop.example/x", "DELETE", "path = \"/x\""),
        ("curl -sd '-a=1' https://shop.example/x", "POST", "form = { -a = \"1\" }"),
        ("curl -sSL https://shop.example/x", "GET", "redirects = 10"),
        ("curl --oauth2-bearer abc123 https://shop.example/x", "GET", "bearer = \"{{env.TOKEN}}\""),
        ("curl -U u:abc123 -x http://p:1 https://shop.example/x", "GET", "path = \"/x\""),
        ("curl --max-redirs 5 -r 0-9 https://shop.example/x", "GET", "range = \"bytes=0-9\""),
        ("curl --aws-sigv4 abc123 -T f https://shop.example/x", "PUT", "method = \"PUT\""),
    ] {
        let imported = import(command).unwrap();
        assert_eq!(imported.host.as_deref(), Some("https://shop.example"), "{command}");
        assert!(imported.text.contains(expected) && !imported.text.contains("abc123"), "{command}: {}", imported.text);
        assert_eq!(imported.text.contains("method ="), method != "GET", "{command}: {}", imported.text);
    }
}

#[test]
fn what_a_command_sends_is_sent() {
    let form = "content-type = \"application/x-www-form-urlencoded\"";
    for (command, expected) in [
        ("-H 'X-A: 1' -H 'X-A: 2'", vec!["headers = { x-a = \"1\" }", "left out: a second header x-a"]),
        ("-b a=1 -H 'cookie: b=2'", vec!["headers = { cookie = \"{{env.COOKIE}}\" }"]),
        ("-A x -H 'user-agent: y'", vec!["headers = { user-agent = \"x\" }"]),
        ("-F a=1 -F a=2", vec!["multipart = { a = \"1\" }", "left out: a second field a"]),
        ("-u a:b -H 'Authorization: Bearer x'", vec!["bearer = \"{{env.TOKEN}}\"", "left out: the authorization"]),
        ("-d '{\"password\":\"hunter2\"}'", vec!["json = { password = \"{{env.PASSWORD}}\" }", form]),
        ("-d '{\"password\":\"hunter2\",\"n\":'$N'}'", vec!["{{env.PASSWORD | json}},\\\"n\\\":{{env.N}}", form]),
        ("-d a=1 -d a=2", vec!["body = \"a=1&a=2\"", form]),
        ("-d hello", vec!["body = \"hello\"", form, "method = \"POST\""]),
        ("-d @f", vec!["method = \"POST\""]),
        ("-F x=@f", vec!["method = \"POST\""]),
        ("--json '{\"t\":\"{{x}}\",\"n\":null}'", vec![r#"body = "{\"n\":null,\"t\":\"{{\"{{\"}}x}}\"}""#]),
        (
            "-H 'content-type: application/vnd.api+json' -d '{\"a\":1}'",
            vec!["application/vnd.api+json", "json = { a = 1 }"],
        ),
        ("-F 'm={};type=application/json'", vec!["multipart = { m = \"{}\" }", "left out: type=application/json"]),
        ("--form-string h=@x", vec!["multipart = { h = \"@x\" }"]),
        ("> out.json 2>&1", vec!["path = \"/x\""]),
        ("--url-query 'q=a b' --socks5 h:1", vec!["path = \"/x?q=a+b\"", "left out: what --socks5 says"]),
        ("-d \"id=$ID\"", vec!["form = { id = \"{{env.ID}}\" }"]),
        ("--next http://h/y", vec!["[[journey.step]]", "path = \"/x\"", "path = \"/y\""]),
    ] {
        let imported = import(&format!("TOKEN=x curl http://h/x {command}")).unwrap();
        let text = &imported.text;
        let scenario = crate::loadtest::scenario::Scenario::parse(text, "x.toml", std::path::Path::new("."), &[]);
        let is_read = scenario.map_or_else(|error| error.to_string().contains("is not set"), |_| true);
        assert!(is_read && !text.contains("hunter2"), "{command}\n{text}");
        assert!(expected.iter().all(|part| text.contains(part)), "{command}\n{text}");
    }
}

#[test]
fn a_variable_of_the_shell_is_one_of_the_environment() {
    let imported = import("curl $BASE/a/$ID?x=1\nBASE=http://h\ncurl \"$BASE/b\" -H \"X: ${ID}-$A\"").unwrap();
    for expected in ["path = \"/a/{{env.ID}}?x=1\"", "path = \"/b\"", "x = \"{{env.ID}}-{{env.A}}\"", "GET /a/$ID"] {
        assert!(imported.text.contains(expected), "{expected}\n{}", imported.text);
    }
    assert_eq!((imported.left_out, imported.host.as_deref()), (1, Some("http://h")));
}

#[test]
fn no_file_is_read() {
    let text = "curl -d @/etc/passwd -F 'a=@/etc/passwd' --data-urlencode x@/etc/passwd -b jar.txt http://h/";
    let imported = import(text).unwrap();
    assert_eq!(imported.left_out, 4, "{}", imported.text);
    assert!(!imported.text.contains("root:"));
    assert!(import("curl 'http://h/").unwrap_err().to_string().contains("is not closed"));
    assert!(import("curl -s").unwrap_err().to_string().contains("has no URL"));
}

#[test]
fn what_no_request_has_is_a_comment_or_a_setting() {
    for (options, expected) in [
        ("-k", "-k: storemgr loadtest has an option of its own for it"),
        ("--cacert ca.pem", "--cacert: storemgr loadtest has an option of its own for it"),
        ("--connect-to a:1:b:2", "--connect-to: storemgr loadtest has an option of its own for it"),
        ("--max-time 3", "--max-time: storemgr loadtest has an option of its own for it"),
        ("-K file", "what -K says"),
        ("--request-target /x", "what --request-target says"),
        ("--crlf", "the option --crlf"),
    ] {
        let imported = import(&format!("curl {options} https://shop.example/x")).unwrap();
        assert!(imported.text.contains(expected) && imported.left_out == 1, "{options}: {}", imported.text);
    }
    for quiet in ["-s", "-sSf", "--fail-with-body", "-o x", "-iv"] {
        assert_eq!(import(&format!("curl {quiet} https://shop.example/x")).unwrap().left_out, 0, "{quiet}");
    }
    let jar = import("curl -c jar https://shop.example/login; curl https://shop.example/x").unwrap();
    assert!(jar.text.contains("cookies = true"), "{}", jar.text);
    let header = import("curl -c jar -b a=b https://shop.example/x").unwrap();
    assert!(!header.text.contains("cookies = true"), "{}", header.text);
    let json = import("curl --json '{}' https://shop.example/x").unwrap();
    assert!(json.text.contains("headers = { accept = \"application/json\" }"), "{}", json.text);
}
