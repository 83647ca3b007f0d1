//! Tests of journeys as they are read and rendered. What a user does on one is tested on a real service.

use std::path::Path;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

use super::captured::Captured;
use super::tasks::{Rendered, Scenario};

fn parse(text: &str) -> Result<Scenario, super::ScenarioError> {
    Scenario::parse(text, "shop.toml", Path::new("."), &[])
}

/// A journey whose only step has these lines, from line 8 on.
fn step(lines: &str) -> String {
    format!("name = 'x'\n[variables]\nproducts = 9\n[[journey]]\nname = 'buy'\n[[journey.step]]\nname = 'pay'\n{lines}")
}

/// What a step renders.
struct Sent {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// What a step with these lines renders, after one that captured `a` and `b`.
fn rendered(lines: &str, captured: &[(&str, bool)]) -> Result<Sent, String> {
    let first = "name = 'x'\n[variables]\nproducts = 9\n[[journey]]\nname = 'j'\n[[journey.step]]\npath = '/'\ncapture = { a = { header = 'a' }, b = { header = 'b' } }\n";
    let text = format!("{first}[[journey.step]]\n{lines}");
    let scenario = parse(&text).map_err(|error| error.to_string())?;
    let mut kept = Captured::default();
    for (slot, (value, is_text)) in captured.iter().enumerate() {
        kept.set(slot, value, *is_text);
    }
    let mut into = Rendered::default();
    let mut random = Pcg64Mcg::seed_from_u64(1);
    scenario.render_step(1, 3, &mut random, &kept, &mut into).map_err(|unsendable| unsendable.0)?;
    let headers = into.headers(&scenario.tasks()[1]).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (path, body) = (into.path().to_owned(), String::from_utf8_lossy(into.body()).into_owned());
    Ok(Sent { path, headers, body })
}

fn body(lines: &str, captured: &[(&str, bool)]) -> String {
    rendered(&format!("path = '/'\n{lines}"), captured).unwrap().body
}

#[test]
fn a_value_alone_keeps_its_type_in_json() {
    let captured = [("17", false), ("say \"hi\"", true)];
    for (json, expected) in [
        ("{ id = '{{a}}' }", r#"{"id":17}"#),
        ("{ id = '{{a | text}}' }", r#"{"id":"17"}"#),
        ("{ note = '{{b}}' }", r#"{"note":"say \"hi\""}"#),
        ("{ note = '<{{b}}>' }", r#"{"note":"<say \"hi\">"}"#),
        ("{ n = '{{random(5, 5)}}', t = '{{random(5, 5) | text}}' }", r#"{"n":5,"t":"5"}"#),
        ("{ n = '{{products}}', u = '{{user}}' }", r#"{"n":9,"u":3}"#),
        ("{ n = '{{x = random(4, 4)}}', o = '{{x}}' }", r#"{"n":4,"o":4}"#),
        ("{ c = '{{choice(\"x\")}}', d = '{{choice(1)}}' }", r#"{"c":"x","d":1}"#),
        ("[1, 2.5, true, 'a\"b', [], {}, '']", r#"[1,2.5,true,"a\"b",[],{},""]"#),
    ] {
        assert_eq!(body(&format!("json = {json}"), &captured), expected, "{json}");
    }
}

#[test]
fn a_form_and_parts_are_sent_as_browsers_send_them() {
    let captured = [("a&b c", true), ("x", true)];
    assert_eq!(body("form = { 'k 1' = '{{a}}', n = 3, p = 'é={{b}}' }", &captured), "k+1=a%26b+c&n=3&p=%C3%A9%3Dx");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.png");
    std::fs::write(&file, b"\x89PNG\xff").unwrap();
    let file = file.to_str().unwrap();
    let Sent { headers, body: parts, .. } = rendered(
        &format!("path = '/'\nmultipart = {{ note = '{{{{a}}}}', photo = {{ file = '{file}' }} }}"),
        &captured,
    )
    .unwrap();
    let kind = &headers.iter().find(|(name, _)| name == "content-type").unwrap().1;
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\na&b c\r\n--{boundary}\r\n\
         content-disposition: form-data; name=\"photo\"; filename=\"p.png\"\r\ncontent-type: image/png\r\n\r\n\
         \u{fffd}PNG\u{fffd}\r\n--{boundary}--\r\n"
    );
    assert_eq!(parts, expected);
    let Sent { headers, body: sent, .. } = rendered(&format!("path = '/'\nbody_file = '{file}'"), &captured).unwrap();
    assert_eq!(sent, "\u{fffd}PNG\u{fffd}");
    assert!(headers.contains(&("content-type".to_owned(), "image/png".to_owned())));
}

#[test]
fn authorization_is_written_as_services_read_it() {
    let captured = [("tok", true), ("päss", true)];
    let sent = |lines: &str| {
        let headers = rendered(&format!("path = '/'\n{lines}"), &captured).unwrap().headers;
        headers.into_iter().find(|(name, _)| name == "authorization").unwrap().1
    };
    assert_eq!(sent("bearer = '{{a}}'"), "Bearer tok");
    assert_eq!(sent("basic = { user = 'mia', password = '{{b}}' }"), "Basic bWlhOnDDpHNz");
}

#[test]
fn a_captured_value_cannot_leave_its_place() {
    let nasty = [("/x\r\nevil: 1", true), ("y", true)];
    assert!(rendered("path = '/{{a}}'", &nasty).err().unwrap().starts_with("the path has a character"));
    let header = "path = '/'\nheaders = { x = '{{a}}' }";
    assert!(rendered(header, &nasty).err().unwrap().starts_with("the header x has a character"));
    assert_eq!(rendered("path = '/{{a | url}}'", &nasty).unwrap().path, "/%2Fx%0D%0Aevil%3A%201");
    assert!(rendered("path = '/{{b}}'", &[("x", true)]).err().unwrap().starts_with("b was not captured"));
}

#[test]
fn a_broken_journey_is_refused_with_line_step_and_remedy() {
    let head = "name = 'x'\n[[journey]]\nname = 'buy'\n";
    let mut wrong = Vec::new();
    let second = |lines: &str| step(&format!("path = '/'\n[[journey.step]]\nname = 'next'\n{lines}"));
    for (text, said) in [
        (
            "name = 'x'\n[journey]\nname = 'a'".to_owned(),
            "line 2: a scenario has a list of journeys: write [[journey]]",
        ),
        (format!("{head}[journey.step]\npath = '/'"), "write [[journey.step]] in double brackets"),
        (head.to_owned(), "line 2, journey \"buy\": a journey without a step: write [[journey.step]]"),
        ("name = 'x'\n[[journey]]\nname = 'a:b'".to_owned(), "without a colon"),
        (
            format!("{head}[[journey.step]]\npath='/'\n{}", &head[11..]),
            "there are two journeys \"buy\": give each its own name",
        ),
        (
            format!("{head}[[journey.step]]\npath = '/'\n[[task]]\nname = 't'\npath = '/'"),
            "has tasks or journeys, and this one has both",
        ),
        (format!("{head}weight = 0\n[[journey.step]]\npath = '/'"), "give at least one journey a weight above 0"),
        (format!("{head}[[journey.step]]\nname = 'a'"), "missing field `path`"),
        (format!("{head}[[journey.step]]\npath = '/'\nfoo = 1"), "unknown field `foo`"),
        (
            "name = 'x'\n[[task]]\nname = 't'\npath = '/'\ncapture = { a = { header = 'a' } }".to_owned(),
            "line 5, task \"t\": capture belongs to a step",
        ),
        (
            "name = 'x'\n[[task]]\nname = 't'\npath = '/'\nwhen = '30%'".to_owned(),
            "when belongs to a step of a journey",
        ),
        ("name = 'x'\n[client]\nredirects = 50".to_owned(), "line 3: client.redirects is 50: at most 20"),
        ("name = 'x'\n[hosts]\n'a b' = 'http://x'".to_owned(), "line 3: \"a b\" is not a name for a host"),
        ("name = 'x'\n[hosts]\napi = 'http://u:p@x'".to_owned(), "send an Authorization header instead"),
        (step("path = 'api:/x'"), "there is no host api: add its URL under [hosts]"),
        (step("path = 'https://shop.example/x/y'"), "a path is not a URL: name the service under [hosts]"),
        (step("path = 'x'"), "the path must start with a slash"),
        (step("path = '/'\nweight = 2"), "a step has no weight"),
        (step("path = '/'\nbody = 'a'\njson = {}"), "a request has one body, and here are body and json"),
        (step("path = '/'\njson = { a = nan }"), "json has NaN, which JSON cannot express"),
        (step("path = '/'\njson = { a = '{{b}}' }"), "{{b}}: b is not known"),
        (step("path = '/'\nbody_file = 'nowhere.bin'"), "nowhere.bin cannot be read"),
        (step("path = '/'\nbearer = 'a'\nbasic = { user = 'a', password = 'b' }"), "say the same: write one of them"),
        (step("path = '/'\ncapture = { user = { json = '/a' } }"), "user has a meaning of its own in placeholders"),
        (step("path = '/'\ncapture = { products = { json = '/a' } }"), "products is one of the [variables]"),
        (step("path = '/'\ncapture = { 'a b' = { json = '/a' } }"), "\"a b\" cannot be the name of a capture"),
        (step("path = '/'\ncapture = { a = { json = '/a', header = 'b' } }"), "capture a: write one of { json ="),
        (
            step("path = '/'\ncapture = { a = { json = 'a' } }"),
            "capture a: \"a\" is not a JSON pointer: write json.\"/a\"",
        ),
        (step("path = '/'\ncapture = { a = { header = 'a b' } }"), "is not a valid name of a header"),
        (step("path = '/'\ncapture = { a = { body = '(a' } }"), "is not a regular expression"),
        (step("path = '/'\ncapture = { a = { body = '(a)(b)' } }"), "has 2 groups, and only one value can be kept"),
        (step("path = '/'\ncapture = { a = { body = 'a*' } }"), "can never fail"),
        (step("path = '/{{a}}'\ncapture = { a = { header = 'a' } }"), "a is captured only later"),
        (
            second("path = '/{{c}}'\n[[journey.step]]\npath='/'\ncapture = { c = { header = 'c' } }"),
            "line 11, journey \"buy\", step \"next\": {{c}}: c is captured only later",
        ),
        (
            step("path = '/'\nuntil = { json.'/a' = 1, within = '3s' }"),
            "until needs every, a duration: write every = \"500ms\"",
        ),
        (step("path = '/'\nuntil = { every = '1s', within = '3s' }"), "until names no state to wait for"),
        (
            step("path = '/'\nuntil = { every = '5s', within = '3s', status = 200 }"),
            "until.within is shorter than until.every",
        ),
        (step("path = '/'\nuntil = { every = '1s', within = '3s', stats = 200 }"), "until.stats is not known"),
        (step("path = '/'\nwhen = 'paid'"), "is not a condition: write a comparison like"),
        (step("path = '/'\nrepeat = 0"), "repeat = \"0\" is not a number of times"),
        (step("path = '/'\nrepeat = '5..1'"), "write 3 or \"1..5\""),
        (step("path = '/'\nmethod = 'HEAD'\ncapture = { a = { json = '/a' } }"), "an answer to HEAD has no body"),
        (
            format!(
                "name='x'\n[client]\ncookies=true\n{}\n[[journey.step]]\npath='/'\nheaders={{cookie='a=b'}}",
                &head[11..]
            ),
            "sends the cookies of its jar: leave the header cookie out",
        ),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        let is_of_a_step = text.starts_with(&step(""));
        let is_placed = !is_of_a_step || error.contains("line ") && error.contains(", journey \"buy\", step \"");
        if !error.contains(said) || !is_placed {
            wrong.push(format!("{text}\n{said}\n{error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_is_too_many_is_told_with_the_line_of_the_first_beyond() {
    let journey = "[[journey]]\nname = 'j'\n";
    let hosts = (1..=9).map(|number| format!("h{number} = 'http://h'\n")).collect::<String>();
    for (text, said) in [
        (format!("name = 'x'\n[hosts]\n{hosts}{journey}"), "line 11: there are 9 [hosts] and at most 8 are allowed"),
        (
            format!("name = 'x'\n{journey}{}", "[[journey.step]]\npath = '/'\n".repeat(201)),
            "line 404: there are 201 steps and at most 200 are allowed",
        ),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
