//! Version, limits and clock of the database server.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{DbError, Session};

/// Version and limits as the server reports them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Version, e.g. `9.7.1` or `10.11.19-MariaDB-0+deb12u1`.
    pub version: String,
    /// Largest number of connections it accepts.
    pub max_connections: u64,
}

impl ServerFacts {
    /// Whether it is MariaDB; otherwise it is MySQL.
    pub fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }

    /// Major and minor version; `(0, 0)` if the text has none.
    pub fn release(&self) -> (u32, u32) {
        // Replication-compatible MariaDB servers put "5.5.5-" before their own version.
        let text = self.version.strip_prefix("5.5.5-").unwrap_or(&self.version);
        let mut parts = text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    /// Whether it is MySQL 8.4 or newer, or MariaDB 10.11 or newer: the versions that the SQL is written for and tested
    /// on.
    pub fn is_supported(&self) -> bool {
        self.release() >= if self.is_mariadb() { (10, 11) } else { (8, 4) }
    }
}

impl Session {
    /// Current time of the server's clock.
    pub async fn server_clock(&mut self) -> Result<SystemTime, DbError> {
        let sql = "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000 AS UNSIGNED)";
        let rows = self.run_rows::<u64>(sql).await?;
        let since_ms = rows.into_iter().next().ok_or_else(|| DbError::Unexpected("no time".to_owned()))?;
        Ok(UNIX_EPOCH + Duration::from_millis(since_ms))
    }

    /// Reads version and limits from the server.
    pub async fn server_facts(&mut self) -> Result<ServerFacts, DbError> {
        let rows = self.run_rows::<(String, u64)>("SELECT VERSION(), @@max_connections").await?;
        let (version, max_connections) =
            rows.into_iter().next().ok_or_else(|| DbError::Unexpected("no version".to_owned()))?;
        Ok(ServerFacts { version, max_connections })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        let facts = |version: &str| ServerFacts { version: version.to_owned(), max_connections: 151 };
        for (version, release, supported) in [
            ("9.7.1", (9, 7), true),
            ("8.4.0-commercial", (8, 4), true),
            ("8.0.43", (8, 0), false),
            ("10.11.19-MariaDB-0+deb12u1", (10, 11), true),
            ("5.5.5-11.4.2-MariaDB", (11, 4), true),
            ("10.6.18-MariaDB", (10, 6), false),
        ] {
            assert_eq!(facts(version).release(), release, "{version}");
            assert_eq!(facts(version).is_supported(), supported, "{version}");
        }
    }
}
