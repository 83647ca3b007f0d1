//! The folder with the results of one lab. It is written as results come, and the lab can be resumed from it.
//!
//! Files are written whole or not at all. `conditions.json` has the conditions of the lab; `rung-3.1.json` is the measurement of the
//! third rung in the first round; `order-lines.json` and `balance.json` are the experiments beside the ladder; `lab.json`, `lab.md` and `lab.html` are the account so far.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::LabError;
use super::conditions::{LabConditions, Subject};
use super::measurement::Measurement;
use crate::files;

/// The name of the file with the conditions of the lab.
const CONDITIONS: &str = "conditions.json";

/// The folder with the results of one lab.
#[derive(Clone, Debug)]
pub struct ResultFolder {
    path: PathBuf,
    /// Whether this process has made the folder. The folder of a resumed lab may be in use by another process.
    made: bool,
}

impl ResultFolder {
    /// Makes a new folder. It must not exist or be empty, so that no measurement is ever overwritten.
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

    /// Opens the folder of an earlier lab, and reads its conditions.
    pub fn open(path: &Path) -> Result<(Self, LabConditions), LabError> {
        let folder = Self { path: path.to_owned(), made: false };
        let conditions = folder.read(CONDITIONS)?;
        let conditions = conditions.ok_or_else(|| LabError::NoLab { path: path.to_owned() })?;
        Ok((folder, conditions))
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the conditions, to which a resumed lab may have added subjects.
    pub(super) fn extend(&self, conditions: &LabConditions) -> Result<(), LabError> {
        self.write(CONDITIONS, &json(conditions))
    }

    /// Removes the folder if this process has made it and it contains no measurement, so that a lab that could not start
    /// leaves nothing behind.
    pub(super) fn forget_if_empty(&self) {
        if !self.made {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        if entries.flatten().all(|entry| entry.file_name() == CONDITIONS) {
            // Best effort: a folder that cannot be removed does no harm.
            drop(fs::remove_file(self.path.join(CONDITIONS)).and_then(|()| fs::remove_dir(&self.path)));
        }
    }

    /// The measurement of a subject in a round; `None` if there is none.
    pub(super) fn measurement(&self, subject: &Subject, round: u32) -> Result<Option<Measurement>, LabError> {
        self.read(&file_name(subject, round))
    }

    /// Writes the measurement of a subject in a round.
    pub(super) fn keep(&self, subject: &Subject, round: u32, measurement: &Measurement) -> Result<(), LabError> {
        self.write(&file_name(subject, round), &json(measurement))
    }

    /// The result of an experiment beside the ladder; `None` if there is none.
    pub(super) fn experiment<T: DeserializeOwned>(&self, experiment: Experiment) -> Result<Option<T>, LabError> {
        self.read(experiment.file_name())
    }

    /// Writes the result of an experiment beside the ladder.
    pub(super) fn keep_experiment(&self, experiment: Experiment, result: &impl Serialize) -> Result<(), LabError> {
        self.write(experiment.file_name(), &json(result))
    }

    /// Writes an incomplete measurement after an interrupt, under a new name that is not mistaken for a complete one.
    pub(super) fn keep_part(&self, subject: &Subject, round: u32, part: &Measurement) -> Result<(), LabError> {
        let first = format!("{}.{round}.interrupted.json", subject.file_name());
        let more = (2..).map(|number| format!("{}.{round}.interrupted-{number}.json", subject.file_name()));
        let free = std::iter::once(first).chain(more).find(|name| !self.path.join(name).exists());
        free.map_or(Ok(()), |name| self.write(&name, &json(part)))
    }

    /// Writes a file, whole or not at all, under its name in the folder.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), LabError> {
        let path = self.path.join(name);
        files::write(&path, text.as_bytes()).map_err(LabError::file(&path, "written"))
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

/// An experiment beside the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Experiment {
    /// Orders of growing size, with each writer.
    OrderLines,
    /// Balancing policies against each other.
    Balancing,
}

impl Experiment {
    const fn file_name(self) -> &'static str {
        match self {
            Self::OrderLines => "order-lines.json",
            Self::Balancing => "balance.json",
        }
    }

    /// The name in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OrderLines => "orders of growing size",
            Self::Balancing => "balancing policies",
        }
    }
}

fn file_name(subject: &Subject, round: u32) -> String {
    format!("{}.{round}.json", subject.file_name())
}

fn json(value: &impl Serialize) -> String {
    // This cannot fail, because all maps have strings as keys.
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
