//! The files that one command line names: none of its results may replace another one, or a file that it reads.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use anyhow::anyhow;
use storemgr::files::FileIdentity;

use super::{NUMBER, environment, numbered};
use crate::failure::Failure;

/// Standard output, as a path.
const STANDARD_OUTPUT: &str = "/dev/stdout";

/// The files that a command line names.
#[derive(Debug, Default)]
pub(crate) struct NamedFiles {
    outputs: Vec<NamedFile>,
    inputs: Vec<NamedFile>,
}

#[derive(Clone, Debug)]
struct NamedFile {
    /// Who names it, such as `--json`.
    by: String,
    path: PathBuf,
    /// Whether it stands for the files of several runs, which have their numbers in the place of `{n}`.
    is_of_runs: bool,
}

impl NamedFiles {
    /// Adds a file that will be written, `-` being standard output. `by` is the option that names it.
    pub(crate) fn output(mut self, by: &str, path: Option<&Path>) -> Self {
        self.outputs.extend(path.map(|path| NamedFile::new(by, path)));
        self
    }

    /// Adds files that are read. `by` is the option that names them.
    pub(crate) fn inputs<P: AsRef<Path>>(mut self, by: &str, paths: impl IntoIterator<Item = P>) -> Self {
        self.inputs.extend(paths.into_iter().map(|path| NamedFile::new(by, path.as_ref())));
        self
    }

    /// The same where the outputs are those of several runs: `{n}` in a path is the number of each.
    pub(crate) fn of_several_runs(mut self) -> Self {
        for output in &mut self.outputs {
            output.is_of_runs = output.path.to_str().is_some_and(|path| path.contains(NUMBER));
        }
        self
    }

    /// Refuses an output that is another output, or a file that is read, however the paths are written.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.conflict().map_or(Ok(()), |sentence| Err(Failure::usage(anyhow!(sentence))))
    }

    fn conflict(&self) -> Option<String> {
        let configuration: Vec<_> = environment::files().iter().map(|path| NamedFile::new("", path)).collect();
        for (place, output) in self.outputs.iter().enumerate() {
            let same = |other: &&NamedFile| output.may_be(other);
            let (by, path) = (&output.by, output.path.display());
            if let Some(first) = self.outputs[..place].iter().find(same) {
                let in_a_run = in_a_run(&[first, output]);
                return Some(format!(
                    "{} and {by} name the same file, {path}{in_a_run}: give each a file of its own",
                    first.by
                ));
            }
            let in_a_run = in_a_run(&[output]);
            if let Some(read) = self.inputs.iter().find(same) {
                let read_path = if output.is_of_runs { read.path.display() } else { output.path.display() };
                return Some(format!(
                    "{by} would replace {read_path}{in_a_run}, which {} reads: name another file",
                    read.by
                ));
            }
            if configuration.iter().any(|file| same(&file)) {
                return Some(format!(
                    "{by} would replace {path}{in_a_run}, which configures storemgr: name another file"
                ));
            }
            if !output.is_descriptor() && output.is_redirected_to() {
                return Some(format!(
                    "{by} would replace {path}{in_a_run}, to which standard output goes: name another file"
                ));
            }
        }
        None
    }
}

/// Says that files are the same in one of several runs.
fn in_a_run(files: &[&NamedFile]) -> &'static str {
    if files.iter().any(|file| file.is_of_runs) { " in one of the runs" } else { "" }
}

impl NamedFile {
    fn new(by: &str, path: &Path) -> Self {
        Self { by: by.to_owned(), path: path.to_owned(), is_of_runs: false }
    }

    /// Whether it is another file, in some run.
    fn may_be(&self, other: &Self) -> bool {
        let is_same = self.identity().is_some_and(|file| other.identity() == Some(file));
        is_same || (self.is_of_runs || other.is_of_runs) && overlap(&self.pattern(), &other.pattern())
    }

    /// The identity of its file, or of that of the first run.
    fn identity(&self) -> Option<FileIdentity> {
        FileIdentity::of(&if self.is_of_runs { numbered(&self.path, 1) } else { self.whole_path() })
    }

    /// The paths of its files, without links in what stands before the number.
    fn pattern(&self) -> Vec<Letter> {
        let path = resolved(&self.whole_path(), self.is_of_runs);
        let path = path.to_string_lossy();
        let fixed = |part: &str| part.bytes().map(Letter::Of).collect::<Vec<_>>();
        if !self.is_of_runs {
            return fixed(&path);
        }
        path.split(NUMBER).map(fixed).collect::<Vec<_>>().join(&[Letter::FirstDigit, Letter::MoreDigits][..])
    }

    fn whole_path(&self) -> PathBuf {
        if self.is_standard_output() { STANDARD_OUTPUT.into() } else { self.path.clone() }
    }

