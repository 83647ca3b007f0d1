//! Which program this is.

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Says at run time which commit a program was built from (an image sets it), or at build time.
const REVISION: &str = "STOREMGR_REVISION";

/// The commit it was built from, where somebody said so.
pub fn revision() -> Option<String> {
    let said = std::env::var(REVISION).ok().or_else(|| option_env!("STOREMGR_REVISION").map(ToOwned::to_owned));
    said.filter(|revision| !revision.is_empty() && revision != "unknown")
}
