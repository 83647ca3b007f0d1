//! Builds answers: text, JSON, reports and refusals.

use hyper::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use rand::RngExt;
use serde::Serialize;

use super::error::ApiError;
use super::payload::{self, Payload};
use crate::read_models::Report;
use crate::wire::{Code, Deleted, ErrorBody, HealthBody, IDEMPOTENCY_REPLAYED, JSON, Route};

/// The seconds after which a client may try again, chosen at random so that refused clients do not return all at once.
const RETRY_AFTER_S: std::ops::RangeInclusive<u32> = 1..=3;

/// An answer with a text body of the given media type.
pub(super) fn text(
    status: StatusCode,
    media_type: &'static str,
    text: impl Into<hyper::body::Bytes>,
) -> Response<Payload> {
    let mut response = Response::new(payload::whole(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer whose body is `value` as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response<Payload>, ApiError> {
    let bytes = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        ApiError::new(Code::InternalError, "the store has a defect: please report it")
    })?;
    Ok(text(status, JSON, bytes))
}

/// The same, with the state of what is shown as its strong entity tag.
pub(super) fn tagged(status: StatusCode, value: &impl Serialize, state: &str) -> Result<Response<Payload>, ApiError> {
    let mut response = json(status, value)?;
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{state}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// Says of an answer whether an earlier request with the same key got it first.
pub(super) fn replayed(mut response: Response<Payload>, replayed: bool) -> Response<Payload> {
    if replayed {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// 200 with the value as JSON, or 404 if it is `None`.
pub(super) fn found(value: Option<impl Serialize>, what: &str, id: u64) -> Result<Response<Payload>, ApiError> {
    match value {
        Some(value) => json(StatusCode::OK, &value),
        None => Err(ApiError::new(Code::NotFound, format!("there is no {what} {id}"))),
    }
}

/// The answer to a DELETE: 200, or 404 if there was nothing to delete.
pub(super) fn deleted(deleted: bool, what: &str, id: u64) -> Result<Response<Payload>, ApiError> {
    if deleted {
        return json(StatusCode::OK, &Deleted { deleted });
    }
    Err(ApiError::new(Code::NotFound, format!("there is no {what} {id}")).with_deleted())
}

/// The rows of a report, with its age in whole seconds in a header.
pub(super) fn report<Row: Serialize>(report: &Report<Row>) -> Result<Response<Payload>, ApiError> {
    let mut response = json(StatusCode::OK, &report.rows)?;
    response.headers_mut().insert(AGE, HeaderValue::from(report.age.as_secs()));
    // The age counts from the computation of the rows; caches on the way must not keep them for longer.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The answer to a liveness check.
pub(super) fn health() -> Response<Payload> {
    let body = HealthBody { status: "ok".to_owned() };
    json(StatusCode::OK, &body).unwrap_or_else(|_| text(StatusCode::OK, JSON, "{}"))
}

/// The status of a refusal.
pub(super) fn status_of(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The answer to a refused request; `route` is `None` if no route matched.
pub(super) fn refused(error: ApiError, request_id: &str, route: Option<Route>) -> Response<Payload> {
    let status = status_of(&error);
    let deletes = route.is_some_and(|route| route.method == "DELETE");
    let body = ErrorBody {
        deleted: (error.says_deleted && deletes).then_some(false),
        error: error.sentence,
        code: error.code,
        request_id: request_id.to_owned(),
    };
    let mut response = text(status, JSON, serde_json::to_vec(&body).unwrap_or_default());
    if status == StatusCode::SERVICE_UNAVAILABLE || error.code == Code::RequestInProgress {
        let seconds = rand::rng().random_range(RETRY_AFTER_S);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some((name, value)) = error.header.map(|header| *header) {
        response.headers_mut().insert(name, value);
    }
    response
}
