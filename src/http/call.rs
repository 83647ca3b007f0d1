//! The input of a handler: a request that was read, and its request ID.

use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderValue};
use rand::RngExt;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::body::ReadBody;
use super::error::ApiError;
use crate::domain::IdempotencyKey;
use crate::wire::{Code, IDEMPOTENCY_KEY, REQUEST_ID};

/// A request whose head and body were read and are within the limits.
#[derive(Debug)]
pub(super) struct Call {
    /// The number in the path, or 0, which no row has, if the route has none.
    pub(super) id: u64,
    /// The query string, without the question mark.
    pub(super) query: String,
    /// Only those headers that handlers use.
    pub(super) headers: HeaderMap,
    /// The body; empty unless the method is POST or PATCH.
    pub(super) body: ReadBody,
    /// The time by which the request must be answered.
    pub(super) deadline: Instant,
    /// The name of the token, if the store asks for one.
    pub(super) client: Option<Arc<str>>,
}

impl Call {
    /// A call that has only headers.
    #[cfg(test)]
    pub(super) fn with_headers(headers: HeaderMap, deadline: Instant) -> Self {
        Self { id: 0, query: String::new(), headers, body: ReadBody::default(), deadline, client: None }
    }

    /// The bytes of the body as the client sent them.
    pub(super) fn body(&self) -> &[u8] {
        &self.body.bytes
    }

    /// Parses the body as JSON into `T`.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        // serde would read an array as the fields in their order, which no client means.
        if self.body().trim_ascii_start().first() == Some(&b'[') {
            serde_json::from_slice::<serde::de::IgnoredAny>(self.body()).map_err(|error| malformed(&error))?;
            return Err(ApiError::new(Code::InvalidBody, "the body is an array; this route takes an object"));
        }
        serde_json::from_slice(self.body()).map_err(|error| {
            if error.is_data() {
                let sentence = format!("the body is JSON, but not what this route takes: {error}");
                return ApiError::new(Code::InvalidBody, sentence);
            }
            malformed(&error)
        })
    }

    /// A parameter of the query as it was sent, without decoding; an error if it is given several times, because the
    /// intended value is unknown.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut given = pairs.filter(|(key, _)| *key == name).map(|(_, text)| text);
        let text = given.next();
        if given.next().is_some() {
            let sentence = format!("give the query parameter {name} once, not several times");
            return Err(ApiError::new(Code::InvalidParameter, sentence));
        }
        Ok(text)
    }

    /// The key under which the client may repeat the request, if it gave one.
    pub(super) fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, ApiError> {
        let mut values = self.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(ApiError::new(Code::InvalidParameter, "give one Idempotency-Key, not several"));
        }
        let key = IdempotencyKey::parse(value.as_bytes());
        let key = key.map_err(|error| ApiError::new(Code::InvalidParameter, error.to_string()))?;
        Ok(Some(match &self.client {
            Some(client) => key.of_client(client),
            None => key,
        }))
    }

    /// A whole number from `least` to `most` in the query, or `default` if it is not given.
    pub(super) fn number(&self, name: &str, default: u64, least: u64, most: u64) -> Result<u64, ApiError> {
        let Some(text) = self.parameter(name)? else { return Ok(default) };
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u64>().ok().filter(|number| plain && (least..=most).contains(number));
        number.ok_or_else(|| {
            let sentence = format!("the query parameter {name} is one whole number from {least} to {most}");
            ApiError::new(Code::InvalidParameter, sentence)
        })
    }
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(Code::MalformedJson, format!("the body is not JSON: {error}"))
}

/// The ID of a request: the one sent by the client if it is usable, otherwise a new one.
#[derive(Clone, Debug)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// The most characters of an ID that is accepted from a client.
    const LONGEST: usize = 128;

    pub(super) fn of(headers: &HeaderMap) -> Self {
        if let Some(given) = headers.get(REQUEST_ID) {
            let usable =
                |bytes: &[u8]| bytes.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
            if (1..=Self::LONGEST).contains(&given.len()) && usable(given.as_bytes()) {
                // The value is copied because it is a slice of the connection's buffer and would keep all of that
                // alive.
                return HeaderValue::from_bytes(given.as_bytes()).map_or_else(|_| Self::random(), Self);
            }
        }
        Self::random()
    }

    /// A new random ID.
    pub(super) fn random() -> Self {
        let name = format!("{:016x}", rand::rng().random::<u64>());
        Self(HeaderValue::from_str(&name).unwrap_or_else(|_| HeaderValue::from_static("-")))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("-")
    }

    pub(super) fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}
