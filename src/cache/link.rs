//! Connections to the Redis that holds the cache: to a named server, or to the master that Sentinels name.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select_ok;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisError, ServerErrorKind,
};

use super::{Address, Place};
use crate::units::Secret;

/// The longest time to make a connection, with all that the Sentinels are asked.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// A client of the server, or of the master that the Sentinels name at this moment.
pub(super) async fn client(address: &Address) -> Result<Client, RedisError> {
    match &address.place {
        Place::Server { host, port } => client_of(address, host, *port),
        Place::Sentinels { .. } => {
            let mut sentinels = sentinel_clients(address)?;
            first_of(sentinels.iter_mut().map(SentinelClient::async_get_client)).await
        }
    }
}

/// The first answer that is no error; without one, the last error. All are asked at the same time: one that stands still or is
/// cut off says nothing for a long time, and the others know the master.
async fn first_of<T>(
    asked: impl Iterator<Item = impl Future<Output = Result<T, RedisError>>>,
) -> Result<T, RedisError> {
    select_ok(asked.map(Box::pin)).await.map(|(answer, _others)| answer)
}

fn client_of(address: &Address, host: &str, port: u16) -> Result<Client, RedisError> {
    let place = address.of_host(host, port).into_connection_info()?.set_redis_settings(address.settings());
    match address.certificates()? {
        None => Client::open(place),
        Some(certificates) => Client::build_with_tls(place, certificates),
    }
}

/// A client for each Sentinel; an error if there is none.
fn sentinel_clients(address: &Address) -> Result<Vec<SentinelClient>, RedisError> {
    let (sentinels, name, password) = match &address.place {
        Place::Sentinels { sentinels, name, password } if !sentinels.is_empty() => (sentinels, name, password),
        _ => return Err((ErrorKind::InvalidClientConfig, "no Sentinels are named").into()),
    };
    let client =
        |(host, port): &(String, u16)| sentinel_client(address, address.of_host(host, *port), name, password.as_ref());
    sentinels.iter().map(client).collect()
}

fn sentinel_client(
    address: &Address,
    sentinel: ConnectionAddr,
    name: &str,
    password: Option<&Secret>,
) -> Result<SentinelClient, RedisError> {
    let mut builder = SentinelClientBuilder::new([sentinel], name, SentinelServerType::Master)?
        .set_client_to_redis_db(i64::from(address.database));
    if let Some(user) = &address.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &address.password {
        builder = builder.set_client_to_redis_password(password.reveal());
    }
    if let Some(password) = password {
        builder = builder.set_client_to_sentinel_password(password.reveal());
    }
    if let Some(certificates) = address.certificates()? {
        let mode = if address.tls.as_ref().is_some_and(|tls| tls.insecure) {
            redis::TlsMode::Insecure
        } else {
            redis::TlsMode::Secure
        };
        builder = builder
            .set_client_to_redis_tls_mode(mode)
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates);
    }
    builder.build()
}

/// The connection that all calls share. It is opened at the first call, so a store can start while Redis is down.
#[derive(Clone)]
pub(super) enum Link {
    /// The driver connects again by itself.
    Server(ConnectionManager),
    /// The master is asked for again when it fails.
    Master(Arc<Master>),
}

/// The master of the moment.
pub(super) struct Master {
    sentinels: tokio::sync::Mutex<Vec<SentinelClient>>,
    current: Mutex<Option<MultiplexedConnection>>,
    searching: AtomicBool,
    answer_limit: Duration,
}

impl Link {
    /// Prepares the connection; an answer may take so long.
    pub(super) fn open(address: &Address, answer_limit: Duration) -> Result<Self, RedisError> {
        let Place::Server { host, port } = &address.place else {
            return Ok(Self::Master(Arc::new(Master {
                sentinels: tokio::sync::Mutex::new(sentinel_clients(address)?),
                current: Mutex::default(),
                searching: AtomicBool::new(false),
                answer_limit,
            })));
        };
        // Callers have a time limit of their own, and would wait while the manager reconnects; so it retries only a few
        // times.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(500))
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(answer_limit));
        let client = client_of(address, host, *port)?;
        Ok(Self::Server(ConnectionManager::new_lazy_with_config(client, config)?))
    }

    /// Sends a command.
    pub(super) async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, RedisError> {
        match self {
            Self::Server(manager) => command.query_async(&mut manager.clone()).await,
            Self::Master(master) => master.ask(command).await,
        }
    }

    /// A call had no answer in time: the master may be another one now.
    pub(super) fn timed_out(&self) {
        if let Self::Master(master) = self {
            master.leave();
        }
    }
}

impl Master {
    async fn ask<T: redis::FromRedisValue>(self: &Arc<Self>, command: &redis::Cmd) -> Result<T, RedisError> {
        let Some(mut connection) = self.current().clone() else {
            self.search();
            return Err(RedisError::from((ErrorKind::Io, "the master is looked for")));
        };
        let answer = command.query_async(&mut connection).await;
        if let Err(error) = &answer
            && may_be_elsewhere(error)
        {
            self.leave();
        }
        answer
    }

    fn leave(self: &Arc<Self>) {
        *self.current() = None;
        self.search();
    }

    /// Asks the Sentinels for the master, in the background: no request waits for it. One search runs at a time.
    fn search(self: &Arc<Self>) {
        if self.searching.swap(true, Ordering::SeqCst) {
            return;
        }
        let master = Arc::clone(self);
        tokio::spawn(async move {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT_LIMIT))
                .set_response_timeout(Some(master.answer_limit));
            let found = async {
                let mut sentinels = master.sentinels.lock().await;
                first_of(sentinels.iter_mut().map(|client| client.get_async_connection_with_config(&config))).await
            };
            if let Ok(Ok(connection)) = tokio::time::timeout(CONNECT_LIMIT, found).await {
                *master.current() = Some(connection);
            }
            master.searching.store(false, Ordering::SeqCst);
        });
    }

    /// No code that holds the lock can panic in the middle of a change.
    fn current(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether another server may be the master: this one broke off, or says that it is a replica.
fn may_be_elsewhere(error: &RedisError) -> bool {
    let replica = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown, ServerErrorKind::BusyLoading];
    let says = |kind: &ServerErrorKind| error.kind() == ErrorKind::Server(*kind);
    error.is_io_error() || error.is_timeout() || error.is_connection_dropped() || replica.iter().any(says)
}
