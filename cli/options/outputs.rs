//! The files that one command line names: none of its results may replace another one, or a file that it reads.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use storemgr::files::FileIdentity;

use super::environment;
use crate::failure::Failure;

/// Standard output, as a path.
const STANDARD_OUTPUT: &str = "/dev/stdout";

/// The files that a command line names.
#[derive(Debug, Default)]
pub(crate) struct NamedFiles {
    outputs: Vec<NamedFile>,
    inputs: Vec<NamedFile>,
}

#[derive(Debug)]
struct NamedFile {
    /// Who names it, such as `--json`.
    by: String,
    path: PathBuf,
}

impl NamedFiles {
    /// Adds a file that will be written, `-` being standard output. `by` is the option that names it.
    pub(crate) fn output(mut self, by: &str, path: Option<&Path>) -> Self {
        self.outputs.extend(path.map(|path| NamedFile { by: by.to_owned(), path: path.to_owned() }));
        self
    }

    /// Adds files that are read. `by` is the option that names them.
    pub(crate) fn inputs<P: AsRef<Path>>(mut self, by: &str, paths: impl IntoIterator<Item = P>) -> Self {
        let named = |path: P| NamedFile { by: by.to_owned(), path: path.as_ref().to_owned() };
        self.inputs.extend(paths.into_iter().map(named));
        self
    }

    /// Refuses an output that is another output, or a file that is read, however the paths are written.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.conflict().map_or(Ok(()), |sentence| Err(Failure::usage(anyhow!(sentence))))
    }

    fn conflict(&self) -> Option<String> {
        let configuration = environment::files();
        for (place, output) in self.outputs.iter().enumerate() {
            let Some(file) = output.identity() else { continue };
            let same = |other: &&NamedFile| other.identity().as_ref() == Some(&file);
            let (by, path) = (&output.by, output.path.display());
            if let Some(first) = self.outputs[..place].iter().find(same) {
                return Some(format!("{} and {by} name the same file, {path}: give each a file of its own", first.by));
            }
            if let Some(read) = self.inputs.iter().find(same) {
                return Some(format!("{by} would replace {path}, which {} reads: name another file", read.by));
            }
            if configuration.iter().any(|path| FileIdentity::of(path).as_ref() == Some(&file)) {
                return Some(format!("{by} would replace {path}, which configures storemgr: name another file"));
            }
            if !output.is_descriptor() && is_redirected_to(&file) {
                return Some(format!("{by} would replace {path}, to which standard output goes: name another file"));
            }
        }
        None
    }
}

impl NamedFile {
    fn identity(&self) -> Option<FileIdentity> {
        FileIdentity::of(if self.is_standard_output() { Path::new(STANDARD_OUTPUT) } else { &self.path })
    }

    fn is_standard_output(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    fn is_descriptor(&self) -> bool {
        self.is_standard_output() || FileIdentity::is_descriptor(&self.path)
    }
}

/// Whether the tables on standard output, or the progress on standard error, go to this regular file.
fn is_redirected_to(file: &FileIdentity) -> bool {
    [STANDARD_OUTPUT, "/dev/stderr"].into_iter().map(Path::new).any(|stream| {
        std::fs::metadata(stream).is_ok_and(|stream| stream.is_file())
            && FileIdentity::of(stream).as_ref() == Some(file)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_replaces_neither_another_result_nor_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("read"), "").unwrap();
        let named = |outputs: &[(&str, &str)]| {
            let read = path("read");
            let none = NamedFiles::default().inputs("--baseline", [read]);
            outputs.iter().fold(none, |named, (by, name)| named.output(by, Some(&path(name)))).conflict()
        };
        assert_eq!(named(&[("--json", "a"), ("--html", "b")]), None);
        let said = named(&[("--json", "a"), ("--html", "./a")]).unwrap();
        assert!(said.starts_with("--json and --html name the same file"), "{said}");
        let said = named(&[("--json", "read")]).unwrap();
        assert!(said.contains("which --baseline reads"), "{said}");
        let twice = NamedFiles::default().output("--json", Some(Path::new("-"))).output("--html", Some(Path::new("-")));
        // A test without a standard output, or with /dev/null for one, has nothing to share.
        assert_eq!(twice.conflict().is_some(), FileIdentity::of(Path::new(STANDARD_OUTPUT)).is_some());
        let discarded = Path::new("/dev/null");
        assert_eq!(
            NamedFiles::default().output("--a", Some(discarded)).output("--b", Some(discarded)).conflict(),
            None
        );
    }
}
