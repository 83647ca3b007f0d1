//! The cache: values by key, each call within a time limit.

use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::Address;
use super::breaker::Breaker;
use crate::units;

/// The longest that a request waits for a call. A Redis in the same network answers in well under a millisecond.
pub const TIME_LIMIT: Duration = Duration::from_millis(50);

/// A connection to Redis that tolerates a slow or unreachable server.
pub struct Cache {
    connection: ConnectionManager,
    breaker: Breaker,
}

/// The reason why a call to the cache had no result.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Redis was not called, because the last calls failed.
    #[error("Redis was not asked, because its last calls failed")]
    NotAsked,
    /// The answer did not arrive within the time limit.
    #[error("Redis did not answer within {}", units::duration(*.after))]
    NoAnswer {
        /// The time limit that passed.
        after: Duration,
    },
    /// Redis answered with an error, or the connection failed.
    #[error("Redis failed: {0}")]
    Failed(#[from] redis::RedisError),
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cache").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

impl Cache {
    /// Prepares the connection. It is opened at the first call, so a store can start while Redis is down.
    pub fn open(address: &Address) -> Result<Self, CacheError> {
        let client = redis::Client::open(address.connection_info()?)?;
        // Callers have a time limit of their own, and would wait while the manager reconnects; so it retries only a few
        // times.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(500))
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(TIME_LIMIT));
        let connection = ConnectionManager::new_lazy_with_config(client, config)?;
        Ok(Self { connection, breaker: Breaker::default() })
    }

    /// Reads the value of `key`; `None` if there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError> {
        let mut connection = self.connection.clone();
        self.guarded(async move { connection.get(key).await }).await
    }

    /// Stores a value, which Redis deletes after `keep`.
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
                    tracing::warn!(%error, "the report cache does not answer; reports are computed by the database");
                }
            }
        }
        result
    }
}
