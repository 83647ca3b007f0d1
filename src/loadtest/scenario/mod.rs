//! The scenario of a load test: weighted tasks, each of which is a request with values drawn for it.
//!
//! A scenario is a TOML file (docs/scenarios.md); the store's own is such a file, too, and built in. All work that can
//! be done once is done when it is loaded: texts are split at their placeholders, CSV files are checked, and
//! requests that could not be sent are refused with the file, the line and the task. Rendering a request only writes
//! into buffers that its user reuses.

mod body_file;
mod builds;
mod capture;
mod captured;
mod check;
mod csv_file;
mod encoding;
mod error;
mod expression;
mod file;
mod fits;
mod hosts;
mod import;
mod journey_file;
#[cfg(test)]
mod journey_tests;
mod journeys;
mod malformed;
mod one_request;
mod reading;
mod request_file;
mod secrets;
mod shapes;
mod store_size;
mod table;
mod tasks;
mod template;
#[cfg(test)]
mod tests;
mod think_time;
mod value;
mod when;

pub use builds::builds;
pub(super) use captured::Captured;
pub(super) use check::{Check, Seen};
pub use error::ScenarioError;
pub use file::STORE_SCENARIO;
pub use import::{ImportError, Imported, import};
pub(super) use journeys::{Journey, Step};
pub use one_request::OneRequest;
pub use store_size::{StoreSize, store_size};
pub use tasks::Scenario;
pub(super) use tasks::{Group, Rendered, Task};
pub use think_time::ThinkTime;
pub(super) use when::When;
