//! What the index for the list of a user's orders costs the writers, and what it saves the list.

use anyhow::{Result, ensure};
use hyper::Method;

use crate::database::{Database, Server};
use crate::effort::Effort;
use crate::mix::{Mix, PRODUCTS};
use crate::outcome::{Outcome, figure, median};
use crate::processes::{cpu, cpu_us};
use crate::store::Store;
use crate::wrk;

/// Orders in the history, so that the index has more pages than a transaction changes.
const HISTORY: u64 = 200_000;

/// The list that is timed.
const LIST: &str = "/users/1/orders";

/// What is measured of one side: orders a second, microseconds of the database for an order, milliseconds of the list.
#[derive(Default)]
struct Side {
    orders: Vec<f64>,
    database_us: Vec<f64>,
    list_ms: Vec<f64>,
}

pub(crate) async fn measure(server: &Server, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    // A database for each side: an index that is built at once has full pages, which the first orders after it have to divide.
    let without = Database::seeded(server, "user_orders_without", HISTORY).await?;
    without.run("ALTER TABLE orders DROP INDEX orders_user").await?;
    let databases = [without, Database::seeded(server, "user_orders_with", HISTORY).await?];
    let bodies = Mix { products: PRODUCTS }.bodies(20_000);
    let names = ["without index", "with it"];
    let mut rows = Vec::new();
    for (writer, connections) in [("group-commit", 1_024), ("group-commit", 32), ("batched", 32)] {
        let mut sides = [Side::default(), Side::default()];
        let mut ratios = Vec::new();
        for round in 0..effort.rounds {
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for place in order {
                let store =
                    Store::start(&databases[place], &["--order-writer", writer, "--report-cache", "off"]).await?;
                let processes = server.processes();
                let before = cpu(&processes);
                let seen = wrk::orders(&store.target, connections, effort.duration, &bodies).await?;
                ensure!(seen.failed == 0, "{writer}: {} orders failed, so the figure means nothing", seen.failed);
                let orders = seen.per_second * effort.duration.as_secs_f64();
                let side = &mut sides[place];
                side.database_us.push(cpu_us(&processes, before, orders));
                side.orders.push(seen.per_second);
                // A store of the version before has no such list.
                side.list_ms.push(store.one_by_one(Method::GET, LIST, "", 20).await.unwrap_or(f64::NAN));
                store.stop().await?;
            }
            let last = |side: &Side| side.orders.last().copied().unwrap_or(f64::NAN);
            ratios.push(last(&sides[1]) / last(&sides[0]));
        }
        for (name, side) in names.iter().zip(&sides) {
            let ratio = if *name == "with it" { format!("{:.2}", median(&ratios)) } else { String::new() };
            let cells = vec![
                figure(median(&side.orders)),
                ratio,
                figure(median(&side.database_us)),
                figure(median(&side.list_ms)),
            ];
            rows.push((format!("{writer}, {connections} connections, {name}"), cells));
        }
    }
    outcome.table(
        "Orders a second with and without the index on a user's orders, in turns; ratio: median over the rounds",
        &["writer", "orders/s", "ratio", "database us", "list ms"],
        &rows,
    );
    for database in databases {
        database.drop().await?;
    }
    Ok(())
}
