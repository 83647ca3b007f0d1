//! The statements that a migration may contain, and how each is known to be done already.
//!
//! MySQL and MariaDB commit every DDL statement by itself, and MySQL has no `ADD COLUMN IF NOT EXISTS`. So a migration that
//! was killed is run again from its first statement, and each statement is either harmless to repeat, or skipped if the
//! schema shows that it is done.
//!
//! The version before is still running while a migration runs, and may come back. So a statement only adds: it changes a
//! table without blocking writes, and what it adds has a value by itself. Anything else is refused here.

/// A statement of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Harmless to repeat: `CREATE TABLE IF NOT EXISTS`, `INSERT IGNORE`, a wider type for a column.
    Repeatable,
    /// Adds a column to a table.
    AddColumn { table: &'a str, column: &'a str },
    /// Adds an index to a table.
    AddIndex { table: &'a str, index: &'a str },
}

/// Endings of an `ALTER TABLE` that does not block writes on either database. MySQL takes no `LOCK` beside `INSTANT`.
const INSTANT: &str = ", ALGORITHM = INSTANT";
const ONLINE: &str = ", ALGORITHM = INPLACE, LOCK = NONE";

impl<'a> Step<'a> {
    /// Reads a statement that contains no comments and has one space between any two words ([`plain`]). The error says why
    /// the statement may not be part of a migration.
    pub(super) fn parse(statement: &'a str) -> Result<Self, &'static str> {
        if statement.starts_with("CREATE TABLE IF NOT EXISTS ") || statement.starts_with("INSERT IGNORE INTO ") {
            return Ok(Self::Repeatable);
        }
        let Some((table, change)) = statement.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(' ')) else {
            return Err("it cannot be repeated, or breaks the version before");
        };
        let Some(change) = change.strip_suffix(ONLINE).or_else(|| change.strip_suffix(INSTANT)) else {
            return Err("it must end with `, ALGORITHM = INSTANT` or `, ALGORITHM = INPLACE, LOCK = NONE`");
        };
        if has_two_changes(change) {
            return Err("it makes two changes, of which one may be done: write two statements");
        }
        let name_after = |words: &str| change.strip_prefix(words).and_then(|rest| rest.split(' ').next());
        if let Some(column) = name_after("ADD COLUMN ") {
            if change.contains(" NOT NULL") && !change.contains(" DEFAULT ") {
                return Err("the version before gives the new column no value: allow NULL, or add a DEFAULT");
            }
            return Ok(Self::AddColumn { table, column });
        }
        if let Some(index) = name_after("ADD INDEX ") {
            return Ok(Self::AddIndex { table, index });
        }
        if change.starts_with("MODIFY COLUMN ") {
            return Ok(Self::Repeatable);
        }
        Err("only ADD COLUMN, ADD INDEX and MODIFY COLUMN may change a table that the version before uses")
    }
}

/// Whether a comma outside parentheses separates two changes.
fn has_two_changes(change: &str) -> bool {
    let mut depth = 0_u32;
    change.chars().any(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
}

/// The statements of a file, as written. Each ends with a semicolon at the end of a line, and no line of a comment does.
pub(super) fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split_inclusive(";\n")
        .map(|statement| statement.trim().trim_end_matches(';'))
        .filter(|text| text.lines().any(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty()))
}

/// A statement without the lines of its comments, with one space between any two words.
pub(super) fn plain(statement: &str) -> String {
    let code = statement.lines().filter(|line| !line.trim_start().starts_with("--"));
    code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_not_statements() {
        let found: Vec<_> = statements("-- a; b\nCREATE x;\n-- only words\n").collect();
        assert_eq!(found, ["-- a; b\nCREATE x"]);
        assert_eq!(plain("-- a\nCREATE\n  x  y"), "CREATE x y");
    }

    #[test]
    fn each_kind_of_statement_says_how_it_is_known_to_be_done() {
        for (statement, step) in [
            ("CREATE TABLE IF NOT EXISTS t (id INT)", Step::Repeatable),
            ("INSERT IGNORE INTO t (id) VALUES (1)", Step::Repeatable),
            ("ALTER TABLE t MODIFY COLUMN c VARCHAR(250) NOT NULL, ALGORITHM = INPLACE, LOCK = NONE", Step::Repeatable),
            (
                "ALTER TABLE t ADD COLUMN c DECIMAL(5, 2) NOT NULL DEFAULT 0, ALGORITHM = INSTANT",
                Step::AddColumn { table: "t", column: "c" },
            ),
            (
                "ALTER TABLE t ADD INDEX i (a, b), ALGORITHM = INPLACE, LOCK = NONE",
                Step::AddIndex { table: "t", index: "i" },
            ),
        ] {
            assert_eq!(Step::parse(statement), Ok(step), "{statement}");
        }
    }

    #[test]
    fn what_cannot_be_repeated_blocks_writes_or_breaks_the_version_before_is_refused() {
        for (statement, why) in [
            ("CREATE TABLE t (id INT)", "cannot be repeated"),
            ("UPDATE t SET a = a + 1", "cannot be repeated"),
            ("DROP TABLE t", "breaks the version before"),
            ("ALTER TABLE t ADD COLUMN c INT", "must end with"),
            ("ALTER TABLE t ADD COLUMN c INT, ALGORITHM = COPY", "must end with"),
            ("ALTER TABLE t ADD COLUMN c INT NOT NULL, ALGORITHM = INSTANT", "no value"),
            ("ALTER TABLE t ADD COLUMN c INT, ADD COLUMN d INT, ALGORITHM = INSTANT", "two changes"),
            ("ALTER TABLE t DROP COLUMN c, ALGORITHM = INSTANT", "only ADD COLUMN"),
            ("ALTER TABLE t RENAME COLUMN c TO d, ALGORITHM = INSTANT", "only ADD COLUMN"),
        ] {
            let refused = Step::parse(statement).unwrap_err();
            assert!(refused.contains(why), "{statement}: {refused}");
        }
    }
}
