//! What a seed refuses, and with which messages: nothing is deleted without permission.

use super::{KNOWN_CONTENT, SMALL, Variables, content, errors, seed, seed_with, seeded};
use crate::harness::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_data_is_left_alone_until_reset_is_given() {
    let database = TestDatabase::create().await;
    seeded(&database, &["--products", "1200", "--users", "1", "--orders", "5"]).await;
    database.execute("UPDATE stocks SET quantity = 1 WHERE product_id = 1").await;
    let before = content(&database).await;
    let refused = seed(&database, &SMALL).await;
    let (code, said) = (refused.status.code(), errors(&refused));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("has data (1,200 products, 1 user, 5 orders): give --reset"), "{said}");
    assert_eq!(content(&database).await, before, "nothing was changed");
    database
        .execute(
            "INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) \
             VALUES ('a', REPEAT('x', 32), 1, 1, UTC_TIMESTAMP(6))",
        )
        .await;
    seeded(&database, &[&SMALL[..], &["--reset"]].concat()).await;
    assert_eq!(content(&database).await, KNOWN_CONTENT, "what was there before leaves no trace");
    assert_eq!(database.number("SELECT COUNT(*) FROM idempotency_keys").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_table_is_not_forgotten() {
    let database = TestDatabase::migrated().await;
    let sql = "SELECT CONVERT(table_name USING utf8mb4) FROM information_schema.tables \
               WHERE table_schema = DATABASE()";
    // For every new table, extend `empty_store` and `contents` in src/db/bulk.rs, and `content` here.
    let known = [
        "id_blocks",
        "idempotency_keys",
        "order_items",
        "orders",
        "products",
        "schema_migrations",
        "stocks",
        "user_totals",
        "users",
    ];
    let mut tables = database.query::<String>(sql).await;
    tables.sort_unstable();
    assert_eq!(tables, known);
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_in_any_table_is_data() {
    for (sql, said) in [
        ("INSERT INTO users (name, email) VALUES ('Ada', 'ada@example.com')", "half filled"),
        ("INSERT INTO products (name, sku, price_cents) VALUES ('Rug', 'R', 1)", "half filled"),
        (
            "INSERT INTO orders (id, user_id, total_cents, created_at) VALUES (1, 1, 1, NOW())",
            "has data (0 products, 0 users, 1 order)",
        ),
        (
            "INSERT INTO idempotency_keys (idempotency_key, fingerprint, order_id, total_cents, created_at) \
             VALUES ('a', REPEAT('x', 32), 1, 1, NOW())",
            "has data (0 products, 0 users, 0 orders, 1 idempotency key)",
        ),
    ] {
        let database = TestDatabase::migrated().await;
        database.execute(sql).await;
        let refused = seed(&database, &[]).await;
        assert_eq!(refused.status.code(), Some(2));
        assert!(errors(&refused).contains(said), "{}", errors(&refused));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_make_no_sense_are_refused_with_a_sentence() {
    let database = TestDatabase::create().await;
    for (arguments, said) in [
        (["--products", "0"], "the number of products must be from 1 to 10,000,000, not 0"),
        (["--products", "10000001"], "the number of products must be from 1 to 10,000,000, not 10,000,001"),
        (["--users", "0"], "the number of users must be from 1 to 10,000,000, not 0"),
        (["--stock", "2000000001"], "at most 2,000,000,000 pieces, not 2,000,000,001"),
        (["--orders", "1000000001"], "the number of orders must be at most 1,000,000,000"),
        (["--orders", "many"], "invalid value 'many'"),
        (["--stock", "-1"], "unexpected argument '-1'"),
        (["--json", "/does/not/exist"], "/does/not/exist cannot be written"),
    ] {
        let refused = seed(&database, &arguments).await;
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(errors(&refused).contains(said), "{arguments:?}: {}", errors(&refused));
    }
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()";
    assert_eq!(database.number(tables).await, 0, "nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_named_and_its_password_is_not() {
    let database = TestDatabase::create().await;
    let with = |name: &str, value: &str| {
        let change = |(key, old): (&'static str, String)| (key, if key == name { value.to_owned() } else { old });
        database.variables().into_iter().map(change).collect::<Variables>()
    };
    for (variables, named) in [
        (with("DB_PORT", "1"), ":1: the database cannot be reached: connection refused"),
        (with("DB_PASSWORD", "hunter2hunter2"), "the database refused the account"),
        (with("DB_NAME", "no_such_store"), "no_such_store on "),
    ] {
        let refused = seed_with(&variables, &[]).await;
        let said = errors(&refused);
        assert_eq!(refused.status.code(), Some(3), "{said}");
        assert!(said.contains(named) && !said.contains("hunter2"), "{said}");
    }
}
