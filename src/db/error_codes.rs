//! The error numbers of MySQL and MariaDB, grouped by their meaning for the caller, with a reason for each row.
//!
//! A number that is not in the table counts as the server's: a server that refuses for an unknown reason is not
//! available, which is not a defect of this program.

/// The cause of an error, which decides how it is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Statement: it is wrong, and will fail again.
    Defect,
    /// Request: a value does not fit its column.
    Data,
    /// Request: a unique key already exists.
    Duplicate,
    /// Row: another transaction holds it.
    RowHeld,
    /// Row: the transaction lost against another one, was undone, and may be retried at once.
    Conflict,
    /// Connection: it is unusable, or its statement was ended. A new connection will work.
    ConnectionLost,
    /// Connection: the session to be ended no longer exists.
    NoSuchSession,
    /// Server: one of its own time limits ended the statement.
    StatementLimit,
    /// Server: no connection is left for this program.
    TooManyConnections,
    /// Server: a table or a column is missing.
    SchemaMissing,
    /// Server: it is not set up for this program; an operator has to change that.
    WrongSetup,
    /// Server: it does not take this work now, or at all. Check again later.
    Unavailable,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Entry {
    codes: &'static [u16],
    pub(super) meaning: Meaning,
    /// What happened, in our own words, because the server's message may quote values.
    pub(super) reason: &'static str,
    /// Advice for the operator; empty if there is nothing to do.
    pub(super) advice: &'static str,
}

const fn entry(codes: &'static [u16], meaning: Meaning, reason: &'static str, advice: &'static str) -> Entry {
    Entry { codes, meaning, reason, advice }
}

/// The row used for numbers that are not in the table.
const UNKNOWN: Entry = entry(
    &[],
    Meaning::Unavailable,
    "it refused for a reason that this program does not know",
    "look the error number up, and read the database's log",
);

