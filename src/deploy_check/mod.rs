//! Is this deployment sound? Independent checks of its files before it, and of what runs after it.
//!
//! A check is a file in `checks/`, all alike: it asks, and returns what it saw as data. It never fails another: each
//! runs under its own time limit, all at the same time, and one that cannot be made because something it needs is not
//! configured or not there is *skipped* and says so, so that one fault shows as one failure. Printing and the exit code
//! are computed from the list afterwards, by pure functions.

mod checks;
mod defaults;
mod files;
mod finding;
mod junit;
mod run;
mod running_deployment;
mod secrets;
mod tables;

pub use checks::{CATALOG, Check};
pub use defaults::{SETTINGS, Setting};
pub use files::{Files, Location, Locations, alert_names};
pub use finding::{Finding, Phase, Status, Verdict};
pub use junit::junit;
pub use run::{after, before};
pub use running_deployment::RunningDeployment;
pub use tables::{catalog_table, summary_line, table};
