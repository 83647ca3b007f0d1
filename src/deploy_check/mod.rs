//! Independent checks of a deployment: of its files before it is started, and of its running parts afterwards.
//!
//! A check is a file in `checks/`, all alike: it looks, and returns what it saw as data. All run at the same time, each
//! under its own time limit, and none makes another one fail. A check is *skipped* if something that it needs is not
//! configured or does not answer, so that one fault shows as one failure. Tables, documents and the exit code are
//! computed from the findings afterwards, by pure functions.

mod access;
mod certificates;
mod checks;
mod defaults;
mod endpoints;
mod files;
mod finding;
mod junit;
mod markdown;
mod place;
mod reach;
mod run;
mod running_deployment;
mod sarif;
mod secrets;
mod tables;

pub use checks::{CATALOG, Check};
pub use defaults::{SETTINGS, Setting};
pub use files::{Files, Location, Locations, Piece, alert_names, compose_files, compose_variables};
pub use finding::{Finding, Phase, Severity, Spot, Status, Verdict};
pub use junit::junit;
pub use markdown::markdown;
pub use run::{after, before};
pub use running_deployment::RunningDeployment;
pub use sarif::sarif;
pub use tables::{catalog_table, found_table, screen, summary_line, table};
