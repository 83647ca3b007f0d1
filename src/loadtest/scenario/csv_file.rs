//! Reads a CSV file (RFC 4180) into one buffer, so that it takes little more memory than on the disk.
//!
//! What a reader could take for something else than its author is refused with its line: a quote that is never closed,
//! rows of another length, texts that are not UTF-8. Empty lines are skipped; a quote inside a cell that does not begin with
//! one is a character like others.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::tell;
use crate::units;

/// The most bytes of a CSV file, because all of it is kept in memory.
const MOST_BYTES: u64 = 256 << 20;

/// The most cells of a CSV file: the place of each one takes four bytes more.
const MOST_CELLS: usize = 64 << 20;

/// A file that takes longer to read than this tells how far it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bytes between two looks at the clock.
const STRETCH: usize = 1 << 20;

/// The cells of a file, row by row, without quotes and separators.
#[derive(Debug, Default)]
pub(super) struct Cells {
    text: String,
    /// The end of each cell in the text; it starts where the one before ended.
    ends: Vec<u32>,
    /// The number of cells in a row, the first of which names the columns.
    columns: usize,
}

impl Cells {
    /// Reads a file. An error is a sentence that names the file and, where there is one, the line.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display().to_string();
        let bytes = bytes(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(format!(
                "{shown} has more than {} MiB, and all of it would be kept in memory: use fewer rows or columns",
                MOST_BYTES >> 20
            ));
        }
        Reader::new(bytes, &shown).read()
    }

    /// The number of rows, without the first one.
    pub(super) fn rows(&self) -> usize {
        (self.ends.len() / self.columns.max(1)).saturating_sub(1)
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.columns).map(|column| self.text(column).trim())
    }

    /// A cell. Rows and columns start at 0, and row 0 is the first one below the names.
    pub(super) fn cell(&self, row: usize, column: usize) -> &str {
        self.text((row + 1) * self.columns + column)
    }

    fn text(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[place] as usize]
    }
}

/// The content of a file, up to a little more than is allowed. It may be a pipe, which does not tell its size.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len().min(MOST_BYTES);
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Moves the cells to the front of the buffer: what is left never gets longer than what was read.
struct Reader<'a> {
    bytes: Vec<u8>,
    /// The name of the file, for errors.
    shown: &'a str,
    /// The next byte to read.
    at: usize,
    /// The end of the cells so far.
    end: usize,
    line: usize,
    cells: Cells,
}

/// What ended a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Cell,
    Row,
}

impl<'a> Reader<'a> {
    fn new(bytes: Vec<u8>, shown: &'a str) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { bytes, shown, at, end: 0, line: 1, cells: Cells::default() }
    }

    fn read(mut self) -> Result<Cells, String> {
        if let Err(error) = std::str::from_utf8(&self.bytes) {
            return Err(self.wrong(line_of(&self.bytes, error.valid_up_to()), "is not UTF-8: save the file as UTF-8"));
        }
        let (started, mut told, mut next_look) = (Instant::now(), PATIENCE, STRETCH);
        while self.at < self.bytes.len() {
            self.row()?;
            if self.at >= next_look {
                next_look = self.at + STRETCH;
                if started.elapsed() >= told {
                    told += PATIENCE;
                    let share = self.at as f64 / self.bytes.len() as f64;
                    tell(&format!("reading {}: {}", self.shown, units::percent(share)));
                }
            }
        }
        if self.cells.columns == 0 {
            return Err(format!("{} is empty: its first line names the columns, the others are the rows", self.shown));
        }
        if self.cells.rows() == 0 {
            return Err(format!(
                "{} has no rows: its first line names the columns, the others are the rows",
                self.shown
            ));
        }
        self.bytes.truncate(self.end);
        // It was checked above, and only whole cells were moved.
        self.cells.text = String::from_utf8(self.bytes).map_err(|error| format!("{}: {error}", self.shown))?;
        self.cells.ends.shrink_to_fit();
        Ok(self.cells)
    }

    /// Reads one row, or skips an empty line.
    fn row(&mut self) -> Result<(), String> {
        if matches!(self.bytes[self.at], b'\n' | b'\r') {
            self.line_end();
            return Ok(());
        }
        let (line, before) = (self.line, self.cells.ends.len());
        while self.cell()? == After::Cell {}
        let found = self.cells.ends.len() - before;
        if self.cells.columns == 0 {
            self.cells.columns = found;
            return self.check_names();
        }
        if found != self.cells.columns {
            let cells = if found == 1 { "1 cell".to_owned() } else { format!("{found} cells") };
            let what =
                format!("has {cells}, and the first line names {}: a cell with a comma needs quotes", self.columns());
            return Err(self.wrong(line, &what));
        }
        Ok(())
    }

    fn columns(&self) -> String {
        if self.cells.columns == 1 { "1 column".to_owned() } else { format!("{} columns", self.cells.columns) }
    }

    fn check_names(&self) -> Result<(), String> {
        let text = String::from_utf8_lossy(&self.bytes[..self.end]);
        let mut names: Vec<&str> = Vec::new();
        let mut start = 0;
        for end in &self.cells.ends {
            let name = text[start..*end as usize].trim();
            start = *end as usize;
            if names.contains(&name) {
                return Err(self.wrong(1, &format!("names the column {name:?} twice: give each column its own name")));
            }
            names.push(name);
        }
        Ok(())
    }

