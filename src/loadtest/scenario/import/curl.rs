//! Reads curl commands, as people keep them and as browsers copy them. No file that they name is read.

use std::collections::VecDeque;

use serde_json::Value;
use url::{Position, Url};

use super::curl_options::{
    FLAGS_OF_THE_RUN, IGNORED_FLAGS, IGNORED_WITH_VALUE, OF_THE_RUN, WITHOUT_A_PLACE, apart, split,
};
use super::draft::{Body, Draft, FORM, Request, encoded_path, is_json_type, literal_json};
use super::imported::ImportError;
use super::placeholders::literal;
use super::shell::{assignment, commands, has_variable, with_variables};
use super::without_secrets::{
    authority, authorization, env, form, json_without_secrets, looks_secret, path_without_secrets, secret_or,
    text_without_secrets, url_without_secrets, user,
};

/// Whether a text is a curl command, or several. Variables may be set before.
pub(super) fn is_one(text: &str) -> bool {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let line = line.trim_start_matches("$ ");
        let mut words = line.split_whitespace().skip_while(|word| assignment(word).is_some());
        match words.next() {
            Some("curl" | "curl.exe") => return true,
            None | Some("export" | "set") => {}
            Some(_) => return false,
        }
    }
    false
}

/// Reads one request as a task, several as the steps of a journey.
pub(super) fn read(text: &str) -> Result<Draft, ImportError> {
    let mut draft = Draft { source: "curl commands", name: "curl".to_owned(), ..Draft::default() };
    for words in &commands(text)? {
        // What follows --next is another request.
        for words in words[1..].split(|word| word == "--next" || word == "-:") {
            read_request(words, &mut draft)?;
        }
    }
    if draft.requests.is_empty() {
        return Err(ImportError("no curl command has a URL of the first one's host: give at least one".to_owned()));
    }
    draft.is_journey = draft.requests.len() > 1;
    // A scenario has a jar for each user, or headers.
    let has_header = |request: &Request| request.headers.iter().any(|(name, _)| name == "cookie");
    draft.cookies &= !draft.requests.iter().any(has_header);
    Ok(draft)
}

/// What one command says.
#[derive(Default)]
struct Said {
    method: Option<String>,
    urls: Vec<String>,
    query: Vec<String>,
    data: Vec<String>,
    /// Whether there is a body, which may be in a file.
    has_body: bool,
    is_json: bool,
    is_get: bool,
    parts: Vec<(String, String)>,
    request: Request,
}

fn read_request(words: &[String], draft: &mut Draft) -> Result<(), ImportError> {
    let mut said = Said::default();
    let mut words: VecDeque<String> = words.iter().cloned().collect();
    while let Some(word) = words.pop_front() {
        // The values of options are taken as they are, whatever they begin with.
        let mut together = apart(&word);
        let first = together.remove(0);
        together.into_iter().rev().for_each(|option| words.push_front(option));
        let (option, joined) = split(&first);
        let mut value = || {
            let missing = || ImportError(format!("curl {option} has no value: give the command as a whole"));
            joined.map_or_else(|| words.pop_front().ok_or_else(missing), |joined| Ok(joined.to_owned()))
        };
        match option {
            "-G" | "--get" => said.is_get = true,
            "-I" | "--head" => said.method = Some("HEAD".to_owned()),
            "-L" | "--location" | "--location-trusted" => draft.redirects = 10,
            ignored if IGNORED_WITH_VALUE.contains(&ignored) => drop(value()?),
            "-X" | "--request" => said.method = Some(value()?.to_uppercase()),
            "--url" => said.urls.push(value()?),
            of_head if is_of_head(of_head) => head(of_head, &value()?, &mut said),
            of_body if is_of_body(of_body) => body(of_body, value()?, &mut said),
            of_run if OF_THE_RUN.contains(&of_run) => {
                drop(value()?);
                said.request.left_out.push(format!("{of_run}: storemgr loadtest has an option of its own for it"));
            }
            unknown if WITHOUT_A_PLACE.contains(&unknown) => {
                drop(value()?);
                said.request.left_out.push(format!("what {unknown} says"));
            }
            "-c" | "--cookie-jar" => {
                drop(value()?);
                draft.cookies = true;
            }
            "--compressed" => draft.compression = true,
            flag if FLAGS_OF_THE_RUN.contains(&flag) => {
                said.request.left_out.push(format!("{flag}: storemgr loadtest has an option of its own for it"));
            }
            flag if flag.starts_with('-') && flag.len() > 1 => {
                if !IGNORED_FLAGS.contains(&flag) {
                    said.request.left_out.push(format!("the option {flag}"));
                }
            }
            url => said.urls.push(url.to_owned()),
        }
    }
    finish(said, draft)
}

/// Options that are written into the head of a request.
fn is_of_head(option: &str) -> bool {
    [
        "-H",
        "--header",
        "-u",
        "--user",
        "-b",
        "--cookie",
        "-A",
        "--user-agent",
        "-e",
        "--referer",
        "--oauth2-bearer",
        "-r",
        "--range",
        "--url-query",
    ]
    .contains(&option)
}

