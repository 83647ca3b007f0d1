//! Options that several commands share.

pub(crate) mod database;
pub(crate) mod environment;
pub(crate) mod json;
pub(crate) mod outputs;
pub(crate) mod redis;
pub(crate) mod report_file;
pub(crate) mod typed;
pub(crate) mod window;

pub(crate) use database::DatabaseArgs;
pub(crate) use json::JsonArgs;
pub(crate) use outputs::NamedFiles;
pub(crate) use redis::RedisArgs;
pub(crate) use report_file::ReportFile;
pub(crate) use typed::TypedOptions;
pub(crate) use window::WindowArgs;

/// Reads a duration, such as `90s`; a bare number is in seconds.
pub(crate) fn duration(text: &str) -> Result<std::time::Duration, storemgr::units::InvalidDuration> {
    storemgr::units::parse_duration(text)
}

/// Reads the URL of a service.
pub(crate) fn target(text: &str) -> Result<storemgr::net::Target, storemgr::net::InvalidTarget> {
    storemgr::net::Target::parse(text)
}

/// Reads `name=value`; the name must not be empty.
pub(crate) fn name_and_value(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.trim().is_empty());
    let (name, value) = parts.ok_or("it must have the form name=value")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}
