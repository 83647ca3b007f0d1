//! GraphQL over the products and their stock: one schema for `POST /graphql` and `POST /stocks/graphql-query`.
//!
//! A query is bounded before it runs: in bytes, in fields once its fragments are put in (they may double at every level), in
//! depth, and in the rows that it can ask for. What it names is looked up together, with one statement per level. It only
//! reads. If the database fails, the whole request fails, as on every other route: a client that sees half an answer with
//! status 200 would not know that it may ask again.

mod loader;
mod query;
mod size;

use std::sync::{Arc, LazyLock, Mutex};

use async_graphql::{EmptyMutation, EmptySubscription, Request, Response, Schema, ServerError, Variables};
use tokio::time::Instant;

use super::Store;
use super::error::ApiError;
use crate::wire::{Code, GraphqlBody};
use loader::{Levels, locked};
use query::Query;

/// The most bytes in the text of a query; the largest that is meant is the one of tools that ask for the schema, of 2 KB.
const MOST_BYTES: usize = 16 * 1024;

/// The most levels of fields. Asking for the schema takes 15.
const MOST_LEVELS: usize = 20;

/// The most work of a query: a field is one, and a list as many as it may have rows, times what is asked of each.
const MOST_WORK: usize = 10_000;

type StoreSchema = Schema<Query, EmptyMutation, EmptySubscription>;

static SCHEMA: LazyLock<StoreSchema> = LazyLock::new(|| {
    Schema::build(Query, EmptyMutation, EmptySubscription).limit_depth(MOST_LEVELS).limit_complexity(MOST_WORK).finish()
});

/// Runs a query. The error is one of the store; what is wrong with the query stands in the response.
pub(super) async fn run(store: &Arc<Store>, body: GraphqlBody, deadline: Instant) -> Result<Response, ApiError> {
    let document = match parsed(&body.query) {
        Ok(document) => document,
        Err(error) => return Ok(Response::from_errors(vec![error])),
    };
    let failure = Arc::new(Mutex::new(None));
    let levels = Levels::new(Arc::clone(store), deadline, Arc::clone(&failure));
    let variables = body.variables.map_or_else(Variables::default, |values| Variables::from_json(values.into()));
    let mut request = Request::new(body.query).variables(variables).data(levels);
    request.set_parsed_query(document);
    if let Some(name) = body.operation_name {
        request = request.operation_name(name);
    }
    let answer = tokio::time::timeout_at(deadline, SCHEMA.execute(request)).await;
    let answer = answer.map_err(|_| ApiError::new(Code::Overloaded, "the query was not answered in time"))?;
    match locked(&failure).take() {
        Some(error) => Err(error.into()),
        None => Ok(answer),
    }
}

fn parsed(query: &str) -> Result<async_graphql::parser::types::ExecutableDocument, ServerError> {
    let refused = |sentence: String| ServerError::new(sentence, None);
    if query.len() > MOST_BYTES {
        return Err(refused(format!("a query has at most {MOST_BYTES} bytes")));
    }
    let document = async_graphql::parser::parse_query(query).map_err(ServerError::from)?;
    if size::fields(&document) > MOST_WORK {
        return Err(refused(format!("a query has at most {MOST_WORK} fields, those of its fragments included")));
    }
    Ok(document)
}
