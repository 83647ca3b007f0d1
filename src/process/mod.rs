//! What concerns the process as a whole: the signals to stop, the log, exit codes, and used processor time and memory.

mod build;
pub mod env_file;
mod exit;
mod handles;
mod log_writer;
mod notes;
mod shutdown;
mod telemetry;
mod usage;

pub use build::{VERSION, revision};
pub use exit::Exit;
pub use handles::raise_open_files;
pub use log_writer::{dropped_log_lines, flush_log};
pub use notes::{draw, tell};
pub use shutdown::terminated;
pub use telemetry::{LogFormat, init_log};
pub use usage::{HostTime, cpu_time, cpu_time_of, peak_memory};
