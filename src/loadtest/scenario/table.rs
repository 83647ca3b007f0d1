//! The CSV files of a scenario.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::value::Rows;

/// The most bytes of a CSV file. All of it is kept in memory, once for each combination of a column and its encoding.
const LARGEST: u64 = 256 << 20;

/// A CSV file that has been read.
#[derive(Debug)]
pub(super) struct Table {
    /// The name that placeholders use.
    pub(super) name: String,
    /// Whether rows are taken one after the other instead of at random.
    sequential: bool,
    columns: Vec<String>,
    records: Vec<csv::StringRecord>,
}

impl Table {
    /// Reads a CSV file. Its first line names the columns.
    pub(super) fn read(name: &str, path: &Path, sequential: bool) -> Result<Self, String> {
        let shown = path.display();
        let size = std::fs::metadata(path).map_err(|error| format!("{shown} cannot be read: {error}"))?.len();
        if size > LARGEST {
            return Err(format!("{shown} has {size} bytes and at most {LARGEST} are kept in memory: use fewer rows"));
        }
        let unreadable = |error: csv::Error| format!("{shown} cannot be read as CSV: {error}");
        let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
        let columns = reader.headers().map_err(unreadable)?.iter().map(|name| name.trim().to_owned()).collect();
        let records: Vec<_> = reader.records().collect::<Result<_, _>>().map_err(unreadable)?;
        if records.is_empty() {
            return Err(format!("{shown} has no rows: its first line names the columns, the others are the rows"));
        }
        Ok(Self { name: name.to_owned(), sequential, columns, records })
    }

    /// The cells of a column, row by row.
    pub(super) fn column(&self, column: &str) -> Result<impl Iterator<Item = &str>, String> {
        let Some(place) = self.columns.iter().position(|name| name == column) else {
            return Err(format!(
                "the table {} has no column {column}: its columns are {}",
                self.name,
                self.columns.join(", ")
            ));
        };
        Ok(self.records.iter().map(move |record| record.get(place).unwrap_or_default()))
    }

    /// The order in which its rows are taken.
    pub(super) fn rows(&self) -> Rows {
        let rows = self.records.len();
        if self.sequential { Rows::Sequential(rows, Arc::new(AtomicU64::new(0))) } else { Rows::Random(rows) }
    }
}
