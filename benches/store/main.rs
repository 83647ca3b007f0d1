//! Measures the store beside the database alone, or nginx alone: all sides in one run on one machine.
//!
//!     cargo bench --bench store -- orders|hot-product|user-orders|reports|overload [--seconds N] [--rounds N] [--json FILE]
//!
//! DB_HOST, DB_PORT, DB_USER and DB_PASSWORD give the database server; the benchmark makes databases of its own on it
//! and deletes them at the end. `reports` needs REDIS_HOST, REDIS_PORT and nginx; all need wrk, `overload` for its peak
//! only. Every figure is a median over the rounds, in which the sides take turns.

mod bare_client;
mod database;
mod effort;
mod hot_product;
mod mix;
mod open_loop;
mod orders;
mod outcome;
mod overload;
mod processes;
mod program;
mod proxy;
mod reports;
mod store;
mod user_orders;
mod wrk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use effort::Effort;
use outcome::Outcome;

/// Measures the store
#[derive(Debug, Parser)]
struct Args {
    /// The measurement to run
    #[arg(value_enum)]
    subject: Subject,
    /// Seconds of each single measurement; with overload, of each load
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds, in each of which every side is measured once
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// A file for the figures as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Passed by cargo bench, and ignored
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Subject {
    /// Compare the order writers with each other and with a bare client
    Orders,
    /// Compare orders of one product with orders over ten thousand
    HotProduct,
    /// Compare orders with and without the index for the list of a user's orders
    UserOrders,
    /// Compare reports over a short and a long history, and out of the cache with nginx
    Reports,
    /// Send more orders than the store can take
    Overload,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            outcome::say(&format!("not measured: {error:#}"));
            ExitCode::from(3)
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let server = database::Server::from_environment()?;
    let effort = Effort { duration: Duration::from_secs(args.seconds), rounds: args.rounds };
    let mut outcome = Outcome::new(server.describe().await?);
    match args.subject {
        Subject::Orders => orders::measure(&server, effort, &mut outcome).await?,
        Subject::HotProduct => hot_product::measure(&server, effort, &mut outcome).await?,
        Subject::UserOrders => user_orders::measure(&server, effort, &mut outcome).await?,
        Subject::Reports => reports::measure(&server, effort, &mut outcome).await?,
        Subject::Overload => overload::measure(&server, effort, &mut outcome).await?,
    }
    if let Some(path) = args.json {
        let text = serde_json::to_vec_pretty(&outcome.to_json())?;
        tokio::fs::write(&path, text).await.with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
