//! Answers.

use hyper::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::body::{self, Payload};
use super::error::ApiError;
use crate::read_models::Report;
use crate::wire::{Code, Deleted, HealthBody, JSON};

/// An answer with a text of a media type.
pub(super) fn text(
    status: StatusCode,
    media_type: &'static str,
    text: impl Into<hyper::body::Bytes>,
) -> Response<Payload> {
    let mut response = Response::new(body::whole(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response<Payload>, ApiError> {
    let bytes = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        ApiError::new(Code::InternalError, "the store has a defect: please report it")
    })?;
    Ok(text(status, JSON, bytes))
}

/// 200 with what was found, or 404.
pub(super) fn found(value: Option<impl Serialize>, what: &str, id: u64) -> Result<Response<Payload>, ApiError> {
    match value {
        Some(value) => json(StatusCode::OK, &value),
        None => Err(ApiError::new(Code::NotFound, format!("there is no {what} {id}"))),
    }
}

/// The answer to a DELETE.
pub(super) fn deleted(deleted: bool, what: &str, id: u64) -> Result<Response<Payload>, ApiError> {
    if deleted {
        return json(StatusCode::OK, &Deleted { deleted });
    }
    Err(ApiError::new(Code::NotFound, format!("there is no {what} {id}")).with_deleted())
}

/// A report, with its age in whole seconds.
pub(super) fn report<Row: Serialize>(report: &Report<Row>) -> Result<Response<Payload>, ApiError> {
    let mut response = json(StatusCode::OK, &report.rows)?;
    response.headers_mut().insert(AGE, HeaderValue::from(report.age.as_secs()));
    // The age counts from when the rows were computed; nobody in between should keep them for longer.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The answer of a process that lives.
pub(super) fn health() -> Response<Payload> {
    let body = HealthBody { status: "ok".to_owned() };
    json(StatusCode::OK, &body).unwrap_or_else(|_| text(StatusCode::OK, JSON, "{}"))
}
