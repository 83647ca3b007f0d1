//! The dispatcher of a run at a rate: gives due requests to users.
//!
//! The response time of a request counts from the instant it was due, even if the generator was late or all connections
//! were busy: a real visitor would have waited, too. Every due request is sent or counted as missed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::arrival_queue::{ArrivalQueue, Assigned, IdleUser};
use super::arrival_schedule::ArrivalSchedule;
use super::channel::{Slot, Slots};
use super::config::Load;
use super::connection::UserConnection;
use super::journey::make_next;
use super::pacer::Pacer;
use super::profile::Profile;
use super::state::{RunState, UserGuard, WorkerRecords};

/// Dispatches the due requests of one worker.
#[derive(Debug)]
pub(super) struct Dispatcher {
    queue: Arc<ArrivalQueue>,
    task: tokio::task::JoinHandle<io::Result<()>>,
    /// When the last request is due.
    until: Instant,
    /// Tells the task of another course of the load.
    courses: mpsc::UnboundedSender<Profile>,
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
        let (courses, changes) = mpsc::unbounded_channel();
        let due = DueRequests { schedule, pacer: None, changes, until };
        let dispatch = dispatch(due, Arc::clone(&queue), own, own_records, most_users);
        Some(Self { queue, task: tokio::spawn(dispatch), until: run.started + until, courses })
    }

    /// Follows another course of the load, which is the same up to now.
    pub(super) fn follow(&self, course: Profile) {
        // A task that has ended has nothing to send any more.
        drop(self.courses.send(course));
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

/// The requests of one worker, one after the other, as they are due.
struct DueRequests {
    schedule: ArrivalSchedule,
    /// Made by the task that waits, on the runtime of its worker.
    pacer: Option<Pacer>,
    changes: mpsc::UnboundedReceiver<Profile>,
    until: Duration,
}

impl DueRequests {
    /// Waits until the next request is due. None when the time is over.
    async fn next(&mut self, started: Instant) -> io::Result<Option<Instant>> {
        let Self { schedule, pacer, changes, until } = self;
        let pacer = match pacer {
            Some(pacer) => pacer,
            None => pacer.insert(Pacer::new()?),
        };
        loop {
            let next = schedule.due().filter(|due| due < until).map(|due| started + due);
            let course = tokio::select! {
                // A change comes first: behind schedule, the pacer never waits.
                biased;
                Some(course) = changes.recv() => course,
                waited = pacer.wait_until(next.unwrap_or(started + *until)) => {
                    waited?;
                    schedule.advance();
                    return Ok(next);
                }
            };
            schedule.follow(course);
        }
    }
}

/// Dispatches requests until the time is over. It is stopped by aborting its task.
async fn dispatch(
    mut requests: DueRequests,
    queue: Arc<ArrivalQueue>,
    run: Arc<RunState>,
    records: Arc<WorkerRecords>,
    most_users: usize,
) -> io::Result<()> {
    let mut users = 0;
    let mut slots = Slots::new(&run);
    while let Some(due) = requests.next(run.started).await? {
        if !run.take_iteration() {
            break;
        }
        records.record_start(due);
        if let Assigned::New = queue.assign(due, most_users) {
            users += 1;
            let number = users * run.records.len() as u64 + records.index as u64;
            let user = User { number, run: Arc::clone(&run), records: Arc::clone(&records), slot: slots.next() };
            tokio::spawn(serve(user, due, Arc::clone(&queue)));
        }
        // When it is behind schedule the pacer does not wait; without a yield, answers would not be read.
        tokio::task::consume_budget().await;
    }
    Ok(())
}

/// What one user needs.
struct User {
    number: u64,
    run: Arc<RunState>,
    records: Arc<WorkerRecords>,
    slot: Arc<Slot>,
}

/// Runs one user: sends the first request, then further due requests until the queue is closed.
async fn serve(user: User, first: Instant, queue: Arc<ArrivalQueue>) {
    let User { number, run, records, slot } = user;
    let _counted = UserGuard::new(&run);
    let mut random = run.random(number);
    let mut connection = UserConnection::new(number, &run, slot);
    let is_plain = run.scenario.is_plain();
    let user = Arc::new(IdleUser::default());
    let mut next = Some(first);
    while let Some(due) = next {
        if is_plain {
            connection.request(&run, &records, &mut random, due).await;
        } else {
            Box::pin(make_next(&mut connection, &run, &records, &mut random, due)).await;
        }
        next = queue.next(&user, &run).await;
    }
}