    fn is_standard_output(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    fn is_descriptor(&self) -> bool {
        self.is_standard_output() || FileIdentity::is_descriptor(&self.path)
    }

    /// Whether the tables on standard output, or the progress on standard error, go to this regular file.
    fn is_redirected_to(&self) -> bool {
        [STANDARD_OUTPUT, "/dev/stderr"].into_iter().map(Path::new).any(|stream| {
            std::fs::metadata(stream).is_ok_and(|found| found.is_file()) && self.may_be(&Self::new("", stream))
        })
    }
}

/// An absolute path without links and dots, as far as it exists. What has a number in it does not.
fn resolved(path: &Path, has_number: bool) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut resolved = PathBuf::new();
    let mut may_exist = true;
    for part in absolute.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(resolved.pop()),
            _ => resolved.push(part),
        }
        may_exist &= !(has_number && part.as_os_str().to_string_lossy().contains(NUMBER));
        if let Some(real) = may_exist.then(|| resolved.canonicalize().ok()).flatten() {
            resolved = real;
        }
    }
    resolved
}

/// A part of the paths of several runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Of(u8),
    /// The first digit of a number, which is not 0.
    FirstDigit,
    /// Any number of further digits.
    MoreDigits,
}

impl Letter {
    fn may_be(self, other: Self) -> bool {
        match (self, other) {
            (Self::Of(own), Self::Of(other)) => own == other,
            (Self::Of(letter), Self::FirstDigit) | (Self::FirstDigit, Self::Of(letter)) => {
                (b'1'..=b'9').contains(&letter)
            }
            (Self::Of(letter), Self::MoreDigits) | (Self::MoreDigits, Self::Of(letter)) => letter.is_ascii_digit(),
            _ => true,
        }
    }
}

/// Whether two patterns have a path in common, each with numbers of its own: any run may replace the file of another.
fn overlap(one: &[Letter], other: &[Letter]) -> bool {
    let (mut reached, mut next) = (HashSet::new(), vec![(0, 0)]);
    while let Some(place) = next.pop() {
        let (own, theirs) = place;
        if !reached.insert(place) {
            continue;
        }
        let letters = (one.get(own).copied(), other.get(theirs).copied());
        if letters == (None, None) {
            return true;
        }
        let is_more = |letter| letter == Some(Letter::MoreDigits);
        // A number may end here.
        next.extend(is_more(letters.0).then_some((own + 1, theirs)));
        next.extend(is_more(letters.1).then_some((own, theirs + 1)));
        if let (Some(letter), Some(their_letter)) = letters
            && letter.may_be(their_letter)
        {
            let behind = |place: usize, letter| if is_more(Some(letter)) { place } else { place + 1 };
            next.push((behind(own, letter), behind(theirs, their_letter)));
        }
    }
    false
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
    #[test]
    fn the_file_of_no_run_replaces_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("o")).unwrap();
        std::os::unix::fs::symlink("o", path("link")).unwrap();
        std::fs::write(path("o/7.json"), "").unwrap();
        let named = |outputs: &[(&str, &str)]| {
            let none = NamedFiles::default().inputs("--baseline", [path("o/7.json")]);
            let named = outputs.iter().fold(none, |named, (by, name)| named.output(by, Some(&path(name))));
            named.of_several_runs().conflict()
        };
        for fine in [
            &[("--json", "o/{n}"), ("--html", "o/{n}.html")][..],
            &[("--json", "o/{n}"), ("--html", "o/x1")],
            &[("--json", "o/{n}"), ("--html", "o/0")],
            &[("--json", "o/{n}"), ("--html", "p{n}")],
            &[("--json", "{n}/{n}"), ("--html", "o/{n}")],
        ] {
            assert_eq!(named(fine), None, "{fine:?}");
        }
        for outputs in [
            [("--json", "o/{n}"), ("--html", "o/1")],
            [("--json", "o/{n}"), ("--html", "o/123")],
            [("--json", "o/123"), ("--html", "o/{n}")],
            [("--json", "o/{n}"), ("--html", "link/./{n}")],
            [("--json", "o/{n}"), ("--html", "link/../o/5")],
            [("--json", "r{n}"), ("--html", "r2{n}")],
            [("--json", "{n}/a"), ("--html", "5/a")],
        ] {
            let said = named(&outputs).unwrap_or_else(|| panic!("{outputs:?}"));
            assert!(said.starts_with("--json and --html name the same file, "), "{said}");
            assert!(said.ends_with(" in one of the runs: give each a file of its own"), "{said}");
        }
        for output in ["o/{n}.json", "link/{n}.json"] {
            let said = named(&[("--json", output)]).unwrap();
            assert!(said.contains("o/7.json in one of the runs, which --baseline reads"), "{said}");
        }
        // Where there is one run, the braces are part of the name.
        let one = NamedFiles::default().output("--json", Some(&path("{n}"))).output("--html", Some(&path("1")));
        assert_eq!(one.conflict(), None);
    }
}
