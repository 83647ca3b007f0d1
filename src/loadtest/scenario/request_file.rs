//! Reads one request of a scenario file: a task, or what a step of a journey sends.

use hyper::Method;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderName};
use toml::Spanned;

use super::body_file::{Body, read_body};
use super::check::Check;
use super::error::ScenarioError;
use super::fits::{header_text, path_text};
use super::reading::Reading;
use super::shapes::RequestShape;
use super::tasks::{Group, Task};
use super::template::{Names, Scope, Template};
use super::think_time::ThinkTime;
use crate::net::ACCEPTED_CODINGS;
use crate::units::printable;

/// The longest name of a route, in bytes: it stands in the tables of a terminal.
pub(super) const LONGEST_ROUTE: usize = 200;

/// Reads a task.
pub(super) fn read_task(
    reading: &mut Reading<'_>,
    shape: Spanned<RequestShape>,
    think_time: ThinkTime,
    names: &mut Names,
) -> Result<(Task, Group), ScenarioError> {
    let span = shape.span();
    let shape = shape.into_inner();
    let Some(name) = shape.name.clone() else {
        return Err(reading.wrong(Some(span), "the name is missing: write name = \"…\"".to_owned()));
    };
    reading.place = Some(format!("task {name:?}"));
    let of_steps = [
        ("capture", shape.capture.keys().next().map(Spanned::span)),
        ("until", shape.until.as_ref().map(Spanned::span)),
        ("when", shape.when.as_ref().map(Spanned::span)),
        ("repeat", shape.repeat.as_ref().map(Spanned::span)),
    ];
    if let Some((key, span)) = of_steps.into_iter().find_map(|(key, span)| Some((key, span?))) {
        let what = format!(
            "{key} belongs to a step of a journey: write [[journey]] with [[journey.step]] instead of [[task]]"
        );
        return Err(reading.wrong(Some(span), what));
    }
    let weight = reading.weight(shape.weight.as_ref())?;
    let (task, group) = read_request(reading, &shape, name, think_time, names)?;
    Ok((Task { weight, ..task }, group))
}

/// Reads what is sent, and what its answer must be.
pub(super) fn read_request(
    reading: &mut Reading<'_>,
    shape: &RequestShape,
    name: String,
    think_time: ThinkTime,
    names: &mut Names,
) -> Result<(Task, Group), ScenarioError> {
    let mut scope = Scope::default();
    let (host, path) = path(reading, &shape.path, names, &mut scope)?;
    let mut headers = headers(reading, shape, names, &mut scope)?;
    let Body { text, parts, content_type } = read_body(reading, shape, names, &mut scope)?;
    let has_body = !text.is_empty() || !parts.is_empty();
    let method = match &shape.method {
        None if has_body && shape.body.is_none() => Method::POST,
        None => Method::GET,
        Some(given) => method(reading, given)?,
    };
    add_default(&mut headers, "user-agent", concat!("storemgr/", env!("CARGO_PKG_VERSION")));
    if has_body {
        add_default(&mut headers, "content-type", &content_type);
    }
    if reading.compression {
        add_default(&mut headers, "accept-encoding", ACCEPTED_CODINGS);
    }
    let decodes = headers.iter().any(|(name, _)| name == ACCEPT_ENCODING);
    let check = match &shape.check {
        None => Check::default(),
        Some(rules) => Check::read("check", rules.as_ref()).map_err(|what| reading.wrong(Some(rules.span()), what))?,
    };
    let think_time = reading.think_time(shape.think_time.as_ref())?.unwrap_or(think_time);
    if method == Method::HEAD && check.reads_bodies() {
        let span = shape.check.as_ref().map(Spanned::span);
        let what = "an answer to HEAD has no body, so check.body and check.json can never hold: leave them out";
        return Err(reading.wrong(span, what.to_owned()));
    }
    let route = if let Some(given) = &shape.route {
        route(reading, given)?
    } else {
        let label = path.label();
        let label = label.split('?').next().unwrap_or_default();
        let host = host.checked_sub(1).map(|other| format!("{}:", reading.hosts[other].name));
        format!("{}{label}", host.unwrap_or_default())
    };
    let group = Group { method: method.clone(), route };
    let checked = shape.check.is_some();
    let task = Task {
        name,
        method,
        group: 0,
        weight: 0,
        think_time,
        check,
        checked,
        decodes,
        reads: false,
        host,
        path,
        headers,
        body: text,
        parts,
    };
    Ok((task, group))
}