const TABLE: &[Entry] = &[
    // Not SQL, empty, a column named twice, too few values, an unknown function or procedure, a wrong argument: the
    // statement text is ours.
    entry(
        &[1064, 1065, 1052, 1055, 1066, 1110, 1111, 1136, 1210, 1241, 1305, 1318, 1582],
        Meaning::Defect,
        "a statement is wrong",
        "report it",
    ),
    // NULL in a NOT NULL column: we never write NULL.
    entry(&[1048], Meaning::Defect, "a value is missing", "report it"),
    // Out of range, too long, of another type, against a check, in another character set.
    entry(
        &[1264, 1265, 1267, 1292, 1366, 1406, 1690, 3819, 4025],
        Meaning::Data,
        "a value does not fit its column",
        "",
    ),
    entry(&[1062, 1586], Meaning::Duplicate, "a unique key exists already", ""),
    // Lock wait timeout; no wait allowed (NOWAIT on MySQL; MariaDB returns 1205).
    entry(&[1205, 3572], Meaning::RowHeld, "another transaction holds a row", ""),
    // Deadlock; a row changed under snapshot isolation (MariaDB from 11.6.2); the table changed under the transaction or the
    // prepared statement; certification in a group.
    entry(&[1213, 1020, 1180, 1412, 1615, 3101], Meaning::Conflict, "the transaction conflicted with another one", ""),
    // KILL QUERY: it ended one statement, and the transaction is begun again.
    entry(&[1317], Meaning::ConnectionLost, "the statement was interrupted", ""),
    // Killed, gone, broken, out of order, idle for too long, read or write errors; a prepared statement that the server
    // no longer knows, e.g. after a router changed servers.
    entry(
        &[1927, 2006, 2013, 2055, 1152, 1153, 1156, 1158, 1159, 1160, 1161, 1184, 1243, 1835, 3169, 4031],
        Meaning::ConnectionLost,
        "the connection was ended",
        "",
    ),
    entry(&[1094], Meaning::NoSuchSession, "there is no such session", ""),
    // max_statement_time (MariaDB), max_execution_time (MySQL).
    entry(
        &[1969, 3024],
        Meaning::StatementLimit,
        "it ended a statement by its own time limit",
        "look for what makes it slow, or raise the server's limit for statements above --db-statement-timeout",
    ),
    // The server's limit, the account's limits.
    entry(
        &[1040, 1203, 1226],
        Meaning::TooManyConnections,
        "Too many connections",
        "lower --db-pool-size: the sum over all instances stays under the server's max_connections",
    ),
    entry(&[1054, 1146], Meaning::SchemaMissing, "a table or a column is missing", "run `storemgr migrate`"),
    // The database itself is missing.
    entry(&[1049], Meaning::WrongSetup, "there is no such database", "create it, or correct DB_NAME"),
    // Rights: on the database, the table, the column, the routine, a privilege; the definer of a view.
    entry(
        &[1044, 1142, 1143, 1227, 1370, 1449, 1356],
        Meaning::WrongSetup,
        "the account misses a right",
        "GRANT SELECT, INSERT, UPDATE, DELETE on the store's database to it (CREATE, ALTER, INDEX to migrate)",
    ),
    // Wrong password, host not allowed, no such account, locked, password expired, second factor required.
    entry(
        &[1045, 1130, 1698, 3118, 4151, 1820, 1862, 3955],
        Meaning::WrongSetup,
        "it refuses the account",
        "look whether the account exists, is unlocked, may come from this host, and has the password that is given here",
    ),
    // A column added by others without a default value.
    entry(
        &[1364],
        Meaning::WrongSetup,
        "a column that this program does not know needs a value",
        "give the column that was added a default value",
    ),
    entry(
        &[1665],
        Meaning::WrongSetup,
        "binlog_format is STATEMENT, and that does not go with READ COMMITTED",
        "set binlog_format to ROW",
    ),
    // The read_only option, a read-only transaction, MariaDB's standby.
    entry(
        &[1290, 1792, 1836],
        Meaning::Unavailable,
        "it is read-only",
        "look where the primary is now, and lead DB_HOST to it; or end read_only if this is to be the primary",
    ),
    entry(&[3032], Meaning::Unavailable, "it is in offline mode", "end offline_mode when its maintenance is over"),
    entry(
        &[1053, 1077, 1079, 3168],
        Meaning::Unavailable,
        "it is shutting down or starting",
        "wait for it, or start it",
    ),
    // Table full, disk full, no space for temporary or log files, errors of the disk and of the engine.
    entry(
        &[1114, 1021, 1026, 3, 1030, 1034, 1037, 1038, 1041, 1135, 1015, 126, 127, 144, 145],
        Meaning::Unavailable,
        "it is out of space or memory",
        "free disk or memory on the database's machine",
    ),
    entry(
        &[1461],
        Meaning::Unavailable,
        "it holds as many prepared statements as it may",
        "raise max_prepared_stmt_count, and look who does not close them",
    ),
    // The changes that were made while an index was built did not fit into their buffer (MySQL; MariaDB).
    entry(
        &[1799],
        Meaning::Unavailable,
        "more was written while an index was built than it keeps",
        "raise innodb_online_alter_log_max_size, or migrate when less is written",
    ),
    // The algorithm or lock mode that was asked for; too many instant changes of one table (MySQL).
    entry(
        &[1845, 1846, 4092],
        Meaning::WrongSetup,
        "it cannot change a table without blocking writes",
        "run OPTIMIZE TABLE on it in a quiet hour, and `storemgr migrate` again",
    ),
    entry(
        &[1223, 1099, 1100],
        Meaning::Unavailable,
        "its tables are locked",
        "UNLOCK TABLES where FLUSH or LOCK TABLES was said",
    ),
    entry(
        &[3159],
        Meaning::Unavailable,
        "it wants an encrypted connection",
        "end require_secure_transport, or put a proxy with TLS between",
    ),
    // The member of a group is not part of the majority, is recovering, or a plug-in refused.
    entry(
        &[3100, 3099, 3796, 1047, 1749],
        Meaning::Unavailable,
        "its group does not take the change",
        "look at the state of the group's members",
    ),
];

/// The table row of an error number.
pub(super) fn entry_of(code: u16) -> &'static Entry {
    TABLE.iter().find(|entry| entry.codes.contains(&code)).unwrap_or(&UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_and_what_the_operator_must_do_is_said() {
        let mut codes: Vec<_> = TABLE.iter().flat_map(|entry| entry.codes).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count, "a code stands twice");
        for entry in TABLE.iter().chain([&UNKNOWN]) {
            let operators = matches!(
                entry.meaning,
                Meaning::WrongSetup | Meaning::Unavailable | Meaning::TooManyConnections | Meaning::SchemaMissing
            );
            assert!(!operators || !entry.advice.is_empty(), "{}: nothing says what to do", entry.reason);
        }
    }

    #[test]
    fn codes_mean_what_they_mean() {
        for (codes, meaning) in [
            (&[1290, 1836, 1792, 3032, 1114, 1461, 3159, 3100, 1053][..], Meaning::Unavailable),
            (&[4151, 3118, 1820, 1862, 1142, 1049, 1364, 1665], Meaning::WrongSetup),
            (&[1317, 1927, 4031], Meaning::ConnectionLost),
            (&[1969, 3024], Meaning::StatementLimit),
            (&[1213, 1020], Meaning::Conflict),
            (&[1205, 3572], Meaning::RowHeld),
            (&[1264, 1690], Meaning::Data),
            (&[1064], Meaning::Defect),
            (&[1105, 9999, 65_535], Meaning::Unavailable),
        ] {
            for &code in codes {
                assert_eq!(entry_of(code).meaning, meaning, "{code}");
            }
        }
    }
}
