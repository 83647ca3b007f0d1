//! The threads that send: each has its own runtime, users, connections and shard of results, so that a request involves
//! no other core.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::channel::Slots;
use super::dispatcher::Dispatcher;
use super::profile::Profile;
use super::state::{RunState, WorkerRecords};
use super::user::{self, LeaveSignal};

/// A command to a worker.
#[derive(Debug)]
enum WorkerCommand {
    /// Start a user with this number.
    Start(u64),
    /// Let the user that started last leave.
    Leave,
    /// The load was changed: what is due from now on belongs to another level.
    Level,
    /// Send requests at another rate from now on.
    Follow(Profile),
    Stop,
}

/// A worker thread and the channel of its commands.
#[derive(Debug)]
pub(super) struct Worker {
    commands: mpsc::UnboundedSender<WorkerCommand>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts a worker, which records at this index.
    pub(super) fn start(index: usize, run: &Arc<RunState>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (commands, received) = mpsc::unbounded_channel();
        let run = Arc::clone(run);
        let thread = std::thread::Builder::new().name(format!("loadtest-{index}")).spawn(move || {
            runtime.block_on(work(index, run, received));
            // Users that still wait for an answer are dropped with the runtime.
        })?;
        Ok(Self { commands, thread })
    }

    /// Starts a closed user with the random numbers of this number.
    pub(super) fn start_user(&self, number: u64) {
        // A worker that has ended cannot start a user, and nothing needs to be done.
        drop(self.commands.send(WorkerCommand::Start(number)));
    }

    /// Lets the user that started last leave.
    pub(super) fn let_one_leave(&self) {
        drop(self.commands.send(WorkerCommand::Leave));
    }

    /// Begins another level of the load, before or after other commands.
    pub(super) fn begin_level(&self) {
        drop(self.commands.send(WorkerCommand::Level));
    }

    /// Follows another course of the rate.
    pub(super) fn follow(&self, course: Profile) {
        drop(self.commands.send(WorkerCommand::Follow(course)));
    }

    /// Sends no more requests; outstanding answers are still awaited.
    pub(super) fn stop(&self) {
        drop(self.commands.send(WorkerCommand::Stop));
    }

    /// Ends the worker, even if users still wait for answers.
    pub(super) fn end(self) {
        drop(self.commands);
        // A panic in a worker was printed when it happened.
        drop(self.thread.join());
    }
}

/// The interval of the timer that measures a worker's lateness.
const PROBE: Duration = Duration::from_millis(10);

async fn work(index: usize, run: Arc<RunState>, mut commands: mpsc::UnboundedReceiver<WorkerCommand>) {
    let records = Arc::clone(&run.records[index]);
    let sending = Arc::new(AtomicBool::new(true));
    let probe = tokio::spawn(probe(Arc::clone(&records), Arc::clone(&sending)));
    let mut users: Vec<Arc<LeaveSignal>> = Vec::new();
    let mut slots = Slots::new(&run);
    let mut dispatcher = Dispatcher::start(index, &run, &records);
    while let Some(command) = commands.recv().await {
        match command {
            WorkerCommand::Start(number) => {
                let leave = Arc::new(LeaveSignal::default());
                users.push(Arc::clone(&leave));
                let (run, records) = (Arc::clone(&run), Arc::clone(&records));
                tokio::spawn(user::run(number, run, records, leave, slots.next()));
            }
            WorkerCommand::Leave => users.pop().iter().for_each(|user| user.tell()),
            WorkerCommand::Level => records.begin_level(Instant::now()),
            WorkerCommand::Follow(course) => dispatcher.iter().for_each(|dispatcher| dispatcher.follow(course.clone())),
            WorkerCommand::Stop => {
                records.beat();
                // A worker that only waits for the last answers is on time, however busy it was before, so lateness is
                // no longer measured. A standstill still delays the answers.
                sending.store(false, Ordering::Relaxed);
                users.drain(..).for_each(|user| user.tell());
                if let Some(dispatcher) = &mut dispatcher {
                    dispatcher.stop(&records).await;
                }
            }
        }
    }
    records.beat();
    probe.abort();
    if let Some(dispatcher) = dispatcher {
        run.counts.count_missed(dispatcher.waiting(run.measured_from));
    }
}

/// Gives a sign of life at every interval and, while requests are sent, measures how late this worker's timers fire.
async fn probe(records: Arc<WorkerRecords>, sending: Arc<AtomicBool>) {
    loop {
        let due = Instant::now() + PROBE;
        tokio::time::sleep_until(due).await;
        // The runtime's timers have a resolution of one millisecond.
        let late = due.elapsed().saturating_sub(Duration::from_millis(1));
        records.beat();
        if sending.load(Ordering::Relaxed) {
            records.record_timer(due, late);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::engine::config::Config;
    use crate::loadtest::scenario::Scenario;

    #[tokio::test]
    async fn lateness_is_not_measured_while_a_worker_only_waits_for_answers() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = Arc::new(RunState::for_tests(Config::small(0), scenario, 1));
        let (commands, received) = mpsc::unbounded_channel();
        let worker = tokio::spawn(work(0, Arc::clone(&run), received));
        let timed = async || {
            tokio::time::sleep(10 * PROBE).await;
            run.records[0].take().current.late_timers.count()
        };
        assert!(timed().await > 0);
        commands.send(WorkerCommand::Stop).unwrap();
        // Drops what was timed before the command arrived.
        timed().await;
        assert_eq!(timed().await, 0);
        drop(commands);
        worker.await.unwrap();
    }
}
