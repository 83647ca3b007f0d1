//! `POST /users`.

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::catalog::Change;
use crate::domain::{NewUser, UserId};
use crate::wire::{NewUserBody, UserCreated};

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    let key = call.idempotency_key()?;
    let body: NewUserBody = call.json()?;
    let user = NewUser::new(&body.name, &body.email)?;
    let added = store.catalog.write(&Change::AddUser(user), key.as_ref(), call.deadline).await?;
    let answer = UserCreated { user_id: UserId::new(added.id) };
    Ok(reply::replayed(reply::json(StatusCode::CREATED, &answer)?, added.replayed))
}
