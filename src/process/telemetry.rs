//! The log: one line per event on standard error, for people or as JSON.
//!
//! A message reads alone and carries its figures as fields with the unit in their name. An error is logged once, where
//! it is handled.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log. `level` is a level (`info`) or a filter (`info,storemgr::db=debug`). A second call changes nothing.
pub fn init_log(format: LogFormat, level: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| format!("{level:?} is not a log level: write error, warn, info, debug or trace ({error})"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(colour).with_target(false).try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    // Only a second initialisation can fail, and then the first one holds.
    drop(started);
    Ok(())
}
