//! Bodies: how they are read, and how they are written.

use std::io;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use tokio::time::Instant;

use super::error::ApiError;
use crate::units;
use crate::wire::Code;

/// An answer's body: nearly always one piece, in one case a stream.
pub(super) type Payload = Either<Full<Bytes>, UnsyncBoxBody<Bytes, io::Error>>;

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

/// A body in one piece.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Payload {
    Either::Left(Full::new(bytes.into()))
}

/// A body in pieces that come as they are ready.
pub(super) fn pieces<B>(body: B) -> Payload
where
    B: Body<Data = Bytes, Error = io::Error> + Send + 'static,
{
    Either::Right(body.boxed_unsync())
}
