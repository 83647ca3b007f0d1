//! Which file a path leads to, however it is written.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The most symbolic links that are followed, as in Linux.
const MOST_LINKS: usize = 40;

/// The major number of devices that hold nothing, such as /dev/null
/// (<https://www.kernel.org/doc/Documentation/admin-guide/devices.txt>).
const MEMORY_DEVICES: u32 = 1;

/// Where what is written to a path goes.
#[derive(Debug)]
pub(super) enum Destination {
    /// A regular file, or one that does not exist yet; its own path, behind all symbolic links.
    Regular(PathBuf),
    /// A pipe, a device, or a descriptor of this process.
    Stream,
}

/// A file, whatever path leads to it: two paths to one file have the same identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileIdentity(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Existing {
        device: u64,
        number: u64,
    },
    /// A file that does not exist yet, by its folder.
    New {
        device: u64,
        folder: u64,
        name: OsString,
    },
}

impl FileIdentity {
    /// The identity of the file at a path, which may not exist yet. None if it cannot exist, because its folder does not,
    /// and for devices that hold nothing, which any number of results can share.
    pub fn of(path: &Path) -> Option<Self> {
        if let Ok(found) = fs::metadata(path) {
            let holds_nothing = found.file_type().is_char_device() && rustix::fs::major(found.rdev()) == MEMORY_DEVICES;
            let kind = Kind::Existing { device: found.dev(), number: found.ino() };
            return (!holds_nothing).then_some(Self(kind));
        }
        let Ok(Destination::Regular(target)) = destination(path) else { return None };
        let folder = fs::metadata(folder(&target)).ok()?;
        let name = target.file_name()?.to_owned();
        Some(Self(Kind::New { device: folder.dev(), folder: folder.ino(), name }))
    }

    /// Whether a path is a descriptor of a process, such as /dev/stdout, and not a name of a file.
    pub fn is_descriptor(path: &Path) -> bool {
        matches!(follow(path), Ok(None))
    }
}

/// Follows a path to where its content is kept.
pub(super) fn destination(path: &Path) -> io::Result<Destination> {
    let Some(target) = follow(path)? else { return Ok(Destination::Stream) };
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => Ok(Destination::Stream),
        _ => Ok(Destination::Regular(target)),
    }
}

/// The path behind all symbolic links; None if it leads to a descriptor of a process.
fn follow(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = folder(&path);
        // What such a link says of a pipe is not a path, and a regular file behind it belongs to whoever opened it.
        if fs::canonicalize(folder).is_ok_and(|folder| folder.starts_with("/proc") && folder.ends_with("fd")) {
            return Ok(None);
        }
        match fs::read_link(&path) {
            Ok(link) => path = folder.join(link),
            Err(_) => return Ok(Some(path)),
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "its symbolic links lead to each other"))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_spelling_of_a_path_is_the_same_file() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("there"), "").unwrap();
        fs::hard_link(at("there"), at("hard")).unwrap();
        symlink("there", at("soft")).unwrap();
        symlink("absent", at("dangling")).unwrap();
        symlink("folder", at("other")).unwrap();
        for (first, second, same) in [
            ("there", "folder/../there", true),
            ("there", "./hard", true),
            ("there", "soft", true),
            ("absent", "folder/../absent", true),
            ("absent", "dangling", true),
            ("folder/new", "other/new", true),
            ("there", "absent", false),
            ("folder/new", "new", false),
        ] {
            let [first_file, second_file] = [first, second].map(|name| FileIdentity::of(&at(name)).unwrap());
            assert_eq!(first_file == second_file, same, "{first} and {second}");
        }
        assert_eq!(FileIdentity::of(&at("nowhere/new")), None);
        assert_eq!(FileIdentity::of(Path::new("/dev/null")), None);
    }

    #[test]
    fn a_descriptor_is_not_the_name_of_a_file() {
        for (path, descriptor) in [("/dev/stdout", true), ("/dev/fd/1", true), ("/proc/self/fd/2", true), ("x", false)]
        {
            assert_eq!(FileIdentity::is_descriptor(Path::new(path)), descriptor, "{path}");
        }
    }
}
