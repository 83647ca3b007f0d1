//! A run at a rate: who hands out what is due, and to whom.
//!
//! A request's response time counts from the instant it was due, also when it was sent later because the generator was
//! late or all its connections were busy: whoever would have come then would have waited. Nothing that was due is left
//! out of sight: it is sent, or it counts as missed.

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

/// Hands out what is due on one worker.
#[derive(Debug)]
pub(super) struct Dispatcher {
    queue: Arc<ArrivalQueue>,
    task: tokio::task::JoinHandle<io::Result<()>>,
    /// When the last one is due.
    until: Instant,
}

impl Dispatcher {
    /// Starts handing out this worker's part of what is due. Nothing in a closed run.
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

    /// At the end of the run everything that was due is handed out, however late; before it, what is not yet due is not.
    pub(super) async fn stop(&mut self, records: &WorkerRecords) {
        if Instant::now() < self.until {
            self.task.abort();
        }
        let failed = matches!((&mut self.task).await, Ok(Err(_)));
        if failed {
            // The one thing that can fail is a timer, for want of a file handle.
            records.count_failed_timer();
        }
        self.queue.close();
    }

    /// How many requests wait for somebody to be free that were due from then on.
    pub(super) fn waiting(&self, from: Instant) -> u64 {
        self.queue.waiting(from)
    }
}

/// Hands out what is due until `until`, or for ever when nothing more is due. Abort its task to stop it.
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
        // Behind schedule the pacer does not wait, and answers would go unread.
        tokio::task::consume_budget().await;
    }
    Ok(())
}

/// Sends what is due as long as there is something.
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
