//! What the CSV files share: their names, their text, and errors that name the file.

use std::io;
use std::path::{Path, PathBuf};

use csv::Writer;

use crate::files::OutputFile;

/// The path of a file whose name is a prefix with an end, such as `_stats.csv`.
pub(super) fn with_suffix(prefix: &Path, end: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(end);
    path.into()
}

/// The text of the records that `write` gives to a writer.
pub(super) fn csv_text(write: impl FnOnce(&mut Writer<Vec<u8>>) -> Result<(), csv::Error>) -> io::Result<Vec<u8>> {
    let mut writer = Writer::from_writer(Vec::new());
    write(&mut writer)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// Adds the path of a file to its error, for `map_err`.
pub(super) fn about(file: &OutputFile) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", file.path().display()))
}
