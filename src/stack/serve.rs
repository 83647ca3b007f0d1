//! The instances of the store. They get the addresses of this stack and of nothing else.

use super::process::{Ingredients, Recipe};
use super::{Name, ready};
use crate::stack::environment;

pub(super) fn recipe(name: Name, ingredients: &Ingredients<'_>) -> Recipe {
    let port = ingredients.ports.of(name);
    let mut arguments = vec!["serve".into(), "--listen".into(), format!("127.0.0.1:{port}").into()];
    arguments.extend(ingredients.config.serve_options.iter().cloned());
    let services = environment::services(ingredients.ports, ingredients.password);
    Recipe {
        program: ingredients.programs.store.clone(),
        arguments,
        environment: services.into_iter().map(|(name, value)| (name, value.into())).collect(),
        directories: vec![ingredients.layout.home(name)],
        ..Recipe::default()
    }
}

pub(super) async fn answers(port: u16) -> bool {
    ready::says_ok(port, "/ready").await
}
