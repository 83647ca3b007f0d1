//! The version and the commit of this program.

/// The package version from `Cargo.toml`, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The variable that names the commit a program was built from: at run time, as an image sets it, or at build time.
const REVISION: &str = "STOREMGR_REVISION";

/// The commit this program was built from; `None` if neither the build nor the environment names one.
pub fn revision() -> Option<String> {
    let said = std::env::var(REVISION).ok().or_else(|| option_env!("STOREMGR_REVISION").map(ToOwned::to_owned));
    said.filter(|revision| !revision.is_empty() && revision != "unknown")
}
