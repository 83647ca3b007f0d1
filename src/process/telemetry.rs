//! The log: one line per event on standard error, for people or as JSON.
//!
//! A message can be understood without its fields, which carry the figures and have the unit in their names. An error
//! is logged once, where it is handled. A log that cannot be written never stops the process: see `log_writer.rs`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;

use super::json_line::JsonLine;
use super::log_writer::LogWriter;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Plain text for people to read.
    Text,
    /// One JSON object per line, for programs.
    Json,
}

/// Starts the log; from then on, panics are logged as well. `level` is a level (`info`) or a filter
/// (`info,storemgr::db=debug`). A second call changes nothing.
pub fn init_log(format: LogFormat, level: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| format!("{level:?} is not a log level: write error, warn, info, debug or trace ({error})"))?;
    let writer = LogWriter::of_process().map_err(|error| format!("the log cannot be started: {error}"))?;
    // The formatter would report its own errors with `eprintln!`, which can block and panic.
    let builder = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    let builder = builder.with_writer(move || writer.clone());
    let started = match format {
        LogFormat::Text => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(colour).with_target(false).try_init()
        }
        LogFormat::Json => builder.event_format(JsonLine).try_init(),
    };
    // Only a second initialisation can fail, and then the first one stays in force.
    drop(started);
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Logs a panic. The hook of the standard library would block the panicking thread while nobody reads standard error.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(place, %backtrace, "a thread panicked: {message}");
    } else {
        tracing::error!(place, "a thread panicked: {message}");
    }
}
