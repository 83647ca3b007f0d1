//! Blocks of order numbers that an instance reserves for itself.

use super::{DbError, Session};

/// Error text for a missing row of orders. The row is not created again automatically, because numbers would be used
/// twice.
pub(super) const NO_ROW: &str = "id_blocks has no row for orders";
pub(super) const NO_ROW_ADVICE: &str =
    "restore id_blocks, or insert ('orders', a number above every order there ever was)";

impl Session {
    /// Reserves `count` order numbers and returns the first. Numbers that are not used are lost, which does no harm:
    /// they only have to be unique.
    pub async fn reserve_order_ids(&mut self, count: u64) -> Result<u64, DbError> {
        // LAST_INSERT_ID(expression) keeps the value per connection, so no second read and no race.
        let sql = "UPDATE id_blocks SET next_id = LAST_INSERT_ID(next_id) + ? WHERE name = 'orders'";
        if self.change(sql, (count,)).await? != 1 {
            return Err(DbError::wrong_setup(NO_ROW, NO_ROW_ADVICE));
        }
        Ok(self.last_insert_id())
    }
}
