//! `POST /stocks/graphql-query`: the same schema in the shape of the original lab, whose errors are sentences.

use std::sync::Arc;

use hyper::{Response, StatusCode};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, graphql, reply};
use crate::wire::{GraphqlBody, LabGraphqlAnswer};

pub(in crate::http) async fn handle(store: &Arc<Store>, call: &Call) -> Result<Response<Payload>, ApiError> {
    let body: GraphqlBody = call.json()?;
    let answer = graphql::run(store, body, call.deadline).await?;
    let errors: Vec<_> = answer.errors.into_iter().map(|error| error.message).collect();
    let data = answer.data.into_json().unwrap_or_default();
    reply::json(StatusCode::OK, &LabGraphqlAnswer { data, errors: (!errors.is_empty()).then_some(errors) })
}
