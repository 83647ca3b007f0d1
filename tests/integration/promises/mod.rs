//! What the store promises, tested with concurrency, with clients that hang up, and with services that are killed.

/// More than the store can do, and orders that keep others waiting.
mod admission;
/// Products, users and stock under concurrency and faults.
mod catalog;
/// A COMMIT that is not answered with OK.
mod commits;
/// Many writers, few products: what is sold is what was there.
mod concurrency;
/// What the database answers when it does not do its work.
mod database_errors;
/// The database breaks, freezes, goes away and comes back.
mod database_faults;
/// Rows and tables that somebody holds, sessions that stand still.
mod held_rows;
/// The same key, many times, on two instances, after a crash.
mod idempotency;
/// Killed, terminated, hung up on.
mod interruption;
/// An independent account of what was answered, held against the database.
pub mod ledger;
/// Tables that somebody locks or changes.
mod locked_tables;
/// The schema under concurrent, changed and half-applied migrations.
mod migrations;
/// The collapse of the original, in small.
mod per_request;
/// Anything that can happen between an instance and its database, at random.
mod random_faults;
/// Numbers at the end of their range.
mod ranges;
/// Redis killed, frozen, absent, shared.
mod redis_faults;
/// Real servers that are set not to do their work.
mod refusing_servers;
/// What sessions rely on, whatever a server sets by default.
mod sessions;
/// A list of servers, of which one takes writes.
mod several_servers;
/// From one version to the next, and back.
mod versions;

use serde_json::{Value, json};

use crate::harness::{Instance, TestDatabase};

/// Every writer; every promise holds for each.
const WRITERS: [&str; 3] = ["per-item", "batched", "group-commit"];

/// An order of one user for products and quantities.
fn order(user: u64, items: &[(u64, u64)]) -> Value {
    let items: Vec<_> = items.iter().map(|(id, quantity)| json!({"product_id": id, "quantity": quantity})).collect();
    json!({"user_id": user, "items": items})
}

/// A database with products of the given stocks (each at 2.50) and some users; gives their numbers.
async fn shop(stocks: &[u64]) -> (TestDatabase, Vec<u64>, Vec<u64>) {
    shop_in(TestDatabase::migrated().await, stocks).await
}

/// The same in a database that is there.
async fn shop_in(database: TestDatabase, stocks: &[u64]) -> (TestDatabase, Vec<u64>, Vec<u64>) {
    let instance = Instance::start(&database, &[]).await;
    let mut products = Vec::new();
    for &stock in stocks {
        products.push(instance.product(2.50, stock).await);
    }
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(instance.user().await);
    }
    (database, products, users)
}
