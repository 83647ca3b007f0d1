//! A file for a result: a reader finds the older result or the new one, and never a part of either.
//!
//! The new content is written to a draft in the same folder, which then takes the name of the file. A symbolic link stays,
//! and the file that it leads to is replaced. Where the name cannot be given to another file (a folder without the right
//! to write, a file that is mounted by itself, the file of another user), the file is overwritten in place, but only after
//! there is room for the new content. What is not a regular file (a pipe, a device) gets the result once, at the end.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::identity::{Destination, destination};

/// A file to which a result will be written. Errors of its methods do not name it; [`Self::path`] does.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A regular file, which may not exist yet.
    Regular(PathBuf),
    /// A pipe, a device, or a descriptor of this process.
    Stream(File),
}

/// A file that grows line by line while a run lasts.
#[derive(Debug)]
pub struct GrowingFile {
    file: File,
    /// The bytes of all complete lines; None for a stream.
    length: Option<u64>,
}

impl OutputFile {
    /// Checks that the file can be written, so that a bad path fails before the work. What the file contains stays.
    pub fn open(path: &Path) -> io::Result<Self> {
        let place = match destination(path)? {
            Destination::Stream => Place::Stream(OpenOptions::new().append(true).open(path)?),
            Destination::Regular(target) => {
                let existing = existing(&target)?;
                if existing.is_some() {
                    // A file that is protected against writing must not be replaced either.
                    OpenOptions::new().write(true).open(&target)?;
                }
                match Draft::beside(&target, existing.as_ref()) {
                    Err(error) if existing.is_none() || !keeps_its_name(&error) => return Err(error),
                    _ => Place::Regular(target),
                }
            }
        };
        Ok(Self { path: path.to_owned(), place })
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the content with a result that is not final. A process that is killed leaves the content before or this
    /// one. A stream gets only the final result.
    pub fn write_so_far(&self, bytes: &[u8]) -> io::Result<()> {
        match &self.place {
            Place::Regular(target) => replace(target, bytes, Sync::Later).map(drop),
            Place::Stream(_) => Ok(()),
        }
    }

    /// Replaces the content with the final result. When this returns, it is on the disk.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match &self.place {
            Place::Regular(target) => replace(target, bytes, Sync::Now).map(drop),
            Place::Stream(file) => (&*file).write_all(bytes),
        }
    }

    /// Waits until what was written so far is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        match &self.place {
            Place::Regular(target) => File::open(target)?.sync_all(),
            Place::Stream(_) => Ok(()),
        }
    }

    /// Replaces the content with first lines, to which others will be added.
    pub fn begin(&self, lines: &[u8]) -> io::Result<GrowingFile> {
        match &self.place {
            Place::Regular(target) => {
                let file = replace(target, lines, Sync::Later)?;
                Ok(GrowingFile { file, length: Some(lines.len() as u64) })
            }
            Place::Stream(file) => {
                let mut file = file.try_clone()?;
                file.write_all(lines)?;
                Ok(GrowingFile { file, length: None })
            }
        }
    }
}

impl GrowingFile {
    /// Adds whole lines. If they do not fit, none of them is in the file.
    pub fn add(&mut self, lines: &[u8]) -> io::Result<()> {
        let Some(length) = &mut self.length else { return self.file.write_all(lines) };
        if let Err(error) = self.file.write_all(lines) {
            // What is reported is why they could not be added.
            drop(self.file.set_len(*length).and_then(|()| self.file.seek(SeekFrom::Start(*length))));
            return Err(error);
        }
        *length += lines.len() as u64;
        Ok(())
    }

    /// Waits until everything that was added is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        if self.length.is_some() { self.file.sync_all() } else { Ok(()) }
    }
}

/// Writes a result to a file in one step.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OutputFile::open(path)?.write(bytes)
}

/// Whether the content must be on the disk before the file is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sync {
    Now,
    /// A run goes on, and a wait for the disk would disturb it.
    Later,
}

