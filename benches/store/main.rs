//! What the store can do, measured beside what the database, or nginx, can do alone: all sides in one run on one machine.
//!
//!     cargo bench --bench store -- orders|hot-product|reports|overload [--seconds N] [--rounds N] [--json FILE]
//!
//! The database server is given by DB_HOST, DB_PORT, DB_USER and DB_PASSWORD; databases of our own are made in it and
//! deleted. REDIS_HOST and REDIS_PORT are needed for `reports`, wrk for all but `overload`, nginx for `reports`.
//! Every number is a median over the rounds, in which the sides take turns.

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
    /// What is measured
    #[arg(value_enum)]
    subject: Subject,
    /// Seconds of each single measurement; overload: of each load
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often the sides take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Also write the figures as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Given by cargo bench
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Subject {
    /// The writers, against each other and against a bare client
    Orders,
    /// All orders on one product
    HotProduct,
    /// The reports: long history, cache, nginx
    Reports,
    /// More orders than the store can take
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
        Subject::Reports => reports::measure(&server, effort, &mut outcome).await?,
        Subject::Overload => overload::measure(&server, effort, &mut outcome).await?,
    }
    if let Some(path) = args.json {
        let text = serde_json::to_vec_pretty(&outcome.to_json())?;
        tokio::fs::write(&path, text).await.with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
