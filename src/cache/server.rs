//! Facts about the Redis server itself.

use std::time::Duration;

use super::{Address, CacheError};

/// What Redis says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its version.
    pub version: String,
    /// The most memory it may use, bytes; 0 for no bound.
    pub max_memory: u64,
    /// What it does when that memory is used up, e.g. `allkeys-lru`.
    pub eviction_policy: String,
}

/// Asks a server about itself, on a connection of its own, within `limit`.
pub async fn server_facts(address: &Address, limit: Duration) -> Result<ServerFacts, CacheError> {
    let ask = async {
        let client = redis::Client::open(address.connection_info()?)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("INFO").query_async::<String>(&mut connection).await
    };
    let info = tokio::time::timeout(limit, ask).await.map_err(|_| CacheError::NoAnswer { after: limit })??;
    Ok(facts(&info))
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_by_their_whole_names() {
        let info = "# Server\r\nredis_version:7.0.15\r\nmaxmemory_human:64M\r\nmaxmemory:67108864\r\nmaxmemory_policy:allkeys-lru\r\n";
        let expected = ServerFacts {
            version: "7.0.15".to_owned(),
            max_memory: 64 << 20,
            eviction_policy: "allkeys-lru".to_owned(),
        };
        assert_eq!(facts(info), expected);
    }
}
