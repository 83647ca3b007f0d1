//! Which program this is.

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from, where the build said so with the variable `STOREMGR_REVISION`.
pub fn revision() -> Option<&'static str> {
    option_env!("STOREMGR_REVISION").filter(|revision| !revision.is_empty() && *revision != "unknown")
}
