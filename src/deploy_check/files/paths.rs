//! Paths that files name, from the folder where they are.

use std::path::{Component, Path, PathBuf};

/// The path under a folder, without the `./` that is written before most of them.
pub(super) fn under(folder: &Path, path: &str) -> PathBuf {
    let whole = folder.join(path);
    let clean: PathBuf = whole.components().filter(|part| *part != Component::CurDir).collect();
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

/// A folder from the root on. The empty path, which is the folder of a file without one, is the working directory.
pub(in crate::deploy_check) fn whole(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}
