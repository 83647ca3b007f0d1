//! Values under keys, each call within a time limit.

use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::Address;
use super::breaker::Breaker;
use crate::units;

/// The most that a call costs its request. A Redis in the same network answers in well under a millisecond.
pub const TIME_LIMIT: Duration = Duration::from_millis(50);

/// A cache that may be slow or away.
pub struct Cache {
    connection: ConnectionManager,
    breaker: Breaker,
}

/// Why the cache gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Not asked, because it failed several times just now.
    #[error("Redis is away and was not asked")]
    NotAsked,
    /// No answer in time.
    #[error("Redis did not answer within {}", units::duration(*.after))]
    NoAnswer {
        /// How long was waited.
        after: Duration,
    },
    /// It refused, or the connection failed.
    #[error("Redis failed: {0}")]
    Failed(#[from] redis::RedisError),
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cache").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

impl Cache {
    /// Prepares the connection; it is made when it is first used, so a store starts without Redis.
    pub fn open(address: &Address) -> Result<Self, CacheError> {
        let client = redis::Client::open(address.connection_info()?)?;
        // The time limit is ours; while the manager reconnects it would make callers wait for it, hence few retries.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(500))
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(TIME_LIMIT));
        let connection = ConnectionManager::new_lazy_with_config(client, config)?;
        Ok(Self { connection, breaker: Breaker::default() })
    }

    /// Reads a value.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError> {
        let mut connection = self.connection.clone();
        self.guarded(async move { connection.get(key).await }).await
    }

    /// Stores a value for a time.
    pub async fn set(&self, key: &str, value: &[u8], keep: Duration) -> Result<(), CacheError> {
        let mut connection = self.connection.clone();
        self.guarded(async move { connection.set_ex(key, value, keep.as_secs().max(1)).await }).await
    }

    async fn guarded<T>(&self, call: impl Future<Output = redis::RedisResult<T>>) -> Result<T, CacheError> {
        if !self.breaker.allows() {
            return Err(CacheError::NotAsked);
        }
        let result = match tokio::time::timeout(TIME_LIMIT, call).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(CacheError::Failed(error)),
            Err(_) => Err(CacheError::NoAnswer { after: TIME_LIMIT }),
        };
        match &result {
            Ok(_) => self.breaker.succeeded(),
            Err(error) => {
                if self.breaker.failed() {
                    tracing::warn!(%error, "the report cache is away; reports come from the database");
                }
            }
        }
        result
    }
}
