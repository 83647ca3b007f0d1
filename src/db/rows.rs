//! The rows of a multi-row `INSERT`, as the text of one statement.
//!
//! It has no limit on parameters (65,535 in a prepared statement) and takes one round trip. The caller limits the
//! number of rows.

use std::fmt::Write;
use std::time::SystemTime;

use super::literals::{hex, number};
use super::{DbError, Session};

/// Rows of one statement; each value is appended to the last row.
#[derive(Debug, Default)]
pub(super) struct Rows {
    sql: String,
    /// Whether a row is open; the next row or the end closes it.
    in_row: bool,
    /// Whether that row has a value, so that the next one needs a comma.
    in_values: bool,
}

impl Rows {
    /// An `INSERT` into a table with its columns, e.g. `stocks (product_id, quantity)`.
    pub(super) fn into(columns: &str) -> Self {
        Self { sql: format!("INSERT INTO {columns} VALUES "), ..Self::default() }
    }

    /// Begins a row.
    pub(super) fn row(&mut self) -> &mut Self {
        self.sql.push_str(if self.in_row { "),(" } else { "(" });
        self.in_row = true;
        self.in_values = false;
        self
    }

    /// Appends a whole number.
    pub(super) fn number(&mut self, value: u64) -> &mut Self {
        number(self.next_value(), value);
        self
    }

    /// Appends bytes, or the bytes of a text.
    pub(super) fn bytes(&mut self, value: impl AsRef<[u8]>) -> &mut Self {
        hex(self.next_value(), value.as_ref());
        self
    }

    /// Appends an instant in whole microseconds of UTC, which is the session's time zone.
    pub(super) fn instant(&mut self, instant: SystemTime) -> &mut Self {
        let sql = self.next_value();
        // Writing to a String cannot fail.
        let _ = write!(sql, "'{}", humantime::format_rfc3339_micros(instant));
        // MySQL does not read the Z.
        sql.pop();
        sql.push('\'');
        self
    }

    /// Appends the time at which the server runs the statement.
    pub(super) fn now(&mut self) -> &mut Self {
        self.next_value().push_str("UTC_TIMESTAMP(6)");
        self
    }

    /// The text of the statement; `None` if there are no rows.
    pub(super) fn finish(mut self) -> Option<String> {
        self.sql.push(')');
        self.in_row.then_some(self.sql)
    }

    /// The text so far, ready for the next value.
    fn next_value(&mut self) -> &mut String {
        if self.in_values {
            self.sql.push(',');
        }
        self.in_values = true;
        &mut self.sql
    }
}

impl Session {
    /// Stores rows; without rows, no statement is sent.
    pub(super) async fn insert(&mut self, rows: Rows) -> Result<(), DbError> {
        match rows.finish() {
            Some(sql) => self.run(&sql).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn rows_are_written_without_anything_that_could_be_misread() {
        let mut rows = Rows::into("t (a, b, c)");
        rows.row().number(1).bytes("é'\\").instant(UNIX_EPOCH + Duration::from_micros(1));
        rows.row().number(2).bytes("").now();
        assert_eq!(
            rows.finish().unwrap(),
            "INSERT INTO t (a, b, c) VALUES (1,x'c3a9275c','1970-01-01T00:00:00.000001'),(2,x'',UTC_TIMESTAMP(6))"
        );
        assert_eq!(Rows::into("t (a)").finish(), None);
    }

    #[test]
    fn rows_alone_fit_into_a_statement_from_elsewhere() {
        let mut rows = Rows::default();
        rows.row().number(1).number(2);
        rows.row().number(3).number(4);
        assert_eq!(rows.finish().unwrap(), "(1,2),(3,4)");
    }
}
