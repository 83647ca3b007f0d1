//! The threads that send: each has a runtime, users, connections and a shard of results of its own, so that a request
//! crosses no other core.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::dispatcher::Dispatcher;
use super::state::{RunState, WorkerRecords};
use super::user::{self, LeaveSignal};

/// What a worker is told.
#[derive(Debug)]
enum WorkerCommand {
    /// One more user, with this number.
    Start(u64),
    /// The user who started last leaves.
    Leave,
    /// No request is sent any more.
    Stop,
}

/// A thread that sends.
#[derive(Debug)]
pub(super) struct Worker {
    commands: mpsc::UnboundedSender<WorkerCommand>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts a thread that records at this index.
    pub(super) fn start(index: usize, run: &Arc<RunState>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (commands, received) = mpsc::unbounded_channel();
        let run = Arc::clone(run);
        let thread = std::thread::Builder::new().name(format!("loadtest-{index}")).spawn(move || {
            runtime.block_on(work(index, run, received));
            // Whoever still waits for an answer is dropped with the runtime.
        })?;
        Ok(Self { commands, thread })
    }

    /// Starts a closed user, whose random numbers are those of this number.
    pub(super) fn start_user(&self, number: u64) {
        // A worker that is gone has nobody to start.
        drop(self.commands.send(WorkerCommand::Start(number)));
    }

    /// Lets the user leave who started last.
    pub(super) fn let_one_leave(&self) {
        drop(self.commands.send(WorkerCommand::Leave));
    }

    /// No request is sent any more; answers are still awaited.
    pub(super) fn stop(&self) {
        drop(self.commands.send(WorkerCommand::Stop));
    }

    /// Ends it, whoever still waits.
    pub(super) fn end(self) {
        drop(self.commands);
        // A panic in a worker was printed when it happened.
        drop(self.thread.join());
    }
}

/// The timer by which a worker's lateness is measured.
const PROBE: Duration = Duration::from_millis(10);

async fn work(index: usize, run: Arc<RunState>, mut commands: mpsc::UnboundedReceiver<WorkerCommand>) {
    let records = Arc::clone(&run.records[index]);
    let probe = tokio::spawn(probe(Arc::clone(&records)));
    let mut users: Vec<Arc<LeaveSignal>> = Vec::new();
    let mut dispatcher = Dispatcher::start(index, &run, &records);
    while let Some(command) = commands.recv().await {
        match command {
            WorkerCommand::Start(number) => {
                let leave = Arc::new(LeaveSignal::default());
                users.push(Arc::clone(&leave));
                tokio::spawn(user::run(number, Arc::clone(&run), Arc::clone(&records), leave));
            }
            WorkerCommand::Leave => users.pop().iter().for_each(|user| user.tell()),
            WorkerCommand::Stop => {
                // Who only waits for the last answers is on time, whatever was before.
                probe.abort();
                users.drain(..).for_each(|user| user.tell());
                if let Some(dispatcher) = &mut dispatcher {
                    dispatcher.stop(&records).await;
                }
            }
        }
    }
    probe.abort();
    if let Some(dispatcher) = dispatcher {
        run.counts.count_missed(dispatcher.waiting(run.measured_from));
    }
}

/// Measures how late this worker comes to what is due.
async fn probe(records: Arc<WorkerRecords>) {
    loop {
        let due = Instant::now() + PROBE;
        tokio::time::sleep_until(due).await;
        // The runtime's timers count in whole milliseconds.
        let late = due.elapsed().saturating_sub(Duration::from_millis(1));
        records.record_timer(due, late);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::engine::config::Config;
    use crate::loadtest::scenario::Scenario;

    #[tokio::test]
    async fn a_worker_that_only_waits_for_answers_is_not_timed() {
        let scenario = Scenario::store(1, 1, &[]).unwrap();
        let run = Arc::new(RunState::new(Config::small(0), scenario, Vec::new(), true, false, 1));
        let (commands, received) = mpsc::unbounded_channel();
        let worker = tokio::spawn(work(0, Arc::clone(&run), received));
        let timed = async || {
            tokio::time::sleep(10 * PROBE).await;
            run.records[0].take().late_timers.count()
        };
        assert!(timed().await > 0);
        commands.send(WorkerCommand::Stop).unwrap();
        // What was timed before the order was read.
        timed().await;
        assert_eq!(timed().await, 0);
        drop(commands);
        worker.await.unwrap();
    }
}
