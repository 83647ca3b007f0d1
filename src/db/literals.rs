//! Values as they stand in the text of a statement: whole numbers, and bytes as hexadecimal digits. Nothing that could end
//! a string or begin a comment is ever written.

/// Values with commas between them.
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

/// A whole number.
pub(super) fn number(sql: &mut String, value: u64) {
    sql.push_str(itoa::Buffer::new().format(value));
}

/// Whole numbers with commas between them.
pub(super) fn numbers(values: impl IntoIterator<Item = u64>) -> String {
    list(values, number)
}

/// A row of whole numbers, as it stands behind VALUES.
pub(super) fn row<const N: usize>(sql: &mut String, values: [u64; N]) {
    sql.push('(');
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            sql.push(',');
        }
        number(sql, value);
    }
    sql.push(')');
}

/// Bytes as a hexadecimal literal: text from outside that cannot end a string.
pub(super) fn hex(sql: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    sql.push_str("x'");
    for byte in bytes {
        sql.push(char::from(DIGITS[usize::from(byte >> 4)]));
        sql.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    sql.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_sql_wants_them() {
        assert_eq!(list([[1, 2, 3], [4, 5, 6]], row), "(1,2,3),(4,5,6)");
        assert_eq!(list([&b"a'b"[..], b"\\"], hex), "x'612762',x'5c'");
        assert_eq!((numbers([7, 8]), numbers([])), ("7,8".to_owned(), String::new()));
    }
}