/// The file at the target; None if there is none. It is an error if something else has that name by now.
fn existing(target: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(target) {
        Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the content of a file. Gives the new file, for more to be added.
fn replace(target: &Path, bytes: &[u8], sync: Sync) -> io::Result<File> {
    let existing = existing(target)?;
    match replace_by_draft(target, existing.as_ref(), bytes, sync) {
        Err(error) if existing.is_some() && keeps_its_name(&error) => overwrite(target, bytes, sync),
        replaced => replaced,
    }
}

fn replace_by_draft(target: &Path, existing: Option<&Metadata>, bytes: &[u8], sync: Sync) -> io::Result<File> {
    let mut draft = Draft::beside(target, existing)?;
    draft.file.write_all(bytes)?;
    if sync == Sync::Now {
        draft.file.sync_all()?;
    }
    draft.replace(target)?;
    if sync == Sync::Now {
        sync_folder(target);
    }
    draft.file.try_clone()
}

/// Waits until the new name is on the disk, too. Not every file system can, and the content is safe without.
fn sync_folder(target: &Path) {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
}

/// Whether the error says that another file cannot have this name, while the file itself may be written.
fn keeps_its_name(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::ResourceBusy
            | ErrorKind::CrossesDevices
    )
}

/// Overwrites a file in place. The new content is first added behind the older one: if there is no room for it, the file
/// is as it was.
fn overwrite(target: &Path, bytes: &[u8], sync: Sync) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).open(target)?;
    let before = file.seek(SeekFrom::End(0))?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        drop(file.set_len(before));
        return Err(error);
    }
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    if sync == Sync::Now {
        file.sync_all()?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn place(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        fs::write(&path, content).unwrap();
        (folder, path)
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn the_older_content_stays_until_the_new_one_is_whole() {
        let (folder, path) = place("an older and longer result");
        let reader = File::open(&path).unwrap();
        let output = OutputFile::open(&path).unwrap();
        assert_eq!((read(&path).as_str(), names(folder.path())), ("an older and longer result", 1));
        for content in ["new", "newer"] {
            output.write_so_far(content.as_bytes()).unwrap();
            assert_eq!(read(&path), content);
        }
        output.write(b"final").unwrap();
        assert_eq!((read(&path).as_str(), names(folder.path())), ("final", 1));
        assert_eq!(io::read_to_string(reader).unwrap(), "an older and longer result", "whoever reads it reads on");
    }

    #[test]
    fn a_command_that_has_no_result_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        OutputFile::open(&folder.path().join("result")).unwrap();
        assert_eq!(names(folder.path()), 0);
        for bad in ["nowhere/result", "."] {
            assert!(OutputFile::open(&folder.path().join(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn permissions_and_links_are_kept() {
        let (folder, path) = place("old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link");
        symlink("result", &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("result"));
        assert_eq!((read(&path).as_str(), fs::metadata(&path).unwrap().mode() & 0o777), ("new", 0o640));
        let dangling = folder.path().join("dangling");
        symlink("later", &dangling).unwrap();
        write(&dangling, b"new").unwrap();
        assert_eq!(read(&folder.path().join("later")), "new");
    }

    #[test]
    fn a_file_that_keeps_its_name_is_overwritten() {
        let (_folder, path) = place("an older and longer result");
        let number = fs::metadata(&path).unwrap().ino();
        let mut file = overwrite(&path, b"new", Sync::Now).unwrap();
        file.write_all(b"er").unwrap();
        assert_eq!((read(&path).as_str(), fs::metadata(&path).unwrap().ino()), ("newer", number));
    }

    #[test]
    fn a_stream_gets_the_result_once() {
        let (_folder, path) = place("");
        let stream = OpenOptions::new().append(true).open(&path).unwrap();
        let output = OutputFile { path: path.clone(), place: Place::Stream(stream) };
        output.write_so_far(b"part").unwrap();
        output.write(b"whole").unwrap();
        assert_eq!(read(&path), "whole");
        OutputFile::open(Path::new("/dev/null")).unwrap().write(b"gone").unwrap();
        let full = OutputFile::open(Path::new("/dev/full")).unwrap();
        assert_eq!(full.write(b"x").unwrap_err().kind(), ErrorKind::StorageFull);
    }

    #[test]
    fn a_growing_file_has_whole_lines() {
        let (_folder, path) = place("old");
        let mut growing = OutputFile::open(&path).unwrap().begin(b"head\n").unwrap();
        growing.add(b"line\n").unwrap();
        growing.sync().unwrap();
        assert_eq!(read(&path), "head\nline\n");
    }
}
