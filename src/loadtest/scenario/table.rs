//! The tables of a scenario, each of which is a CSV file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::csv_file::Cells;
use super::encoding::Encoding;

/// A CSV file that has been read.
#[derive(Debug)]
pub(super) struct Table {
    /// The name that placeholders use.
    pub(super) name: String,
    /// The file that it was read from.
    pub(super) path: PathBuf,
    /// Whether rows are taken one after the other instead of at random.
    sequential: bool,
    cells: Arc<Cells>,
}

/// A column of a table. All columns share the cells, which are encoded when a request is rendered.
#[derive(Clone, Debug)]
pub(super) struct Column {
    cells: Arc<Cells>,
    place: usize,
    encoding: Encoding,
}

/// The order in which the rows of a table are taken; the first field is their number.
#[derive(Clone, Debug)]
pub(super) enum Rows {
    /// At random for each request.
    Random(usize),
    /// One after the other over all users, then again from the first.
    Sequential(usize, Arc<AtomicU64>),
}

impl Table {
    /// Reads a CSV file. Its first line names the columns.
    pub(super) fn read(name: &str, path: &Path, sequential: bool) -> Result<Self, String> {
        let cells = Arc::new(Cells::read(path)?);
        Ok(Self { name: name.to_owned(), path: path.to_owned(), sequential, cells })
    }

    /// A column with the encoding of its cells.
    pub(super) fn column(&self, column: &str, encoding: Encoding) -> Result<Column, String> {
        let Some(place) = self.cells.names().position(|name| name == column) else {
            return Err(format!(
                "the table {} has no column {column}: its columns are {}",
                self.name,
                self.cells.names().collect::<Vec<_>>().join(", ")
            ));
        };
        Ok(Column { cells: Arc::clone(&self.cells), place, encoding })
    }

    /// The order in which its rows are taken.
    pub(super) fn rows(&self) -> Rows {
        let rows = self.cells.rows();
        if self.sequential { Rows::Sequential(rows, Arc::new(AtomicU64::new(0))) } else { Rows::Random(rows) }
    }
}

impl Column {
    /// Writes the cell of a row.
    pub(super) fn write(&self, row: usize, into: &mut String) {
        self.encoding.write(self.cells.cell(row, self.place), into);
    }

    /// Checks every cell as it will be written.
    pub(super) fn check(&self, fits: impl Fn(&str) -> Result<(), &'static str>) -> Result<(), &'static str> {
        let mut written = String::new();
        (0..self.cells.rows()).try_for_each(|row| {
            written.clear();
            self.write(row, &mut written);
            fits(&written)
        })
    }
}
