//! Reading and deleting users.

use tokio::time::Instant;

use super::{Catalog, CatalogError};
use crate::db::{DbError, Effect, RowId, RowWait};
use crate::domain::{User, UserId};

impl Catalog {
    /// Reads a user; `None` if there is no such user.
    pub async fn user(&self, id: UserId, deadline: Instant) -> Result<Option<User>, DbError> {
        self.database.session(deadline).await?.user(id).await
    }

    /// Deletes a user; false if there is no such user.
    pub async fn delete_user(&self, id: UserId, deadline: Instant) -> Result<bool, CatalogError> {
        self.locking_rows(&[RowId::User(id)], deadline, |wait| self.try_delete_user(id, wait, deadline)).await
    }

    async fn try_delete_user(&self, id: UserId, wait: RowWait, deadline: Instant) -> Result<bool, CatalogError> {
        let mut session = self.database.locking_session(deadline).await?;
        session.begin().await?;
        let deleted = async {
            match session.lock_user_orders(id, wait).await? {
                None => Ok((false, None)),
                Some(0) => {
                    session.delete_user(id).await?;
                    Ok((true, Some(Effect::UserDeleted(id))))
                }
                Some(_) => Err(CatalogError::UserInUse),
            }
        };
        let deleted = deleted.await;
        self.finish(session, deleted).await
    }
}
