//! `PATCH /products/{id}`: a new name or price, for a client that says which state it has seen.

use hyper::header::IF_MATCH;
use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::{ExpectedState, ProductChange, ProductId};
use crate::wire::{Code, ProductChangeBody};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let expected = expected_state(call)?;
    let body: ProductChangeBody = call.json()?;
    let change = ProductChange::new(body.name.as_deref(), body.price)?;
    let product = store.catalog.change_product(ProductId::new(call.id), &change, &expected, call.deadline).await?;
    reply::tagged(StatusCode::OK, &product, &product.state())
}

/// Reads `If-Match` (RFC 9110, section 13.1.1): `*`, or entity tags. A weak tag names no exact state, so it never matches.
fn expected_state(call: &Call) -> Result<ExpectedState, ApiError> {
    let mut states = Vec::new();
    let mut given = false;
    for value in call.headers.get_all(IF_MATCH) {
        given = true;
        let text = value.to_str().map_err(|_| malformed())?.trim();
        if text == "*" {
            return Ok(ExpectedState::Any);
        }
        for tag in text.split(',').map(str::trim) {
            let strong = tag.strip_prefix("W/").unwrap_or(tag);
            let opaque = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
            if !opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
                return Err(malformed());
            }
            if strong.len() == tag.len() {
                states.push(opaque.to_owned());
            }
        }
    }
    if !given {
        let sentence = "send If-Match with the ETag that GET gave, so that a change of somebody else is not lost";
        return Err(ApiError::new(Code::PreconditionRequired, sentence));
    }
    Ok(ExpectedState::OneOf(states))
}

fn malformed() -> ApiError {
    ApiError::new(Code::InvalidParameter, "If-Match is * or entity tags in double quotes, as ETag gives them")
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::header::HeaderValue;
    use tokio::time::Instant;

    use super::*;

    fn read(values: &[&str]) -> Result<ExpectedState, Code> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        expected_state(&Call::with_headers(headers, Instant::now())).map_err(|error| error.code)
    }

    #[test]
    fn tags_are_read_as_the_standard_has_them() {
        let one_of = |states: &[&str]| Ok(ExpectedState::OneOf(states.iter().map(ToString::to_string).collect()));
        assert_eq!(read(&["\"a\""]), one_of(&["a"]));
        assert_eq!(read(&["\"a\", \"b\"", "\"c\""]), one_of(&["a", "b", "c"]));
        assert_eq!(read(&["W/\"a\""]), one_of(&[]));
        assert_eq!(read(&["*"]), Ok(ExpectedState::Any));
        assert_eq!(read(&[]), Err(Code::PreconditionRequired));
        for wrong in ["", "a", "\"a", "\"", "w/\"a\"", "\"a\" \"b\"", "\"a b\"", "\"a\",", "*, \"a\""] {
            assert_eq!(read(&[wrong]), Err(Code::InvalidParameter), "{wrong}");
        }
    }
}