fn head(option: &str, value: &str, said: &mut Said) {
    let request = &mut said.request;
    match option {
        "-u" | "--user" => user(value, request),
        "-b" | "--cookie" => cookie(value, request),
        "-A" | "--user-agent" => request.headers.push(("user-agent".to_owned(), literal(value))),
        "-e" | "--referer" => request.headers.push(("referer".to_owned(), literal(value))),
        "--oauth2-bearer" => request.bearer = Some("{{env.TOKEN}}".to_owned()),
        "-r" | "--range" => request.headers.push(("range".to_owned(), literal(&format!("bytes={value}")))),
        "--url-query" => match value.strip_prefix('+') {
            Some(encoded) => said.query.push(encoded.to_owned()),
            None => said.query.extend(url_encoded(value, &mut said.request)),
        },
        _ => header(value, request),
    }
}

/// Options that are written into the body of a request.
fn is_of_body(option: &str) -> bool {
    [
        "-d",
        "--data",
        "--data-ascii",
        "--data-binary",
        "--data-raw",
        "--data-urlencode",
        "--json",
        "-F",
        "--form",
        "--form-string",
        "-T",
        "--upload-file",
    ]
    .contains(&option)
}

fn body(option: &str, value: String, said: &mut Said) {
    said.has_body = true;
    match option {
        "--data-raw" => said.data.push(value),
        "--data-urlencode" => said.data.extend(url_encoded(&value, &mut said.request)),
        "-F" | "--form" => part(&value, said),
        "--form-string" => said.parts.extend(value.split_once('=').map(|(name, value)| field(name, value))),
        "-T" | "--upload-file" => {
            said.method.get_or_insert_with(|| "PUT".to_owned());
            said.request.left_out.push(format!("the body in the file {value}, which is not read: write body_file"));
        }
        _ => {
            said.is_json |= option == "--json";
            match value.strip_prefix('@') {
                Some(file) => {
                    let what = format!("the body in the file {file}, which is not read: write body_file");
                    said.request.left_out.push(what);
                }
                None => said.data.push(value),
            }
        }
    }
}

fn header(text: &str, request: &mut Request) {
    let Some((name, value)) = text.split_once(':') else {
        if let Some(file) = text.strip_prefix('@') {
            request.left_out.push(format!("the headers in the file {file}, which is not read"));
        }
        return;
    };
    let (name, value) = (name.trim().to_lowercase(), value.trim());
    match name.as_str() {
        "host" | "content-length" | "connection" | "transfer-encoding" | "accept-encoding" => {}
        "cookie" => cookie(value, request),
        "authorization" => authorization(value, request),
        _ if value.is_empty() => {}
        _ if looks_secret(&name, value) => request.headers.push((name.clone(), env(&name))),
        _ if name.starts_with("sec-") => {}
        _ => request.headers.push((name, literal(value))),
    }
}

fn cookie(text: &str, request: &mut Request) {
    if text.contains('=') {
        request.headers.push(("cookie".to_owned(), "{{env.COOKIE}}".to_owned()));
    } else {
        request
            .left_out
            .push("the cookies of a file, which is not read: set client.cookies, or send a cookie header".to_owned());
    }
}

/// `name=text` or `=text`, of which the text is encoded. None if it is in a file.
fn url_encoded(text: &str, request: &mut Request) -> Option<String> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    match text.split_once('=') {
        _ if text.split('=').next().is_some_and(|name| name.contains('@')) => {
            let file = text.split_once('@').map_or(text, |(_, file)| file.split('?').next().unwrap_or(file));
            request.left_out.push(format!("the data in the file {file}, which is not read"));
            None
        }
        Some(("", value)) => Some(encode(value)),
        Some((name, value)) => Some(format!("{name}={}", encode(value))),
        None => Some(encode(text)),
    }
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), secret_or(name, value))
}

/// A part of a form, without what follows it of its own: `;type=application/json`.
fn part(text: &str, said: &mut Said) {
    let Some((name, value)) = text.split_once('=') else { return };
    if let Some(file) = value.strip_prefix(['@', '<']) {
        said.request.left_out.push(format!("the part {name} with the file {file}, which is not read"));
        return;
    }
    let quoted = value.strip_prefix('"').and_then(|inside| inside.rsplit_once('"'));
    let words = [";type=", ";filename=", ";headers=", ";encoder="];
    let end = words.into_iter().filter_map(|word| value.find(word)).min().unwrap_or(value.len());
    let (value, further) = quoted.unwrap_or_else(|| value.split_at(end));
    if !further.is_empty() {
        said.request.left_out.push(format!("{} of the part {name}", further.trim_start_matches(';')));
    }
    said.parts.push(field(name, value));
}

