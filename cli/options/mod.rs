//! Options that several commands share.

pub(crate) mod access;
pub(crate) mod database;
pub(crate) mod environment;
pub(crate) mod json;
pub(crate) mod observe;
pub(crate) mod outputs;
pub(crate) mod page;
pub(crate) mod prometheus;
pub(crate) mod redis;
pub(crate) mod report_file;
pub(crate) mod tls;
pub(crate) mod typed;
pub(crate) mod window;

pub(crate) use access::{AccessArgs, token};
pub(crate) use database::DatabaseArgs;
pub(crate) use json::JsonArgs;
pub(crate) use observe::observed_subjects;
pub(crate) use outputs::NamedFiles;
pub(crate) use page::{PageArgs, close_page};
pub(crate) use prometheus::PrometheusAccess;
pub(crate) use redis::RedisArgs;
pub(crate) use report_file::ReportFile;
pub(crate) use typed::TypedOptions;
pub(crate) use window::WindowArgs;

use storemgr::stack::Balance;

/// Reads the name of a balancing policy of nginx.
pub(crate) fn balance(text: &str) -> Result<Balance, String> {
    let names = Balance::ALL.map(Balance::name).join(", ");
    Balance::parse(text.trim()).ok_or_else(|| format!("the balancing policies are {names}"))
}

/// Reads a duration, such as `90s`; a bare number is in seconds.
pub(crate) fn duration(text: &str) -> Result<std::time::Duration, storemgr::units::InvalidDuration> {
    storemgr::units::parse_duration(text)
}

/// What stands in a path for the number of a run, where there are several.
const NUMBER: &str = "{n}";

/// The path with `{n}` replaced by a number.
pub(crate) fn numbered(path: &std::path::Path, number: u64) -> std::path::PathBuf {
    match path.to_str() {
        Some(text) => text.replace(NUMBER, &number.to_string()).into(),
        None => path.to_owned(),
    }
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
