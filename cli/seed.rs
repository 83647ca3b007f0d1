//! `storemgr seed`: fills a store with products, users, stock and a history of orders.

use std::fmt;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use storemgr::db::{Address, MigrateError};
use storemgr::process::{self, Exit};
use storemgr::seed::{self, Counts, Phase, Plan, Progress, SeedError, Summary};
use storemgr::units;

use crate::failure::{CommandResult, Failure};
use crate::options::{DatabaseArgs, JsonArgs, NamedFiles};
use crate::output;

/// Fill a store with products, users, stock and, on request, a history of orders
///
/// The same counts and the same seed give the same rows, on MySQL and on MariaDB. A store that already has data is not
/// changed unless --reset is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    contents: ContentArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    results: ResultArgs,
}

/// The options that say what the store holds afterwards.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Contents")]
struct ContentArgs {
    /// The number of products; they are numbered from 1
    #[arg(long, env = "STOREMGR_SEED_PRODUCTS", value_name = "COUNT", default_value_t = 10_000)]
    products: u64,
    /// The number of users; they are numbered from 1
    #[arg(long, env = "STOREMGR_SEED_USERS", value_name = "COUNT", default_value_t = 1_000)]
    users: u64,
    /// The stock of each product at the end, after the history was sold
    #[arg(long, env = "STOREMGR_SEED_STOCK", value_name = "PIECES", default_value_t = 100_000)]
    stock: u64,
    /// The number of orders in the history; some products and users are more popular than others, an order has 1.6 lines on
    /// average
    #[arg(long, env = "STOREMGR_SEED_ORDERS", value_name = "COUNT", default_value_t = 0)]
    orders: u64,
    /// The seed of all random choices
    #[arg(long, env = "STOREMGR_SEED_NUMBER", value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// First delete everything that is in the store; with --orders, stop its instances before
    #[arg(long)]
    reset: bool,
}

/// Where the results go, besides the terminal.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Results")]
struct ResultArgs {
    #[command(flatten)]
    json: JsonArgs,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let ContentArgs { products, users, stock, orders, seed: number, reset } = args.contents;
    let plan = Plan::new(Counts { products, users, stock, orders }, number).map_err(Failure::usage)?;
    let address = args.database.address()?;
    let interrupted = process::terminated().map_err(Failure::could_not_run)?;
    NamedFiles::default().output("--json", args.results.json.path()).check()?;
    let json = args.results.json.open()?;
    let display = Arc::new(Display::new());
    let progress: Arc<dyn Progress> = Arc::<Display>::clone(&display);
    let summary = tokio::select! {
        seeded = seed::run(&address, plan, reset, progress) => {
            display.clear();
            seeded.map_err(|error| failure(error, &address))?
        }
        () = interrupted => {
            display.clear();
            process::tell(&format!("storemgr: {}", display.interruption(&address)));
            return Ok(Exit::Interrupted);
        }
    };
    if json.tables_wanted() {
        print(&summary, &address)?;
    }
    json.write(&summary)?;
    Ok(Exit::Good)
}

fn print(summary: &Summary, address: &Address) -> Result<(), Failure> {
    let title = format!("Filled {} (seed {})", place(address), summary.plan.seed());
    output::say(&summary.table(&title).to_terminal())?;
    if summary.plan.counts().orders > 0 && summary.order_numbers_given > 0 {
        output::say(&format!(
            "Order numbers up to {} were given out before, and the history uses the numbers from 1 on: restart every \
             `storemgr serve` that is running on this store, because it may still hold some of them.",
            units::count(summary.order_numbers_given)
        ))?;
    }
    Ok(())
}

/// The name and the address of the store's database, without the password.
fn place(address: &Address) -> String {
    format!("{} on {}", address.name, address.servers)
}

/// A store that only the user may decide to overwrite is a usage error; a database that fails is not.
fn failure(error: SeedError, address: &Address) -> Failure {
    let usage = matches!(
        error,
        SeedError::HasData(_) | SeedError::HalfFilled(_) | SeedError::Migrate(MigrateError::Changed { .. })
    );
    let told = anyhow!(error).context(place(address));
    if usage { Failure::usage(told) } else { Failure::could_not_run(told) }
}

/// Shows the progress on standard error: a bar for each step on a terminal, otherwise a line for each step.
struct Display {
    bar: Mutex<ProgressBar>,
    terminal: bool,
    /// Whether anything in the store was changed.
    begun: AtomicBool,
}

impl Display {
    fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { bar: Mutex::new(ProgressBar::hidden()), terminal, begun: AtomicBool::new(false) }
    }

    fn clear(&self) {
        self.bar().finish_and_clear();
    }

    /// A poisoned lock does no harm: the bar is usable after a panic, too.
    fn bar(&self) -> MutexGuard<'_, ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sentence about the state in which an interruption leaves the store.
    fn interruption(&self, address: &Address) -> String {
        if self.begun.load(Ordering::Relaxed) {
            format!("interrupted: {} is half filled; run the same command with --reset to start again", place(address))
        } else {
            format!("interrupted: nothing was changed in {}", place(address))
        }
    }
}

impl Progress for Display {
    fn begin(&self, phase: Phase, rows: u64) {
        self.begun.store(true, Ordering::Relaxed);
        if self.terminal {
            let mut bar = self.bar();
            bar.finish_and_clear();
            *bar = ProgressBar::new(rows).with_style(style(phase)).with_message(phase.name());
            bar.tick();
        }
    }

    fn advance(&self, rows: u64) {
        self.bar().inc(rows);
    }

    fn end(&self, phase: Phase, rows: u64, took: Duration) {
        if !self.terminal && rows > 0 {
            let verb = if phase == Phase::Reset { "deleted" } else { "wrote" };
            process::tell(&format!("{verb} {} {} in {}", units::count(rows), phase.name(), units::duration(took)));
        }
    }
}

/// The style of a step's bar. Tables are emptied at once, so the reset has nothing to count.
fn style(phase: Phase) -> ProgressStyle {
    let template = match phase {
        Phase::Reset => "deleting {human_len} {msg}",
        _ => "{msg:<12} {bar:32} {human_pos:>12} of {human_len} ({rate}, {eta} left)",
    };
    let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
        // A bar that cannot be drawn is no reason to stop.
        let _ = write!(text, "{}/s", units::count(state.per_sec() as u64));
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rate", rate)
}
