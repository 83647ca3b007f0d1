//! The list of all kinds of processes: how each is started, and how each is asked whether it works.

use super::recipe::{Ingredients, Recipe};
use super::{Name, StackError, database, nginx, prometheus, redis, serve};

/// How each process is started.
pub(super) fn recipe(name: Name, ingredients: &Ingredients<'_>) -> Result<Recipe, StackError> {
    Ok(match name {
        Name::Database => database::recipe(ingredients),
        Name::Redis => redis::recipe(ingredients),
        Name::Prometheus => prometheus::recipe(ingredients),
        Name::Nginx => nginx::recipe(ingredients)?,
        Name::Serve1 | Name::Serve2 => serve::recipe(name, ingredients),
    })
}

/// Whether a process does its work.
pub(super) async fn answers(name: Name, port: u16) -> bool {
    match name {
        Name::Database => database::answers(port).await,
        Name::Redis => redis::answers(port).await,
        Name::Prometheus => prometheus::answers(port).await,
        Name::Nginx => nginx::answers(port).await,
        Name::Serve1 | Name::Serve2 => serve::answers(port).await,
    }
}
