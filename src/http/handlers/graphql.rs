//! `POST /graphql`, by the GraphQL-over-HTTP specification (draft of 2025, <https://graphql.github.io/graphql-over-http/>).

use hyper::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};

use std::sync::Arc;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, graphql, reply};
use crate::wire::{GRAPHQL_RESPONSE, GraphqlBody, JSON};

pub(in crate::http) async fn handle(store: &Arc<Store>, call: &Call) -> Result<Response<Payload>, ApiError> {
    let body: GraphqlBody = call.json()?;
    let answer = graphql::run(store, body, call.deadline).await?;
    // An answer in plain JSON has status 200 whatever is wrong with the query: who reads it may take any other one for that
    // of something on the way (section 6.4.1). In GraphQL's own type the status tells (section 6.4.2).
    let own_type = accepts_own_type(&call.headers);
    let refused = answer.data == async_graphql::Value::Null && !answer.errors.is_empty();
    let status = if own_type && refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let mut response = reply::json(status, &answer)?;
    let media_type = if own_type { GRAPHQL_RESPONSE } else { JSON };
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn accepts_own_type(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = values.flat_map(|value| value.split(',')).map(|part| part.split(';').next().unwrap_or_default());
    types.any(|media_type| media_type.trim().eq_ignore_ascii_case(GRAPHQL_RESPONSE))
}
