//! The dispatcher of a run at a rate: gives due requests to users.
//!
//! The response time of a request counts from the instant it was due, even if the generator was late or all connections
//! were busy: a real visitor would have waited, too. Every due request is sent or counted as missed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::arrival_queue::{ArrivalQueue, Assigned, IdleUser};
use super::arrival_schedule::ArrivalSchedule;
use super::config::Load;
use super::connection::UserConnection;
use super::pacer::Pacer;
use super::state::{RunState, UserGuard, WorkerRecords};

/// Dispatches the due requests of one worker.
#[derive(Debug)]
pub(super) struct Dispatcher {
    queue: Arc<ArrivalQueue>,
    task: tokio::task::JoinHandle<io::Result<()>>,
    /// When the last request is due.
    until: Instant,
}

impl Dispatcher {
    /// Starts to dispatch this worker's share of the requests. None in a closed run.
    pub(super) fn start(index: usize, run: &Arc<RunState>, records: &Arc<WorkerRecords>) -> Option<Self> {
        let Load::Rate(rate) = &run.config.load else { return None };
        let (queue, workers) = (Arc::new(ArrivalQueue::default()), run.records.len());
        let random = run.random(!(index as u64));
        let schedule = ArrivalSchedule::new(run.config.profile(), rate.arrivals, index, workers, random);
        let all = rate.most_users as usize;
        let most_users = all / workers + usize::from(index < all % workers);
        let until = run.config.warm_up + run.config.measured();
        let (own, own_records) = (Arc::clone(run), Arc::clone(records));
        let dispatch = dispatch(schedule, Arc::clone(&queue), own, own_records, most_users, until);
        Some(Self { queue, task: tokio::spawn(dispatch), until: run.started + until })
    }

    /// Stops dispatching. At the end of the run everything that was due is dispatched first, however late; before it,
    /// requests that are not yet due are dropped.
    pub(super) async fn stop(&mut self, records: &WorkerRecords) {
        if Instant::now() < self.until {
            self.task.abort();
        }
        let failed = matches!((&mut self.task).await, Ok(Err(_)));
        if failed {
            // Only a timer can fail, when no file handle is left.
            records.count_failed_timer();
        }
        self.queue.close();
    }

    /// The number of waiting requests that were due at `from` or later.
    pub(super) fn waiting(&self, from: Instant) -> u64 {
        self.queue.waiting(from)
    }
}

/// Dispatches requests until `until`, or waits forever when no more are due. It is stopped by aborting its task.
async fn dispatch(
    mut schedule: ArrivalSchedule,
    queue: Arc<ArrivalQueue>,
    run: Arc<RunState>,
    records: Arc<WorkerRecords>,
    most_users: usize,
    until: Duration,
) -> io::Result<()> {
    let pacer = Pacer::new()?;
    let mut users = 0;
    while let Some(due) = schedule.next().filter(|due| *due < until) {
        let due = run.started + due;
        pacer.wait_until(due).await?;
        records.record_start(due);
        if let Assigned::New = queue.assign(due, most_users) {
            users += 1;
            let number = users * run.records.len() as u64 + records.index as u64;
            tokio::spawn(serve(number, due, Arc::clone(&queue), Arc::clone(&run), Arc::clone(&records)));
        }
        // When it is behind schedule the pacer does not wait; without a yield, answers would not be read.
        tokio::task::consume_budget().await;
    }
    Ok(())
}

/// Runs one user: sends the first request, then further due requests until the queue is closed.
async fn serve(number: u64, first: Instant, queue: Arc<ArrivalQueue>, run: Arc<RunState>, records: Arc<WorkerRecords>) {
    let _counted = UserGuard::new(&run);
    let mut random = run.random(number);
    let mut connection = UserConnection::new(number);
    let user = Arc::new(IdleUser::default());
    let mut next = Some(first);
    while let Some(due) = next {
        connection.request(&run, &records, &mut random, due).await;
        next = queue.next(&user, &run).await;
    }
}
