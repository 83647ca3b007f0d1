//! Blocks of numbers that an instance reserves for itself.

use super::{DbError, Session};

impl Session {
    /// Reserves `count` order numbers; gives the first. Numbers of a block that is not used up are lost, which is fine:
    /// they only have to be unique.
    pub async fn reserve_order_ids(&mut self, count: u64) -> Result<u64, DbError> {
        // LAST_INSERT_ID(expression) keeps the value for this connection alone: no read, no race.
        let sql = "UPDATE id_blocks SET next_id = LAST_INSERT_ID(next_id) + ? WHERE name = 'orders'";
        if self.change(sql, (count,)).await? != 1 {
            return Err(DbError::Unexpected("id_blocks has no row for orders".to_owned()));
        }
        Ok(self.last_insert_id())
    }
}
