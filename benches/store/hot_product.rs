//! Orders of a single product, compared with orders over ten thousand products.

use anyhow::{Result, ensure};

use crate::database::{Database, Server};
use crate::effort::Effort;
use crate::mix::{Mix, PRODUCTS};
use crate::outcome::{Outcome, figure, median};
use crate::processes::{cpu, cpu_us};
use crate::store::Store;
use crate::wrk;

pub(crate) async fn measure(server: &Server, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    let database = Database::seeded(server, "hot", 0).await?;
    let mut rows = Vec::new();
    for (writer, connections) in [("per-item", 16), ("batched", 16), ("group-commit", 1_024)] {
        let mut spread = Vec::new();
        let mut hot = Vec::new();
        let mut cpu_per_order = [const { Vec::new() }; 3];
        let store = Store::start(&database, &["--order-writer", writer]).await?;
        let (own, database_server) = (store.processes(), server.processes());
        for _ in 0..effort.rounds {
            for (products, rates) in [(PRODUCTS, &mut spread), (1, &mut hot)] {
                let bodies = Mix { products }.bodies(20_000);
                let before = (cpu(&own), cpu(&database_server));
                let seen = wrk::orders(&store.target, connections, effort.duration, &bodies).await?;
                ensure!(seen.failed == 0, "{writer}: {} orders failed, so the figure means nothing", seen.failed);
                rates.push(seen.per_second);
                if products == 1 {
                    let orders = seen.per_second * effort.duration.as_secs_f64();
                    cpu_per_order[0].push(cpu_us(&own, before.0, orders));
                    cpu_per_order[1].push(cpu_us(&database_server, before.1, orders));
                    cpu_per_order[2].push(seen.cpu.as_secs_f64() * 1e6 / orders);
                }
            }
        }
        store.stop().await?;
        let (spread, hot) = (median(&spread), median(&hot));
        let name = format!("{writer}, {connections} connections");
        let mut cells = vec![figure(spread), figure(hot), format!("{:.2}", hot / spread)];
        cells.extend(cpu_per_order.map(|values| figure(median(&values))));
        rows.push((name, cells));
    }
    outcome.table(
        "Orders a second on one product and on ten thousand; us: processor time of an order on one product",
        &["writer", "10,000 products", "1 product", "ratio", "store us", "db us", "wrk us"],
        &rows,
    );
    database.drop().await
}
