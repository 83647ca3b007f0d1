//! All orders on one product, beside orders over ten thousand.

use anyhow::{Result, ensure};

use crate::Effort;
use crate::database::{Database, Server};
use crate::mix::{Mix, PRODUCTS};
use crate::outcome::{Outcome, figure, median};
use crate::store::Store;
use crate::wrk;

pub(crate) async fn measure(server: &Server, effort: Effort, outcome: &mut Outcome) -> Result<()> {
    let database = Database::seeded(server, "hot", 0).await?;
    let mut rows = Vec::new();
    for (writer, connections) in [("per-item", 16), ("batched", 16), ("group-commit", 1_024)] {
        let mut spread = Vec::new();
        let mut hot = Vec::new();
        let store = Store::start(&database, &["--order-writer", writer]).await?;
        for _ in 0..effort.rounds {
            for (products, rates) in [(PRODUCTS, &mut spread), (1, &mut hot)] {
                let bodies = Mix { products }.bodies(20_000);
                let seen = wrk::orders(&store.target, connections, effort.duration, &bodies).await?;
                ensure!(seen.failed == 0, "{writer}: {} orders failed, so the figure means nothing", seen.failed);
                rates.push(seen.per_second);
            }
        }
        store.stop().await?;
        let (spread, hot) = (median(&spread), median(&hot));
        let name = format!("{writer}, {connections} connections");
        rows.push((name, vec![figure(spread), figure(hot), format!("{:.2}", hot / spread)]));
    }
    outcome.table(
        "Orders a second on one product and on ten thousand",
        &["writer", "10,000 products", "1 product", "ratio"],
        &rows,
    );
    database.drop().await
}
