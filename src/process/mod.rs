//! What concerns the process as a whole: the signals to stop, the log, exit codes, and used processor time and memory.

mod build;
pub mod env_file;
mod exit;
mod file_limit;
mod handles;
mod json_line;
mod log_writer;
mod notes;
mod processor_share;
mod shutdown;
mod sockets;
mod telemetry;
mod throttling;
mod usage;

pub use build::{VERSION, revision};
pub use exit::Exit;
pub use file_limit::outlive_file_limit;
pub use handles::raise_open_files;
pub use log_writer::{dropped_log_lines, flush_log};
pub use notes::{draw, draw_at_once, tell, tell_at_once};
pub use processor_share::ProcessorShare;
pub use shutdown::{hangups, terminated, terminated_not_hung_up};
pub use sockets::{Handles, TcpSocket, tcp_sockets};
pub use telemetry::{LogFormat, init_log};
pub use throttling::Throttling;
pub use usage::{HostTime, cpu_time, cpu_time_of, peak_memory};
