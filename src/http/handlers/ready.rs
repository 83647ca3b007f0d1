//! `GET /ready`: whether this instance should receive requests. It is ready if the database can be read and would
//! accept writes, the schema is current, the writer of orders runs, and the store is not draining. The check writes
//! nothing.

use std::time::Duration;

use hyper::Response;
use tokio::time::Instant;

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::payload::Payload;
use super::super::{Store, reply};
use crate::db::SchemaState;
use crate::wire::Code;

/// The longest wait for the database's answer: shorter than the time-out of any balancer.
const PROBE_LIMIT: Duration = Duration::from_millis(900);

/// The interval at which an instance looks by itself, for its metric. Nothing else may ask it.
const LOOK: Duration = Duration::from_secs(5);

pub(in crate::http) async fn handle(store: &Store, call: &Call) -> Result<Response<Payload>, ApiError> {
    look(store, call.deadline).await.map(|()| reply::health())
}

/// Keeps the metric current and never returns.
pub(in crate::http) async fn keep_looking(store: &Store) {
    loop {
        // The metric says it, and whoever asks is told why.
        drop(look(store, Instant::now() + PROBE_LIMIT).await);
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(store: &Store, deadline: Instant) -> Result<(), ApiError> {
    let ready = check(store, deadline).await;
    store.metrics.ready.set(i64::from(ready.is_ok()));
    ready
}

async fn check(store: &Store, deadline: Instant) -> Result<(), ApiError> {
    let not_ready = |sentence: String| Err(ApiError::new(Code::NotReady, sentence));
    if store.is_draining() {
        return not_ready("this instance is shutting down".to_owned());
    }
    if store.orders.is_stuck() {
        return not_ready("the thread that writes orders does not go on: restart this instance".to_owned());
    }
    let health = store.database.health(deadline.min(Instant::now() + PROBE_LIMIT)).await?;
    store.metrics.db_max_connections.set(i64::try_from(health.max_connections).unwrap_or(i64::MAX));
    match (health.schema, health.obstacle) {
        (SchemaState::Current { .. }, None) => Ok(()),
        (SchemaState::Current { .. }, Some(obstacle)) => {
            let sentence = format!("the database does not take writes of this instance: {obstacle}");
            Err(ApiError::new(Code::DatabaseUnavailable, sentence))
        }
        (SchemaState::Behind { version, needed }, _) => not_ready(format!(
            "the database schema is at version {version} and {needed} is needed: run `storemgr migrate`"
        )),
        (SchemaState::Changed { version }, _) => {
            not_ready(format!("migration {version} of the database is not the one this program knows"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hyper::HeaderMap;

    use super::*;
    use crate::catalog::Catalog;
    use crate::db::{Address, Config, ConnectionMode, Database, Servers};
    use crate::domain::{NewOrder, ProductId, UserId};
    use crate::metrics::Metrics;
    use crate::orders::{Orders, QueueLimits};
    use crate::read_models::{self, Reports, Source};
    use crate::units::Secret;

    /// A store without a database, whose committer stands still.
    fn store_that_stands_still() -> Store {
        let metrics = Metrics::new().unwrap();
        let limit = Duration::from_secs(5);
        let (name, user) = ("none".to_owned(), "nobody".to_owned());
        let address = Address {
            servers: Servers::one("127.0.0.1", 1),
            tls: None,
            name,
            user,
            password: Secret::new(String::new()),
        };
        let connections = ConnectionMode::Pool { size: 2, for_writer: 1, wait: limit };
        let config = Config { address, connections, statement_timeout: limit, lock_wait_timeout: limit };
        let database = Arc::new(Database::open(&config, &metrics).unwrap());
        let limits = QueueLimits { orders: 9, wait: limit, batch_orders: 9, batch_lines: 9 };
        let orders = Arc::new(Orders::without_committer(Arc::clone(&database), limits, &metrics));
        let config = read_models::Config { source: Source::ReadModel, time_to_live: limit, compute_limit: limit };
        let reports = Reports::new(&database, None, config, &metrics);
        Store::new(orders, Catalog::new(Arc::clone(&database)), reports, database, metrics)
    }

    async fn code(store: &Store) -> Code {
        let deadline = Instant::now() + Duration::from_secs(10);
        let call = Call::with_headers(HeaderMap::default(), deadline);
        handle(store, &call).await.unwrap_err().code
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_whose_committer_stands_still_is_not_ready() {
        let store = Arc::new(store_that_stands_still());
        assert_eq!(code(&store).await, Code::DatabaseUnavailable, "no order waits");
        let order = NewOrder::new(UserId::new(1), &[(ProductId::new(1), 1)]).unwrap();
        let (orders, deadline) = (Arc::clone(&store.orders), Instant::now() + Duration::from_secs(10));
        let placing = tokio::spawn(async move { orders.place(order, None, deadline).await });
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(code(&store).await, Code::DatabaseUnavailable, "a committer may wait for the database so long");
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(code(&store).await, Code::NotReady);
        placing.abort();
    }
}
