//! Files of a stack: readable by the user alone, and replaced atomically.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::StackError;

/// Makes a folder, with its parents, that only the user can open.
pub(super) fn make_directory(path: &Path) -> Result<(), StackError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StackError::file(path, "made"))
}

/// Writes a file that only the user can read. A reader sees the old content or the new, never a part of it.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), StackError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let write = || {
        remove(&draft)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&draft, path)
    };
    write().map_err(StackError::file(path, "written"))
}

/// Removes a file, or a folder with its content. It is no error if there is none.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
