//! The cache: values by key, each call within a time limit.

use std::time::Duration;

use super::Address;
use super::breaker::Breaker;
use super::link::Link;
use crate::units;

/// The longest that a request waits for a call. A Redis in the same network answers in well under a millisecond.
pub const TIME_LIMIT: Duration = Duration::from_millis(50);

/// A connection to Redis that tolerates a slow or unreachable server.
pub struct Cache {
    link: Link,
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

impl CacheError {
    /// Whether the account (ACL) has no right to the command or the key.
    pub fn is_forbidden(&self) -> bool {
        let forbidden = redis::ErrorKind::Server(redis::ServerErrorKind::NoPerm);
        matches!(self, Self::Failed(error) if error.kind() == forbidden)
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cache").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

impl Cache {
    /// Prepares the connection. It is opened at the first call, so a store can start while Redis is down.
    pub fn open(address: &Address) -> Result<Self, CacheError> {
        Ok(Self { link: Link::open(address, TIME_LIMIT)?, breaker: Breaker::default() })
    }

    /// Reads the value of `key`; `None` if there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError> {
        self.guarded(self.link.ask(&redis::Cmd::get(key))).await
    }

    /// Stores a value, which Redis deletes after `keep`.
    pub async fn set(&self, key: &str, value: &[u8], keep: Duration) -> Result<(), CacheError> {
        self.guarded(self.link.ask(&redis::Cmd::set_ex(key, value, keep.as_secs().max(1)))).await
    }

    async fn guarded<T>(&self, call: impl Future<Output = redis::RedisResult<T>>) -> Result<T, CacheError> {
        if !self.breaker.allows() {
            return Err(CacheError::NotAsked);
        }
        let result = match tokio::time::timeout(TIME_LIMIT, call).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(CacheError::Failed(error)),
            Err(_) => {
                self.link.timed_out();
                Err(CacheError::NoAnswer { after: TIME_LIMIT })
            }
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
