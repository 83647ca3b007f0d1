//! The rights of the account, as the server lists them.

use super::{DbError, Session};

impl Session {
    /// The statements that would give the account its rights, such as ``GRANT SELECT ON `store`.* TO `store`@`%` ``.
    pub async fn grants(&mut self) -> Result<Vec<String>, DbError> {
        self.run_rows("SHOW GRANTS").await
    }
}