/// The service that a path names, and the path.
fn path(
    reading: &Reading<'_>,
    given: &Spanned<String>,
    names: &mut Names,
    scope: &mut Scope,
) -> Result<(usize, Template), ScenarioError> {
    let span = Some(given.span());
    if let Some((name, path)) = super::hosts::named(given.as_ref()) {
        let Some(place) = reading.hosts.iter().position(|host| host.name == name) else {
            let what = if ["http", "https"].contains(&name) {
                format!(
                    "a path is not a URL: name the service under [hosts], and write its name before the path, like \"api:{}\"",
                    path.trim_start_matches('/').find('/').map_or("/", |slash| &path.trim_start_matches('/')[slash..])
                )
            } else {
                format!("there is no host {name}: add its URL under [hosts]")
            };
            return Err(reading.wrong(span, what));
        };
        let path = Spanned::new(given.span(), path.to_owned());
        return Ok((place + 1, reading.template(&path, names, scope, Some(path_text))?));
    }
    let path = reading.template(given, names, scope, Some(path_text))?;
    // What was captured is a whole URL, or a path, and is known when it is sent.
    let is_captured = path.begins_with_a_captured_value();
    if !given.as_ref().starts_with('/') && !is_captured {
        return Err(reading.wrong(span, "the path must start with a slash".to_owned()));
    }
    Ok((0, path))
}

fn headers(
    reading: &Reading<'_>,
    shape: &RequestShape,
    names: &mut Names,
    scope: &mut Scope,
) -> Result<Vec<(HeaderName, Template)>, ScenarioError> {
    let mut headers = Vec::new();
    for (name, value) in &shape.headers {
        let known = header_name(reading, name)?;
        if known == COOKIE && reading.client.cookies {
            let what = "with client.cookies = true each user sends the cookies of its jar: leave the header cookie out";
            return Err(reading.wrong(Some(name.span()), what.to_owned()));
        }
        headers.push((known, reading.template(value, names, scope, Some(header_text))?));
    }
    let has_authorization = headers.iter().any(|(name, _)| name == AUTHORIZATION);
    let given = [shape.bearer.as_ref().map(Spanned::span), shape.basic.as_ref().map(Spanned::span)];
    if given.iter().flatten().count() + usize::from(has_authorization) > 1 {
        let span = given.into_iter().flatten().next();
        let what = "bearer, basic and the header authorization say the same: write one of them";
        return Err(reading.wrong(span, what.to_owned()));
    }
    if let Some(bearer) = &shape.bearer {
        let mut value = Template::constant("Bearer ");
        value.join(reading.template(bearer, names, scope, Some(header_text))?);
        headers.push((AUTHORIZATION, value));
    }
    if let Some(basic) = &shape.basic {
        let basic = basic.as_ref();
        let mut inner = reading.template(&basic.user, names, scope, None)?;
        inner.join(Template::constant(":"));
        inner.join(reading.template(&basic.password, names, scope, None)?);
        names.secrets.add_base64();
        headers.push((AUTHORIZATION, Template::basic(inner)));
    }
    Ok(headers)
}

/// The name that a task is counted under, which stands in tables and in thresholds.
fn route(reading: &Reading<'_>, given: &Spanned<String>) -> Result<String, ScenarioError> {
    let name = given.as_ref();
    let fits = !name.is_empty() && name.trim() == name && name.len() <= LONGEST_ROUTE && printable(name) == *name;
    let is_one_line = !name.contains('\n');
    let what = || format!("route = {name:?} is not a name: write one line of 1 to {LONGEST_ROUTE} bytes");
    (fits && is_one_line).then(|| name.clone()).ok_or_else(|| reading.wrong(Some(given.span()), what()))
}

fn method(reading: &Reading<'_>, given: &Spanned<String>) -> Result<Method, ScenarioError> {
    let name = given.as_ref();
    let known = name.bytes().all(|letter| letter.is_ascii_uppercase()) && name != "CONNECT";
    let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| known && !name.is_empty());
    let what = || format!("{name:?} is not a method: write GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS");
    method.ok_or_else(|| reading.wrong(Some(given.span()), what()))
}

fn header_name(reading: &Reading<'_>, given: &Spanned<String>) -> Result<HeaderName, ScenarioError> {
    let wrong = |what: String| reading.wrong(Some(given.span()), what);
    let name: HeaderName =
        given.as_ref().parse().map_err(|_| wrong(format!("{:?} is not a valid name of a header", given.as_ref())))?;
    // Headers that frame the message are written by the sender; a second one would make the request ambiguous.
    if ["host", "content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
        return Err(wrong(format!("{name} is written by the load test itself: leave it out")));
    }
    Ok(name)
}

fn add_default(headers: &mut Vec<(HeaderName, Template)>, name: &'static str, value: &str) {
    if !headers.iter().any(|(known, _)| known == name) {
        headers.push((HeaderName::from_static(name), Template::constant(value)));
    }
}
