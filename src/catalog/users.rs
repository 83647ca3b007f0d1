//! Users.

use tokio::time::Instant;

use super::{Catalog, CatalogError, unique};
use crate::db::{DbError, Effect};
use crate::domain::{NewUser, User, UserId};

impl Catalog {
    /// Stores a user.
    pub async fn add_user(&self, new: &NewUser, deadline: Instant) -> Result<UserId, CatalogError> {
        let mut session = self.database.session(deadline).await?;
        session.begin().await?;
        let added = session.insert_user(new).await.map_err(unique);
        let added = added.map(|id| (id, Some(Effect::UserAdded(id, new.clone()))));
        self.finish(session, added).await
    }

    /// Reads a user.
    pub async fn user(&self, id: UserId, deadline: Instant) -> Result<Option<User>, DbError> {
        self.database.session(deadline).await?.user(id).await
    }

    /// Deletes a user; false if there is no such user.
    pub async fn delete_user(&self, id: UserId, deadline: Instant) -> Result<bool, CatalogError> {
        let mut session = self.database.session(deadline).await?;
        session.begin().await?;
        let deleted = async {
            match session.lock_user_orders(id).await? {
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