fn finish(said: Said, draft: &mut Draft) -> Result<(), ImportError> {
    let Some(url) = said.urls.first() else {
        return Err(ImportError("a curl command has no URL: give it as a whole".to_owned()));
    };
    let mut request = said.request.clone();
    let Some(url) = url_of(url, &mut request, draft)? else { return Ok(()) };
    for more in said.urls.iter().skip(1) {
        request.left_out.push(format!("the further URL {} of the same command", url_without_secrets(more)));
    }
    if !url.username().is_empty() {
        user(url.username(), &mut request);
    }
    let mut path = url[Position::BeforePath..Position::AfterQuery].to_owned();
    let in_query = said.query.iter().chain(said.data.iter().filter(|_| said.is_get));
    for pair in in_query {
        path = format!("{path}{}{pair}", if path.contains('?') { '&' } else { '?' });
    }
    if !said.is_get {
        body_of(&said, &mut request);
    }
    if said.is_json && !request.headers.iter().any(|(name, _)| name == "accept") {
        request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    }
    let usual = if said.has_body && !said.is_get { "POST" } else { "GET" };
    request.method = said.method.unwrap_or_else(|| usual.to_owned());
    request.name = format!("{} {}", request.method, url.path());
    request.path = encoded_path(&path_without_secrets(&literal(&path), |_| false));
    draft.requests.push(of_environment(request));
    Ok(())
}

/// The URL of a request; None if it leads to another host.
fn url_of(given: &str, request: &mut Request, draft: &mut Draft) -> Result<Option<Url>, ImportError> {
    let whole = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    let (start, end) = authority(&whole);
    if has_variable(&whole[..end]) {
        let host = with_variables(&whole[start..end], |name| format!("${name}"), str::to_owned);
        request.left_out.push(format!("the host {host}, which the command does not say: give it with --host"));
        return Ok(Url::parse(&format!("http://host.invalid{}", &whole[end..])).ok());
    }
    let url = Url::parse(&whole).map_err(|error| ImportError(format!("{given:?} is not a URL: {error}")))?;
    let origin = url.origin().ascii_serialization();
    if draft.host.get_or_insert_with(|| origin.clone()) != &origin {
        draft.left_out.push(format!("a request to {origin}, which is another host: add it under [hosts]"));
        return Ok(None);
    }
    Ok(Some(url))
}

fn body_of(said: &Said, request: &mut Request) {
    let joined = said.data.join("&");
    let kind = request.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.to_lowercase());
    let kind = kind.unwrap_or_else(|| if said.is_json { "application/json" } else { FORM }.to_owned());
    if !said.parts.is_empty() {
        request.body = Body::Parts(said.parts.clone());
    } else if !said.data.is_empty() {
        let json: Option<Value> =
            serde_json::from_str(&joined).ok().filter(|json: &Value| json.is_object() || json.is_array());
        request.body = match json {
            Some(json) => {
                // curl says so of whatever it sends.
                if kind == FORM {
                    request.headers.retain(|(name, _)| name != "content-type");
                    request.headers.push(("content-type".to_owned(), FORM.to_owned()));
                }
                Body::Json(json_without_secrets(&literal_json(&json)))
            }
            None if kind.starts_with(FORM) => form(&joined, request, |_, _| None),
            None => Body::Text(text_without_secrets(&literal(&joined))),
        };
    }
    // What the load test says of itself.
    if matches!(request.body, Body::Form(_) | Body::Parts(_))
        || (is_json_type(&kind) && matches!(request.body, Body::Json(_)))
    {
        request.headers.retain(|(name, _)| name != "content-type");
    }
}

/// A request with variables of the environment in place of those of the shell.
fn of_environment(mut request: Request) -> Request {
    let plain =
        |text: &str| with_variables(text, |name| format!("{{{{env.{name}}}}}"), |name| format!("{{{{env.{name}}}}}"));
    let in_form = |text: &str| {
        with_variables(text, |name| format!("{{{{env.{name}}}}}"), |name| format!("{{{{env.{name} | url}}}}"))
    };
    let named = |text: &str| with_variables(text, |name| format!("${name}"), |name| format!("${name}"));
    request.name = named(&request.name);
    request.path = plain(&request.path);
    request.headers.iter_mut().for_each(|(_, value)| *value = plain(value));
    request.basic = request.basic.map(|(user, password)| (plain(&user), password));
    request.left_out.iter_mut().for_each(|what| *what = named(what));
    request.body = match request.body {
        Body::Text(text) => Body::Text(in_form(&text)),
        Body::Json(value) => Body::Json(json_of_environment(&value, &plain)),
        Body::Form(fields) => {
            Body::Form(fields.into_iter().map(|(name, value)| (named(&name), plain(&value))).collect())
        }
        Body::Parts(fields) => {
            Body::Parts(fields.into_iter().map(|(name, value)| (named(&name), plain(&value))).collect())
        }
        Body::None => Body::None,
    };
    request
}

fn json_of_environment(value: &Value, plain: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::from(plain(text)),
        Value::Array(all) => all.iter().map(|one| json_of_environment(one, plain)).collect(),
        Value::Object(all) => all.iter().map(|(name, one)| (plain(name), json_of_environment(one, plain))).collect(),
        other => other.clone(),
    }
}
