//! `GET /openapi.json`: the contract as an OpenAPI document.

use hyper::{Response, StatusCode};

use super::super::payload::Payload;
use super::super::reply;
use crate::wire::JSON;

pub(in crate::http) fn handle() -> Response<Payload> {
    reply::text(StatusCode::OK, JSON, include_str!("../openapi.json"))
}
