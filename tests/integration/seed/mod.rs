//! `storemgr seed`: the rows that it writes, what it refuses, and the state after an interruption.

mod refusals;
mod rows;
mod stops;

use std::process::{Output, Stdio};

use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::harness::TestDatabase;

/// The fingerprint of 300 products, 40 users, a stock of 7, 10,000 orders and seed 5. It is the same on every database and
/// must never change, because then every seeded store would change.
const KNOWN_CONTENT: &str = "3f8986ce406fe5b6";

type Variables = Vec<(&'static str, String)>;

fn command(variables: &Variables, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storemgr"));
    // The configuration of this machine must not affect a test.
    command.env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.envs(variables.iter().map(|(name, value)| (name, value))).arg("seed").args(arguments);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn seed_with(variables: &Variables, arguments: &[&str]) -> Output {
    command(variables, arguments).output().await.unwrap()
}

async fn seed(database: &TestDatabase, arguments: &[&str]) -> Output {
    seed_with(&database.variables(), arguments).await
}

/// Seeds the database and checks that it succeeds. Returns the standard output.
async fn seeded(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = seed(database, arguments).await;
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Queries for the tables that a seed fills, with one text per row, in the order of the key.
const TABLES: [(&str, &str); 6] = [
    ("products", "SELECT CONCAT_WS('|', id, name, sku, price_cents) FROM products ORDER BY id"),
    ("stocks", "SELECT CONCAT_WS('|', product_id, quantity, quantity_sold) FROM stocks ORDER BY product_id"),
    ("users", "SELECT CONCAT_WS('|', id, name, email) FROM users ORDER BY id"),
    ("user_totals", "SELECT CONCAT_WS('|', user_id, order_count, expense_cents) FROM user_totals ORDER BY user_id"),
    ("orders", "SELECT CONCAT_WS('|', id, user_id, total_cents, CAST(created_at AS CHAR)) FROM orders ORDER BY id"),
    (
        "order_items",
        "SELECT CONCAT_WS('|', order_id, product_id, quantity, unit_price_cents) FROM order_items \
         ORDER BY order_id, product_id",
    ),
];

/// A fingerprint of the whole content of the store.
async fn content(database: &TestDatabase) -> String {
    let mut hash = Sha256::new();
    for (table, sql) in TABLES {
        hash.update(format!("{table}\n"));
        for row in database.query::<String>(sql).await {
            hash.update(format!("{row}\n"));
        }
    }
    hex::encode(&hash.finalize()[..8])
}

/// The number of rows in each table that disagree with the order lines.
async fn disagreements(database: &TestDatabase) -> Vec<(&'static str, u64)> {
    let questions = [
        (
            "orders whose total is not the sum of their lines",
            "SELECT COUNT(*) FROM orders o LEFT JOIN (SELECT order_id, SUM(quantity * unit_price_cents) AS total \
             FROM order_items GROUP BY order_id) l ON l.order_id = o.id \
             WHERE l.total IS NULL OR l.total <> o.total_cents",
        ),
        (
            "lines without their order or product, or at another price",
            "SELECT COUNT(*) FROM order_items l LEFT JOIN orders o ON o.id = l.order_id \
             LEFT JOIN products p ON p.id = l.product_id \
             WHERE o.id IS NULL OR p.id IS NULL OR p.price_cents <> l.unit_price_cents",
        ),
        (
            "products whose stock does not know what was sold",
            "SELECT COUNT(*) FROM products p LEFT JOIN stocks s ON s.product_id = p.id LEFT JOIN \
             (SELECT product_id, SUM(quantity) AS sold FROM order_items GROUP BY product_id) l ON l.product_id = p.id \
             WHERE s.product_id IS NULL OR s.quantity_sold <> COALESCE(l.sold, 0)",
        ),
        (
            "users whose totals are not those of their orders",
            "SELECT COUNT(*) FROM users u LEFT JOIN user_totals t ON t.user_id = u.id LEFT JOIN \
             (SELECT user_id, COUNT(*) AS placed, SUM(total_cents) AS expense FROM orders GROUP BY user_id) o \
             ON o.user_id = u.id WHERE t.user_id IS NULL OR t.order_count <> COALESCE(o.placed, 0) \
             OR t.expense_cents <> COALESCE(o.expense, 0)",
        ),
        ("orders of nobody", "SELECT COUNT(*) FROM orders WHERE user_id NOT IN (SELECT id FROM users)"),
    ];
    let mut found = Vec::new();
    for (question, sql) in questions {
        let count = database.number(sql).await;
        if count > 0 {
            found.push((question, count));
        }
    }
    found
}

const SMALL: [&str; 10] = ["--products", "300", "--users", "40", "--stock", "7", "--orders", "10000", "--seed", "5"];