    /// Reads a cell and what ends it.
    fn cell(&mut self) -> Result<After, String> {
        if self.bytes.get(self.at) == Some(&b'"') {
            self.quoted()?;
        } else {
            let rest = &self.bytes[self.at..];
            let ends = |byte: &u8| matches!(byte, b',' | b'\n' | b'\r' | 0);
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            self.keep(length);
        }
        if self.cells.ends.len() == MOST_CELLS {
            return Err(format!(
                "{} has more than {MOST_CELLS} cells, and the place of each would be kept in memory: use fewer rows or columns",
                self.shown
            ));
        }
        self.cells.ends.push(self.end as u32);
        match self.bytes.get(self.at) {
            None => Ok(After::Row),
            Some(b',') => {
                self.at += 1;
                Ok(After::Cell)
            }
            Some(0) => Err(self.null()),
            Some(_) => {
                self.line_end();
                Ok(After::Row)
            }
        }
    }

    /// Reads a cell in quotes, in which two quotes are one.
    fn quoted(&mut self) -> Result<(), String> {
        let opened = self.line;
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            let Some(length) = rest.iter().position(|byte| matches!(byte, b'"' | 0)) else {
                return Err(
                    self.wrong(opened, "has a quote that is never closed: close it, or write two for one in a cell")
                );
            };
            self.line += line_ends(&rest[..length]);
            self.keep(length);
            if self.bytes[self.at] == 0 {
                return Err(self.null());
            }
            self.at += 1;
            match self.bytes.get(self.at) {
                Some(b'"') => self.keep(1),
                None | Some(b',' | b'\n' | b'\r') => return Ok(()),
                Some(_) => {
                    let what = "begins a cell in quotes that goes on behind its closing quote: write two quotes for one in a cell";
                    return Err(self.wrong(opened, what));
                }
            }
        }
    }

    fn keep(&mut self, length: usize) {
        self.bytes.copy_within(self.at..self.at + length, self.end);
        self.at += length;
        self.end += length;
    }

    /// Passes over a line end: LF, CR LF or, as on old systems, CR.
    fn line_end(&mut self) {
        self.at += if self.bytes[self.at..].starts_with(b"\r\n") { 2 } else { 1 };
        self.line += 1;
    }

    fn null(&self) -> String {
        self.wrong(self.line, "has a NUL character: save the file as text in UTF-8")
    }

    fn wrong(&self, line: usize, what: &str) -> String {
        format!("{}, line {line}, {what}", self.shown)
    }
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + line_ends(&bytes[..at])
}

fn line_ends(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Cells, String> {
        Reader::new(text.to_vec(), "users.csv").read()
    }

    #[test]
    fn cells_are_those_of_the_file() {
        let expected = [["1", "a, b"], ["2", "say \"x\"\nand y"], ["", "5\" disk"]];
        let text = "id,name\n1,\"a, b\"\n\n2,\"say \"\"x\"\"\nand y\"\n,5\" disk";
        let windows = format!("\u{feff}{}\r\n", text.replace('\n', "\r\n"));
        for text in [text.to_owned(), format!("{text}\n\n"), windows.replace("\r\nand", "\nand")] {
            let cells = read(text.as_bytes()).unwrap();
            assert_eq!(cells.names().collect::<Vec<_>>(), ["id", "name"]);
            assert_eq!(cells.rows(), 3, "{text:?}");
            let rows: Vec<_> = (0..3).map(|row| [cells.cell(row, 0), cells.cell(row, 1)]).collect();
            assert_eq!(rows, expected, "{text:?}");
        }
        assert_eq!(read(b"a\r1\r2\r").unwrap().rows(), 2);
    }

    #[test]
    fn what_is_not_a_table_is_refused_with_its_line() {
        for (text, sentence) in [
            (&b""[..], "users.csv is empty"),
            (b"\xef\xbb\xbf\n", "users.csv is empty"),
            (b"id,name\n", "users.csv has no rows"),
            (b"id,name\n1,a\n2,\"b\n3,c\n4,d\n", "users.csv, line 3, has a quote that is never closed"),
            (b"id\n\"1\n2\"x\n", "users.csv, line 2, begins a cell in quotes that goes on"),
            (b"id,name\n1,a\n2\n", "users.csv, line 3, has 1 cell, and the first line names 2 columns"),
            (b"id\n\"a\nb\"\n1,2,3\n", "users.csv, line 4, has 3 cells, and the first line names 1 column"),
            (b"id\n1\n\n2\0\n", "users.csv, line 4, has a NUL character"),
            (b"id\n\"1\0\"\n", "users.csv, line 2, has a NUL character"),
            (b"id\n1\n\xff\n", "users.csv, line 3, is not UTF-8"),
            (b"\xff\xfei\0d\0", "users.csv, line 1, is not UTF-8"),
            (b"id,id\n1,2\n", "users.csv, line 1, names the column \"id\" twice"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(sentence), "{said}");
        }
    }
}
