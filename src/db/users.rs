//! The tables of users and of their totals.

use super::{DbError, RowWait, Session};
use crate::domain::{Cents, MAX_USER_TOTAL, NewUser, User, UserId};

impl Session {
    /// Stores a user with empty totals. Runs inside the caller's transaction. An address that is already stored is a
    /// [`DbError::Duplicate`].
    pub async fn insert_user(&mut self, new: &NewUser) -> Result<UserId, DbError> {
        self.change("INSERT INTO users (name, email) VALUES (?, ?)", (new.name(), new.email())).await?;
        let id = self.last_insert_id();
        self.change("INSERT INTO user_totals (user_id) VALUES (?)", (id,)).await?;
        Ok(UserId::new(id))
    }

    /// Reads a user; `None` if there is no such user.
    pub async fn user(&mut self, id: UserId) -> Result<Option<User>, DbError> {
        self.user_of("SELECT id, name, email FROM users WHERE id = ?", id).await
    }

    /// Locks a user and reads the row.
    pub async fn lock_user(&mut self, id: UserId) -> Result<Option<User>, DbError> {
        self.user_of("SELECT id, name, email FROM users WHERE id = ? FOR UPDATE", id).await
    }

    async fn user_of(&mut self, sql: &str, id: UserId) -> Result<Option<User>, DbError> {
        let row = self.row::<(u64, String, String)>(sql, (id.get(),)).await?;
        Ok(row.map(|(id, name, email)| User { id: UserId::new(id), name, email }))
    }

    /// Locks a user's totals and returns the number of the user's orders; `None` if there is no such user.
    pub async fn lock_user_orders(&mut self, id: UserId, wait: RowWait) -> Result<Option<u64>, DbError> {
        let sql = wait.complete("SELECT order_count FROM user_totals WHERE user_id = ? FOR UPDATE");
        self.row(&sql, (id.get(),)).await
    }

    /// Adds an order to a user's totals; false if there is no such user. The error is [`DbError::Data`] if they would
    /// exceed [`MAX_USER_TOTAL`].
    pub async fn add_expense(&mut self, id: UserId, total: Cents) -> Result<bool, DbError> {
        // A negative difference of unsigned numbers is an error, so the total cannot exceed the limit.
        let sql = "UPDATE user_totals SET order_count = order_count + 1, \
                   expense_cents = ? - (? - expense_cents - ?) WHERE user_id = ?";
        let limit = MAX_USER_TOTAL.get();
        Ok(self.change(sql, (limit, limit, total.get(), id.get())).await? == 1)
    }

    /// Subtracts an order from a user's totals.
    pub async fn take_back_expense(&mut self, id: UserId, total: Cents) -> Result<(), DbError> {
        let sql = "UPDATE user_totals SET order_count = order_count - 1, expense_cents = expense_cents - ? \
                   WHERE user_id = ?";
        self.change(sql, (total.get(), id.get())).await?;
        Ok(())
    }

    /// Deletes a user and the totals. Runs inside the caller's transaction, which must hold the lock on the totals.
    pub async fn delete_user(&mut self, id: UserId) -> Result<(), DbError> {
        self.change("DELETE FROM user_totals WHERE user_id = ?", (id.get(),)).await?;
        self.change("DELETE FROM users WHERE id = ?", (id.get(),)).await?;
        Ok(())
    }
}
