//! Is this deployment sound? Independent checks of what is running.
//!
//! A check is a file in `checks/`, all alike: it asks, and returns what it saw as data. It never fails another: each
//! runs under its own time limit, all at the same time, and one that cannot be made because something it needs is not
//! configured or not there is *skipped* and says so, so that one fault shows as one failure. Printing and the exit code
//! are computed from the list afterwards, by pure functions.

mod checks;
mod finding;
mod run;
mod surroundings;
mod tables;

pub use checks::{CATALOG, Check};
pub use finding::{Finding, Status, Verdict};
pub use run::run;
pub use surroundings::Surroundings;
pub use tables::{catalog_table, summary_line, table};
