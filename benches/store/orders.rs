//! Measures orders per second: every writer through HTTP, beside a client that writes to the database directly.

use std::time::Duration;

use anyhow::{Result, ensure};
use hyper::Method;

use crate::bare_client::BareClient;
use crate::database::Database;
use crate::effort::Effort;
use crate::mix::{self, Mix, PRODUCTS};
use crate::outcome::{Outcome, figure, median, say};
use crate::processes::{cpu, cpu_us};
use crate::store::Store;
use crate::wrk;

/// Connections of wrk for writers with one transaction per order: as many as the bare client has.
const FEW: u32 = 32;

/// Connections of wrk for group commit; more waiting orders make larger batches.
const MANY: u32 = 1_024;

/// As many as the orders in the largest transaction of the bare client, below the store's limit of connections.
const MOST: u32 = 4_096;

/// The number of different bodies, which are sent in turn.
const BODIES: usize = 20_000;

enum Side {
    Bare(BareClient),
    Http { writer: &'static str, connections: u32 },
}

/// The figures of one side, one value per round.
#[derive(Default)]
struct Figures {
    per_second: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    /// Microseconds of processor time per order: of the store, of the database, of wrk.
    store_us: Vec<f64>,
    database_us: Vec<f64>,
    client_us: Vec<f64>,
}

pub(crate) async fn measure(server: &crate::database::Server, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    let database = Database::seeded(server, "orders", 0).await?;
    let http = |writer, connections| Side::Http { writer, connections };
    let bare = |connections, orders| Side::Bare(BareClient { connections, orders });
    let sides = [
        ("bare, 1 order, 1 conn", bare(1, 1)),
        ("bare, 1 order, 32 conns", bare(32, 1)),
        ("bare, 256 orders, 1 conn", bare(1, 256)),
        ("bare, 256 orders, 2 conns", bare(2, 256)),
        // The batches of group commit with 1,024 connections: half of the orders wait while the other half is written.
        ("bare, 512 orders, 1 conn", bare(1, 512)),
        ("bare, 1,000 orders, 1 conn", bare(1, 1_000)),
        ("bare, 1,000 orders, 2 conns", bare(2, 1_000)),
        ("bare, 4,000 orders, 1 conn", bare(1, 4_000)),
        ("bare, 4,000 orders, 2 conns", bare(2, 4_000)),
        ("per-item, 32 conns", http("per-item", FEW)),
        ("batched, 32 conns", http("batched", FEW)),
        ("group-commit, 32 conns", http("group-commit", FEW)),
        ("group-commit, 1,024 conns", http("group-commit", MANY)),
        ("group-commit, 4,096 conns", http("group-commit", MOST)),
        ("batched, 1 conn", http("batched", 1)),
        ("group-commit, 1 conn", http("group-commit", 1)),
    ];
    let bodies = Mix { products: PRODUCTS }.bodies(BODIES);
    let mut all: Vec<Figures> = sides.iter().map(|_| Figures::default()).collect();
    for round in 1..=effort.rounds {
        for ((name, side), figures) in sides.iter().zip(&mut all) {
            run(&database, side, &bodies, effort.duration, figures).await?;
            let last = figures.per_second.last().copied().unwrap_or(f64::NAN);
            say(&format!("round {round}: {name}: {} orders/s", figure(last)));
        }
    }
    let rates: Vec<f64> = all.iter().map(|figures| median(&figures.per_second)).collect();
    let bare_rates =
        sides.iter().zip(&rates).filter(|((_, side), _)| matches!(side, Side::Bare(_))).map(|(_, rate)| *rate);
    let best_bare = bare_rates.fold(f64::NAN, f64::max);
    let rows: Vec<_> = sides
        .iter()
        .zip(&all)
        .zip(&rates)
        .map(|(((name, _), figures), rate)| {
            let mut cells = vec![figure(*rate)];
            cells.extend([rates[1], rates[2], best_bare].map(|bare| format!("{:.2}", rate / bare)));
            let rest = [&figures.p50_ms, &figures.p99_ms, &figures.store_us, &figures.database_us, &figures.client_us];
            cells.extend(rest.map(|values| figure(median(values))));
            ((*name).to_owned(), cells)
        })
        .collect();
    let columns = [
        "side",
        "orders/s",
        "x bare 32",
        "x bare 256",
        "x best bare",
        "p50 ms",
        "p99 ms",
        "store us",
        "database us",
        "wrk us",
    ];
    outcome.table("Orders, acknowledged and durable. Bare: the database alone, orders per transaction; the others through HTTP. us: processor time per order", &columns, &rows);
    lines(&database, outcome).await?;
    database.drop().await
}

async fn run(
    database: &Database,
    side: &Side,
    bodies: &[String],
    duration: Duration,
    figures: &mut Figures,
) -> Result<()> {
    let server = database.server.processes();
    match side {
        Side::Bare(client) => {
            let before = cpu(&server);
            let rate = client.run(database, Mix { products: PRODUCTS }, duration).await?;
            figures.per_second.push(rate);
            figures.database_us.push(cpu_us(&server, before, rate * duration.as_secs_f64()));
        }
        Side::Http { writer, connections } => {
            let store = Store::start(database, &["--order-writer", writer]).await?;
            let own = store.processes();
            let before = (cpu(&server), cpu(&own));
            let stored = database.number("SELECT COUNT(*) FROM orders").await?;
            let seen = wrk::orders(&store.target, *connections, duration, bodies).await?;
            let orders = seen.per_second * duration.as_secs_f64();
            figures.database_us.push(cpu_us(&server, before.0, orders));
            figures.store_us.push(cpu_us(&own, before.1, orders));
            ensure!(seen.failed == 0, "{writer}: {} orders failed, so the figure means nothing", seen.failed);
            let stored = database.number("SELECT COUNT(*) FROM orders").await? - stored;
            // Orders in flight when wrk stopped were stored, but their answers were not counted.
            ensure!(stored as f64 >= orders * 0.99, "{writer}: {orders} acknowledged and {stored} stored");
            store.stop().await?;
            figures.per_second.push(seen.per_second);
            figures.p50_ms.push(seen.p50_ms);
            figures.p99_ms.push(seen.p99_ms);
            figures.client_us.push(seen.cpu.as_secs_f64() * 1e6 / orders);
        }
    }
    Ok(())
}

/// Measures the milliseconds of one order by its number of lines.
async fn lines(database: &Database, outcome: &mut Outcome) -> Result<()> {
    let mut rows = Vec::new();
    for writer in ["per-item", "batched", "group-commit"] {
        let store = Store::start(database, &["--order-writer", writer, "--request-deadline", "60s"]).await?;
        let mut cells = Vec::new();
        for (lines, times) in [(1, 200), (10, 100), (100, 30), (1_000, 10), (10_000, 3)] {
            let body = mix::body(&(1, (1..=lines).map(|product| (product, 1)).collect()));
            cells.push(figure(store.one_by_one(Method::POST, "/orders", &body, times).await?));
        }
        store.stop().await?;
        rows.push((writer.to_owned(), cells));
    }
    let columns = ["writer", "1 line", "10 lines", "100 lines", "1,000 lines", "10,000 lines"];
    outcome.table("Milliseconds of one order on an idle store, by its lines (median)", &columns, &rows);
    Ok(())
}
