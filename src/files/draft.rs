//! A file beside the one that it will replace.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file without a reader yet. It is removed again unless it replaces its target.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) file: File,
    path: PathBuf,
}

impl Draft {
    /// Creates an empty file in the folder of `target`, with owner and permissions of the file that it will replace.
    pub(super) fn beside(target: &Path, replaced: Option<&Metadata>) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // The name of the target may already be as long as a name can be.
        let name = format!(".storemgr-{}-{}.new", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = target.with_file_name(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let draft = Self { file, path };
        if let Some(replaced) = replaced {
            let own = draft.file.metadata()?;
            if (own.uid(), own.gid()) != (replaced.uid(), replaced.gid()) {
                fchown(&draft.file, Some(replaced.uid()), Some(replaced.gid()))?;
            }
            draft.file.set_permissions(replaced.permissions())?;
        }
        Ok(draft)
    }

    /// Puts the draft in the place of `target`, at once for every reader.
    pub(super) fn replace(&self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a replacement there is no file of this name.
        drop(fs::remove_file(&self.path));
    }
}
