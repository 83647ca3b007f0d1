//! Requests about the Redis server itself: its version, limits and keys.

use std::time::Duration;

use super::{Address, CacheError, link};

/// Facts from the answer to `INFO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// The version, such as `7.0.15`.
    pub version: String,
    /// The limit on its memory (`maxmemory`), in bytes; 0 for no limit.
    pub max_memory: u64,
    /// The policy for a full memory (`maxmemory_policy`), such as `allkeys-lru`.
    pub eviction_policy: String,
    /// The number of keys it has evicted since it started, because its memory was full.
    pub evicted_keys: u64,
}

/// Asks a server for its facts, on a new connection, within `limit` in all.
pub async fn server_facts(address: &Address, limit: Duration) -> Result<ServerFacts, CacheError> {
    let ask = async {
        let client = link::client(address).await?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("INFO").query_async::<String>(&mut connection).await
    };
    let info = tokio::time::timeout(limit, ask).await.map_err(|_| CacheError::NoAnswer { after: limit })??;
    Ok(facts(&info))
}

/// Deletes every key in the database of `address`, on a new connection, within `limit` in all.
pub async fn clear(address: &Address, limit: Duration) -> Result<(), CacheError> {
    let clear = async {
        let client = link::client(address).await?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("FLUSHDB").query_async::<()>(&mut connection).await
    };
    Ok(tokio::time::timeout(limit, clear).await.map_err(|_| CacheError::NoAnswer { after: limit })??)
}

/// Counts the keys that do not begin with `ours`. It examines about `most` keys at most, on a new connection, within
/// `limit` in all.
pub async fn other_keys(address: &Address, ours: &str, most: usize, limit: Duration) -> Result<usize, CacheError> {
    let count = async {
        let client = link::client(address).await?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let (mut cursor, mut seen, mut others) = (0_u64, 0, 0);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("COUNT").arg(1000);
            let (next, keys): (u64, Vec<Vec<u8>>) = scan.query_async(&mut connection).await?;
            seen += keys.len();
            others += keys.iter().filter(|key| !key.starts_with(ours.as_bytes())).count();
            cursor = next;
            if cursor == 0 || seen >= most {
                return Ok::<_, redis::RedisError>(others);
            }
        }
    };
    let counted = tokio::time::timeout(limit, count).await.map_err(|_| CacheError::NoAnswer { after: limit })?;
    Ok(counted?)
}

fn facts(info: &str) -> ServerFacts {
    let field = |name: &str| {
        let values = info.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.map(str::trim).next().unwrap_or_default().to_owned()
    };
    ServerFacts {
        version: field("redis_version"),
        max_memory: field("maxmemory").parse().unwrap_or(0),
        eviction_policy: field("maxmemory_policy"),
        evicted_keys: field("evicted_keys").parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_by_their_whole_names() {
        let info = "# Server\r\nredis_version:7.0.15\r\nmaxmemory_human:64M\r\nmaxmemory:67108864\r\nmaxmemory_policy:allkeys-lru\r\nevicted_keys:7\r\n";
        let expected = ServerFacts {
            version: "7.0.15".to_owned(),
            max_memory: 64 << 20,
            eviction_policy: "allkeys-lru".to_owned(),
            evicted_keys: 7,
        };
        assert_eq!(facts(info), expected);
    }
}
