//! Where results lie: a folder of one lab, written as results come, from which the lab can be resumed.
//!
//! A file is whole or not there. `conditions.json` says what the lab was asked to do; `rung-3.1.json` is what was measured
//! of the third rung in the first round; `lab.json`, `lab.md` and `lab.html` are the account so far.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::LabError;
use super::conditions::{LabConditions, Subject};
use super::measurement::Measurement;

/// What the lab was asked to do.
const CONDITIONS: &str = "conditions.json";

/// The folder of one lab.
#[derive(Clone, Debug)]
pub struct ResultFolder {
    path: PathBuf,
    /// Whether this lab has made it. One that is resumed may be at work elsewhere.
    made: bool,
}

impl ResultFolder {
    /// A new folder, which must not be there or be empty: nothing that was measured is ever written over.
    pub fn create(path: &Path, conditions: &LabConditions) -> Result<Self, LabError> {
        fs::create_dir_all(path).map_err(LabError::file(path, "made"))?;
        let mut entries = fs::read_dir(path).map_err(LabError::file(path, "read"))?;
        if entries.next().is_some() {
            return Err(LabError::NotEmpty { path: path.to_owned() });
        }
        let folder = Self { path: path.to_owned(), made: true };
        folder.write(CONDITIONS, &json(conditions))?;
        Ok(folder)
    }

    /// The folder of a lab that was begun, with what that was asked to do.
    pub fn open(path: &Path) -> Result<(Self, LabConditions), LabError> {
        let folder = Self { path: path.to_owned(), made: false };
        let conditions = folder.read(CONDITIONS)?;
        let conditions = conditions.ok_or_else(|| LabError::NoLab { path: path.to_owned() })?;
        Ok((folder, conditions))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down what a lab that is resumed is now asked to do.
    pub(super) fn extend(&self, conditions: &LabConditions) -> Result<(), LabError> {
        self.write(CONDITIONS, &json(conditions))
    }

    /// Takes the folder away again if nothing was measured: a new lab that could not begin leaves nothing behind.
    pub(super) fn forget_if_empty(&self) {
        if !self.made {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        if entries.flatten().all(|entry| entry.file_name() == CONDITIONS) {
            // Best effort: whoever cannot remove a folder sees it.
            drop(fs::remove_file(self.path.join(CONDITIONS)).and_then(|()| fs::remove_dir(&self.path)));
        }
    }

    /// What was measured of a subject in a round, if it was.
    pub(super) fn measurement(&self, subject: &Subject, round: u32) -> Result<Option<Measurement>, LabError> {
        self.read(&file_name(subject, round))
    }

    /// Keeps what was measured.
    pub(super) fn keep(&self, subject: &Subject, round: u32, measurement: &Measurement) -> Result<(), LabError> {
        self.write(&file_name(subject, round), &json(measurement))
    }

    /// Keeps what was measured before an interrupt, under a name that nobody takes for a whole measurement and that is not
    /// there yet.
    pub(super) fn keep_part(&self, subject: &Subject, round: u32, part: &Measurement) -> Result<(), LabError> {
        let first = format!("{}.{round}.interrupted.json", subject.file_name());
        let more = (2..).map(|number| format!("{}.{round}.interrupted-{number}.json", subject.file_name()));
        let free = std::iter::once(first).chain(more).find(|name| !self.path.join(name).exists());
        free.map_or(Ok(()), |name| self.write(&name, &json(part)))
    }

    /// Writes a file of the account.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), LabError> {
        let path = self.path.join(name);
        let draft = self.path.join(format!("{name}.new"));
        let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path));
        written.map_err(LabError::file(&path, "written"))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, LabError> {
        let path = self.path.join(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LabError::file(&path, "read")(error)),
        };
        let read = serde_json::from_slice(&text).map_err(io::Error::from);
        read.map(Some).map_err(LabError::file(&path, "understood"))
    }
}

fn file_name(subject: &Subject, round: u32) -> String {
    format!("{}.{round}.json", subject.file_name())
}

fn json(value: &impl Serialize) -> String {
    // Maps have names as keys and numbers are finite: this does not fail.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whoever_made_a_folder_takes_it_away() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lab");
        let made = ResultFolder::create(&path, &LabConditions::default()).unwrap();
        let (resumed, _) = ResultFolder::open(&path).unwrap();
        resumed.forget_if_empty();
        assert!(path.join(CONDITIONS).exists(), "another lab is at work there");
        made.forget_if_empty();
        assert!(!path.exists());
    }
}
