//! Creating, reading and deleting users.

use tokio::time::Instant;

use super::{Catalog, CatalogError, unique};
use crate::db::{DbError, Effect, RowId, RowWait};
use crate::domain::{NewUser, User, UserId};

impl Catalog {
    /// Stores a user; an address that another user has is an error.
    pub async fn add_user(&self, new: &NewUser, deadline: Instant) -> Result<UserId, CatalogError> {
        let mut session = self.database.locking_session(deadline).await?;
        session.begin().await?;
        let added = session.insert_user(new).await.map_err(unique);
        let added = added.map(|id| (id, Some(Effect::UserAdded(id, new.clone()))));
        self.finish(session, added).await
    }

    /// Reads a user; `None` if there is no such user.
    pub async fn user(&self, id: UserId, deadline: Instant) -> Result<Option<User>, DbError> {
        self.database.session(deadline).await?.user(id).await
    }

    /// Deletes a user; false if there is no such user.
    pub async fn delete_user(&self, id: UserId, deadline: Instant) -> Result<bool, CatalogError> {
        let rows = [RowId::User(id)];
        let mut locking = self.database.row_locking(deadline, &rows)?;
        loop {
            match self.try_delete_user(id, locking.wait(), deadline).await {
                Err(CatalogError::Database(DbError::LockTimeout)) => locking.wait_for(rows.to_vec()).await?,
                ended => {
                    locking.had(&rows);
                    return ended;
                }
            }
        }
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
