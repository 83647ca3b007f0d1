//! Bodies of requests, read within a size and a time.

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use tokio::time::Instant;

use super::error::ApiError;
use crate::units;
use crate::wire::Code;

/// Reads a request's body, declared as JSON, within a size and a time.
pub(super) async fn read_json<B>(
    headers: &HeaderMap,
    body: B,
    limit: usize,
    deadline: Instant,
) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if !is_json(headers) {
        return Err(ApiError::new(Code::UnsupportedMediaType, "send the body as content-type: application/json"));
    }
    // Refused by its declared length before a byte is read, so that the client need not send it.
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let reading = Limited::new(body, limit).collect();
    match tokio::time::timeout_at(deadline, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        // Whoever broke off is not there to read this.
        Ok(Err(_)) => Err(ApiError::new(Code::MalformedJson, "the body ended early")),
        Err(_) => Err(ApiError::new(Code::RequestTimeout, "the body did not arrive in time")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(crate::wire::JSON)
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::BodyTooLarge, format!("a body has at most {}", units::bytes(limit as u64)))
}
