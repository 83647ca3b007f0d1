//! `POST /users`.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::domain::NewUser;
use crate::wire::{NewUserBody, UserCreated};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let body: NewUserBody = call.json()?;
    let user = NewUser::new(&body.name, &body.email)?;
    let user_id = store.catalog.add_user(&user, call.deadline).await?;
    reply::json(StatusCode::CREATED, &UserCreated { user_id })
}
