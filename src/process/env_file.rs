//! Files of environment variables with one `NAME=value` per line, such as `.env`. `dotenvy` reads them; this module
//! names the line that `dotenvy` could not read, because the error of `dotenvy` itself would show that line.

/// The number of the first line that cannot be read on its own, as `line 2`, or `a line` if every line can be. The line
/// itself is left out because it may hold a secret.
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
