//! What a scenario can say of a request: each name once, one authorization, and nothing that the reader refuses. The rest is
//! noted as left out.

use std::collections::BTreeSet;

use hyper::header::HeaderName;

use super::draft::{Body, Request};
use super::placeholders::{Piece, pieces};
use crate::loadtest::scenario::fits::header_text;
use crate::loadtest::scenario::request_file::LONGEST_ROUTE;
use crate::units::printable;

/// Headers that the load test writes itself.
const OF_THE_SENDER: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];

/// The request as it can be written.
pub(super) fn tidied(request: &Request) -> Request {
    let mut tidy = request.clone();
    tidy.headers = headers(&request.headers, &mut tidy.left_out);
    one_authorization(&mut tidy);
    if let Body::Form(fields) | Body::Parts(fields) = &mut tidy.body {
        let again = keep_first(fields, |(name, _)| name);
        tidy.left_out.extend(again.iter().map(|(name, _)| format!("a second field {name}")));
    }
    let again = keep_first(&mut tidy.captures, |capture| &capture.name);
    tidy.left_out.extend(again.iter().map(|capture| format!("a second capture {} of {}", capture.name, capture.place)));
    tidy.route = tidy.route.as_deref().map(route).filter(|route| !route.is_empty());
    keep_first(&mut tidy.left_out, |what| what);
    tidy
}

/// The headers that can be sent, each name once. Cookies stand in one header.
fn headers(given: &[(String, String)], left_out: &mut Vec<String>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in given {
        let lower = name.to_lowercase();
        let is_text = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => header_text(text).is_ok(),
            Piece::Placeholder(_) => true,
        };
        let known = all.iter_mut().find(|(known, _)| *known == lower);
        if OF_THE_SENDER.contains(&lower.as_str()) {
            left_out.push(format!("the header {lower}, which the load test writes itself"));
        } else if lower.parse::<HeaderName>().is_err() {
            left_out.push(format!("the header {name:?}, which has no valid name"));
        } else if !pieces(value).iter().all(is_text) {
            left_out.push(format!("the header {lower}, whose value has a character that is not allowed in a header"));
        } else if let Some((_, before)) = known {
            if lower == "cookie" && before != value {
                before.push_str("; ");
                before.push_str(value);
            } else if before != value {
                left_out.push(format!("a second header {lower}"));
            }
        } else {
            all.push((lower, value.clone()));
        }
    }
    all
}

/// Keeps one way of authorization: the token, or else the name and the password, or else the header.
fn one_authorization(request: &mut Request) {
    let is_header = |(name, _): &(String, String)| name == "authorization";
    if request.bearer.is_some() && request.basic.take().is_some() {
        request.left_out.push("the authorization by name and password: bearer stands for it".to_owned());
    }
    if (request.bearer.is_some() || request.basic.is_some()) && request.headers.iter().any(is_header) {
        request.headers.retain(|header| !is_header(header));
        request.left_out.push("the header authorization beside another authorization".to_owned());
    }
}

/// Keeps the first of each name. Gives the others.
fn keep_first<T>(all: &mut Vec<T>, name: impl Fn(&T) -> &String) -> Vec<T> {
    let mut known = BTreeSet::new();
    all.extract_if(.., |one| !known.insert(name(one).clone())).collect()
}

/// A route that tables can show, cut at a character.
fn route(whole: &str) -> String {
    let shown = printable(whole).replace('\n', " ");
    let shown = shown.trim();
    shown[..shown.floor_char_boundary(LONGEST_ROUTE)].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::scenario::import::draft::Capture;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_header_stands_once_and_can_be_sent() {
        for (given, expected, left_out) in [
            (vec![("X-A", "1"), ("x-a", "2")], vec![("x-a", "1")], 1),
            (vec![("x-a", "1"), ("x-a", "1")], vec![("x-a", "1")], 0),
            (vec![("cookie", "a=1"), ("cookie", "b=2")], vec![("cookie", "a=1; b=2")], 0),
            (vec![("Content-Length", "3"), ("x", "a\nb"), ("a b", "c")], vec![], 3),
            (vec![("x", "{{env.A}} b")], vec![("x", "{{env.A}} b")], 0),
        ] {
            let headers = given.iter().map(|(name, value)| pair(name, value)).collect();
            let tidy = tidied(&Request { headers, ..Request::default() });
            let expected: Vec<_> = expected.iter().map(|(name, value)| pair(name, value)).collect();
            assert_eq!((tidy.headers, tidy.left_out.len()), (expected, left_out), "{given:?}");
        }
    }

    #[test]
    fn one_authorization_and_one_of_each_name_is_kept() {
        let capture = Capture { name: "a".to_owned(), kind: "json", place: "/a".to_owned(), is_number: false };
        let request = Request {
            bearer: Some("a".to_owned()),
            basic: Some(pair("u", "p")),
            headers: vec![pair("authorization", "x")],
            body: Body::Parts(vec![pair("a", "1"), pair("a", "2")]),
            captures: vec![capture.clone(), capture],
            route: Some(format!("/{}", "é".repeat(200))),
            ..Request::default()
        };
        let tidy = tidied(&request);
        assert_eq!((tidy.basic, tidy.headers.len(), tidy.captures.len(), tidy.left_out.len()), (None, 0, 1, 4));
        assert_eq!(tidy.body, Body::Parts(vec![pair("a", "1")]));
        assert_eq!(tidy.route.map(|route| route.len()), Some(199));
    }
}
