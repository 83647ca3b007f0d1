//! What the store can do, measured beside what the database alone can do.
mod bare_client;
mod database;
mod orders;
use bare_client::BareClient;
use std::time::Duration;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = database::Server::from_environment(&std::env::var("DB_NAME")?)?;
    let mix = orders::Mix { products: 10_000, users: 1_000 };
    for (connections, orders) in [(1, 1), (32, 1), (1, 16), (1, 64), (1, 256), (2, 256), (1, 1000), (1, 2000)] {
        let rate = BareClient { connections, orders }.run(&server, mix, Duration::from_secs(5)).await?;
        println!("{connections:4} connections {orders:5} orders {rate:8.0}/s");
    }
    Ok(())
}
