//! What users do: weighted tasks, each a request with values drawn for it.
//!
//! A scenario is a TOML file (docs/scenarios.md); the store's own is one too, and built in. Everything that can be done
//! once is done when it is loaded: texts are cut at their placeholders, values of CSV files encoded, what cannot be sent
//! refused with the file, the line and the task. Rendering a request writes into buffers that its user keeps.

mod check;
mod error;
mod expression;
mod file;
mod table;
mod tasks;
mod template;
#[cfg(test)]
mod tests;
mod think_time;
mod value;

pub(super) use check::{Check, Seen};
pub use error::ScenarioError;
pub use file::STORE_SCENARIO;
pub use tasks::Scenario;
pub(super) use tasks::{Group, Rendered, Task};
pub use think_time::ThinkTime;
