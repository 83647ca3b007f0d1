//! Looks products up together: what one level of a query asks for is one statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::Store;
use crate::db::DbError;
use crate::domain::{ProductId, StockLevel};

/// The text that stands for a failure of the database in a response that nobody sees: the whole request fails.
const FAILED: &str = "the database failed";

/// A product that is asked for, and where its answer goes.
type Asked = (ProductId, oneshot::Sender<Option<StockLevel>>);

/// Looks up products with their stock, for one request.
#[derive(Debug)]
pub(super) struct Levels {
    store: Arc<Store>,
    deadline: Instant,
    asked: Mutex<Vec<Asked>>,
    /// The first failure of the database, which the response of the library does not show.
    failure: Arc<Mutex<Option<DbError>>>,
}

impl Levels {
    pub(super) fn new(store: Arc<Store>, deadline: Instant, failure: Arc<Mutex<Option<DbError>>>) -> Self {
        Self { store, deadline, asked: Mutex::default(), failure }
    }

    /// The product with this number, looked up together with all others that the level asks for.
    pub(super) async fn one(&self, id: ProductId) -> Result<Option<StockLevel>, &'static str> {
        let (sender, answer) = oneshot::channel();
        let is_first = {
            let mut asked = locked(&self.asked);
            asked.push((id, sender));
            asked.len() == 1
        };
        if is_first {
            // The fields of a level run side by side: in this moment each of them asks.
            tokio::task::yield_now().await;
            let asked = std::mem::take(&mut *locked(&self.asked));
            self.look_up(asked).await?;
        }
        answer.await.map_err(|_| FAILED)
    }

    async fn look_up(&self, asked: Vec<Asked>) -> Result<(), &'static str> {
        let mut ids: Vec<_> = asked.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let levels = self.store.catalog.stock_levels_of(&ids, self.deadline).await;
        let levels = levels.map_err(|error| self.keep(error))?;
        let levels: HashMap<_, _> = levels.into_iter().map(|level| (level.product.id, level)).collect();
        for (id, sender) in asked {
            // Who asked may be gone.
            drop(sender.send(levels.get(&id).cloned()));
        }
        Ok(())
    }

    /// A page of products with their stock.
    pub(super) async fn after(&self, after: u64, limit: u32) -> Result<Vec<StockLevel>, &'static str> {
        let levels = self.store.catalog.stock_levels_after(after, limit, self.deadline).await;
        levels.map_err(|error| self.keep(error))
    }

    fn keep(&self, error: DbError) -> &'static str {
        locked(&self.failure).get_or_insert(error);
        FAILED
    }
}

/// What is kept is consistent after every statement, so a panic elsewhere leaves it usable.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
