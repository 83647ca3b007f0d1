//! Fills a store: checks whether it may be filled, deletes old data and runs the steps on several connections.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::{JoinError, JoinSet};

use super::error::SeedError;
use super::history::History;
use super::phase::{Phase, Progress};
use super::plan::Plan;
use super::products::product;
use super::summary::{Summary, TableFilled};
use super::users::user;
use crate::db::{self, Address, Contents, DbError, Session};
use crate::domain::{Cents, ProductId, UserId};

/// The number of connections that write at the same time. With server and client on two cores, two to four took two thirds
/// of the time of one, and eight were slower.
const WRITERS: u64 = 4;

/// The time limits of a connection and of one statement. Writing a block takes well under a second, but counting or
/// deleting the rows of a large store may take minutes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(10);

/// Fills a store: migrates the schema, deletes existing data if `reset` allows it, and writes the rows of the plan. Only
/// one run at a time is possible on a database; a second one is refused.
pub async fn run(
    address: &Address,
    plan: Plan,
    reset: bool,
    progress: Arc<dyn Progress>,
) -> Result<Summary, SeedError> {
    db::migrate(address).await?;
    // This connection holds the lock to the end, where it is checked that it still does.
    let mut keeper = connect(address).await.map_err(SeedError::Database)?;
    let before = may_begin(&mut keeper, reset).await?;
    let history = (plan.counts().orders > 0).then(|| tokio::task::spawn_blocking(move || History::new(plan)));
    let history = match history {
        Some(made) => Some(made.await.map_err(|error| SeedError::Database(defect(&error)))?),
        None => None,
    };
    let filling = Arc::new(Filling { address: address.clone(), plan, history, progress, idle: Mutex::default() });
    filling.fill(&mut keeper, before).await.map_err(SeedError::Broken)
}

async fn connect(address: &Address) -> Result<Session, DbError> {
    let connecting = Session::connect(address, STATEMENT_TIMEOUT);
    let no_answer = |_| DbError::Unreachable("it did not answer in time".to_owned());
    tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(no_answer)?
}

/// Takes the lock and checks whether the store may be filled. Returns the contents that must be deleted first.
async fn may_begin(keeper: &mut Session, reset: bool) -> Result<Option<Contents>, SeedError> {
    if !keeper.try_lock_seed().await.map_err(SeedError::Database)? {
        return Err(SeedError::Busy);
    }
    let contents = keeper.contents().await.map_err(SeedError::Database)?;
    if contents == Contents::default() {
        return Ok(None);
    }
    let half_filled = contents.products != contents.stocks || contents.users != contents.user_totals;
    match (reset, half_filled) {
        (true, _) => Ok(Some(contents)),
        (false, true) => Err(SeedError::HalfFilled(contents)),
        (false, false) => Err(SeedError::HasData(contents)),
    }
}

/// The error of a task that panicked. It is a defect of this program, but it ends the work like an error of the database.
fn defect(error: &JoinError) -> DbError {
    DbError::Unexpected(format!("a writer broke off: {error}"))
}

/// The state that all writers share.
struct Filling {
    address: Address,
    plan: Plan,
    /// `None` if the plan has no orders.
    history: Option<History>,
    progress: Arc<dyn Progress>,
    /// Open connections for the next step.
    idle: Mutex<Vec<Session>>,
}

impl Filling {
    async fn fill(self: &Arc<Self>, keeper: &mut Session, before: Option<Contents>) -> Result<Summary, DbError> {
        let started = Instant::now();
        if let Some(before) = before {
            self.progress.begin(Phase::Reset, before.rows());
            keeper.empty_store().await?;
            self.progress.end(Phase::Reset, before.rows(), started.elapsed());
        }
        // Before the first order is written, so that an order placed meanwhile cannot get a number of the history.
        let next_order_id = keeper.skip_order_ids(self.plan.counts().orders + 1).await?;
        let mut tables = Vec::new();
        for phase in Phase::WRITING {
            tables.extend(self.write(phase).await?);
        }
        keeper.confirm_seed_lock().await?;
        Ok(Summary {
            plan: self.plan,
            deleted: before,
            order_numbers_given: next_order_id - 1,
            tables,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Writes all rows of a step on several connections. Returns how many rows were written into which table.
    async fn write(self: &Arc<Self>, phase: Phase) -> Result<Vec<TableFilled>, DbError> {
        let rows = phase.rows(&self.plan);
        let blocks = rows.div_ceil(phase.block());
        let started = Instant::now();
        self.progress.begin(phase, rows);
        let next_block = Arc::new(AtomicU64::new(0));
        let mut writers = JoinSet::new();
        for _ in 0..blocks.min(WRITERS) {
            let (filling, next_block) = (Arc::clone(self), Arc::clone(&next_block));
            writers.spawn(async move { filling.write_blocks(phase, blocks, &next_block).await });
        }
        let mut lines = 0;
        while let Some(ended) = writers.join_next().await {
            lines += ended.map_err(|error| defect(&error))??;
        }
        let took = started.elapsed();
        self.progress.end(phase, rows, took);
        Ok(TableFilled::of(phase, rows, lines, took))
    }

    /// One writer: writes blocks until none is left. Returns the number of order lines that it wrote.
    async fn write_blocks(&self, phase: Phase, blocks: u64, next_block: &AtomicU64) -> Result<u64, DbError> {
        let idle = self.idle.lock().await.pop();
        let mut session = match idle {
            Some(session) => session,
            None => connect(&self.address).await?,
        };
        let mut lines = 0;
        loop {
            let block = next_block.fetch_add(1, Ordering::Relaxed);
            if block >= blocks {
                self.idle.lock().await.push(session);
                return Ok(lines);
            }
            let first = block * phase.block();
            let end = (first + phase.block()).min(phase.rows(&self.plan));
            lines += self.write_block(&mut session, phase, block, first + 1..end + 1).await?;
            self.progress.advance(end - first);
        }
    }

    /// Writes one block, whose rows have these numbers. Returns the number of its order lines.
    async fn write_block(
        &self,
        session: &mut Session,
        phase: Phase,
        block: u64,
        numbers: Range<u64>,
    ) -> Result<u64, DbError> {
        let seed = self.plan.seed();
        let history = self.history.as_ref();
        match phase {
            Phase::Reset => {}
            Phase::Products => {
                session.insert_products(&numbers.map(|id| product(seed, id)).collect::<Vec<_>>()).await?;
            }
            Phase::Users => session.insert_users(&numbers.map(|id| user(seed, id)).collect::<Vec<_>>()).await?,
            Phase::Orders => {
                let Some(history) = history else { return Ok(0) };
                let orders = history.block(block);
                session.insert_past_orders(&orders).await?;
                history.record(&orders);
                return Ok(orders.iter().map(|order| order.lines.len() as u64).sum());
            }
            Phase::UserTotals => {
                let bought = |id| history.map_or((0, Cents::default()), |history| history.bought(id));
                let totals = numbers.map(|id| (UserId::new(id), bought(id)));
                session.insert_user_totals(totals.map(|(id, (count, expense))| (id, count, expense))).await?;
            }
            Phase::Stocks => {
                let (stock, sold) = (self.plan.counts().stock, |id| history.map_or(0, |history| history.sold(id)));
                session.insert_stocks(numbers.map(|id| (ProductId::new(id), stock, sold(id)))).await?;
            }
        }
        Ok(0)
    }
}
