//! Clients that order, repeat and cancel at a changing set of instances, with a ledger.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::super::ledger::Ledger;
use super::super::{order, shop_in};
use crate::harness::{Instance, TestDatabase};

/// So many clients, each with one request at a time.
const CLIENTS: usize = 6;

/// Pieces of each product.
const STOCK: u64 = 50_000_000;

/// A store in which every client has a user and two products of its own, so that no two wait for each other's rows: what
/// delays an order is then the change of versions.
#[derive(Debug)]
pub struct Shop {
    pub database: TestDatabase,
    products: Vec<u64>,
    users: Vec<u64>,
}

impl Shop {
    /// Adds products and users to a store.
    pub async fn open(database: TestDatabase) -> Self {
        let (database, mut products, mut users) = shop_in(database, &[STOCK; CLIENTS]).await;
        let (database, more_products, more_users) = shop_in(database, &[STOCK; CLIENTS]).await;
        products.extend(more_products);
        users.extend(more_users);
        Self { database, products, users }
    }

    /// Holds the ledger against the database; orders up to a number were there before.
    pub async fn audit(&self, ledger: &Ledger, history: u64) {
        let given: Vec<_> = self.products.iter().map(|product| (*product, STOCK)).collect();
        self.database.settled().await;
        ledger.audit_after(history, &self.database, &given).await;
    }
}

/// What the clients share.
#[derive(Debug, Default)]
struct Shared {
    instances: RwLock<Vec<Arc<Instance>>>,
    ledger: Ledger,
    stopped: AtomicBool,
    /// Orders that were refused or not answered.
    failed: AtomicUsize,
    repeated: AtomicUsize,
    /// The longest order since the last look, in microseconds.
    longest_us: AtomicU64,
}

/// Clients at work.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts the clients of a store.
    pub fn start(instances: Vec<Arc<Instance>>, shop: &Shop) -> Self {
        let shared = Arc::new(Shared { instances: RwLock::new(instances), ..Shared::default() });
        let clients = (0..CLIENTS).map(|client| {
            let body = order(shop.users[client], &[(shop.products[client], 1), (shop.products[CLIENTS + client], 2)]);
            tokio::spawn(work(Arc::clone(&shared), client, body))
        });
        Self { clients: clients.collect(), shared }
    }

    /// From now on uses these instances, and returns when no client uses another one.
    pub async fn use_only(&self, instances: Vec<Arc<Instance>>) {
        let before = std::mem::replace(&mut *self.shared.instances.write().unwrap(), instances.clone());
        for instance in before {
            let kept = instances.iter().any(|other| Arc::ptr_eq(other, &instance));
            while !kept && Arc::strong_count(&instance) > 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Orders accepted until now.
    pub fn accepted(&self) -> usize {
        self.shared.ledger.accepted()
    }

    /// The longest that an order took since this was asked last.
    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.shared.longest_us.swap(0, Ordering::Relaxed))
    }

    /// Orders that were refused or not answered until now.
    pub fn failed(&self) -> usize {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// Repeated orders until now; each got the answer of the first time.
    pub fn repeated(&self) -> usize {
        self.shared.repeated.load(Ordering::Relaxed)
    }

    /// Stops the clients, and returns what they were told.
    pub async fn stop(self) -> Ledger {
        self.shared.stopped.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
        Arc::into_inner(self.shared).unwrap().ledger
    }
}

async fn work(shared: Arc<Shared>, client: usize, body: serde_json::Value) {
    for number in 0_usize.. {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let instance = pick(&shared, client + number);
        let key = format!("{client}-{number}");
        let begun = Instant::now();
        let placed = shared.ledger.order(&instance, &key, &body).await;
        shared.longest_us.fetch_max(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
        drop(instance);
        let Some(id) = placed else {
            shared.failed.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        if number % 4 == 0 {
            // Mostly another instance, perhaps of another version.
            let again = shared.ledger.order(&pick(&shared, client + number + 1), &key, &body).await;
            assert!(again.is_none_or(|again| again == id), "{key} became order {id}, and again {again:?}");
            shared.repeated.fetch_add(usize::from(again.is_some()), Ordering::Relaxed);
        }
        if number % 5 == 0 {
            shared.ledger.try_delete(&pick(&shared, client + number + 1), id).await;
        }
        // The database keeps time for the migration, as in a store that is not at its limit.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn pick(shared: &Shared, number: usize) -> Arc<Instance> {
    let instances = shared.instances.read().unwrap();
    Arc::clone(&instances[number % instances.len()])
}
