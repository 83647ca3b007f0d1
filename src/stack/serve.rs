//! The instances of the store. They get the addresses of this stack and of nothing else; other settings that our own
//! environment has for `serve` are theirs too, as they would be if they were started by hand.

use std::ffi::OsString;

use super::recipe::{Ingredients, Recipe};
use super::{Name, environment, probe};

/// Settings of ours that are no settings of an instance.
const NOT_FOR_INSTANCES: [&str; 6] = [
    "STOREMGR_URL",
    "STOREMGR_INSTANCES",
    "STOREMGR_LISTEN",
    "STOREMGR_PROBE_LISTEN",
    "STOREMGR_MYSQLD",
    "STOREMGR_STACK_PORT",
];

pub(super) fn recipe(name: Name, ingredients: &Ingredients<'_>) -> Recipe {
    let port = ingredients.ports.of(name);
    let mut arguments = vec!["serve".into(), "--listen".into(), format!("127.0.0.1:{port}").into()];
    arguments.extend(ingredients.config.serve_options.iter().cloned());
    let services = environment::services(ingredients.ports, ingredients.password);
    let services = services.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    Recipe {
        program: ingredients.programs.store.clone(),
        arguments,
        environment: settings().into_iter().chain(services).collect(),
        directories: vec![ingredients.layout.home(name)],
        ..Recipe::default()
    }
}

pub(super) async fn answers(port: u16) -> bool {
    probe::says_ok(port, "/ready").await
}

/// In one order, so that the same settings make the same recipe.
fn settings() -> Vec<(String, OsString)> {
    let ours = |name: &String| name.starts_with("STOREMGR_") && !NOT_FOR_INSTANCES.contains(&name.as_str());
    let all = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut settings: Vec<_> = all.filter(|(name, _)| ours(name)).collect();
    settings.sort();
    settings
}
