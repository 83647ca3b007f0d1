//! Files of environment variables, one `NAME=value` a line, as `.env` is. `dotenvy` reads them; this says what it could not
//! read, because its own sentence would show the line.

/// The first line that cannot be read on its own, by its number (`line 2`): the line itself may hold a secret. Without such
/// a line it is `a line`.
pub fn bad_line(text: &str) -> String {
    let bad = |line: &str| dotenvy::from_read_iter(line.as_bytes()).any(|pair| pair.is_err());
    text.lines().position(bad).map_or_else(|| "a line".to_owned(), |index| format!("line {}", index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named_by_its_number_alone() {
        assert_eq!(bad_line("A=1\nDB_PASSWORD = geheim nis\n"), "line 2");
        assert_eq!(bad_line("A=1\n"), "a line");
    }
}
