//! The identity of a store, for what instances keep outside the database.

use super::{DbError, Session};

impl Session {
    /// The name of the database, and the instant to the microsecond at which the first migration was applied to it.
    ///
    /// It is read from the database itself, so it is the same for all instances of a store, whatever name they use for the
    /// host and whichever router or replica answers, and it differs between two databases, on one server or on two. A copy
    /// that was restored under the same name has the same identity.
    pub async fn store_identity(&mut self) -> Result<String, DbError> {
        let sql = "SELECT CONCAT(DATABASE(), '@', DATE_FORMAT(applied_at, '%Y%m%dT%H%i%s.%f')) \
                   FROM schema_migrations WHERE version = 1";
        let rows = self.run_rows::<String>(sql).await?;
        rows.into_iter().next().ok_or_else(|| DbError::SchemaMissing("no migration was applied".to_owned()))
    }
}
