//! `GET /users/{id}`.

use hyper::Response;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::UserId;

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let user = store.catalog.user(UserId::new(call.id), call.deadline).await?;
    reply::found(user, "user", call.id)
}
