//! Watches all subjects while a load test runs: one task for each, which looks, waits and looks again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::mysql::DatabaseWatch;
use super::observed::Observed;
use super::pace::Pace;
use super::processes::ProcessWatch;
use super::redis::RedisWatch;
use super::subject::Subject;

/// The time between two looks at the connections of a database: a statement that takes a few milliseconds is rarely seen.
const DATABASE_EVERY: Duration = Duration::from_millis(250);

/// The time between two looks at Redis and at processes, whose counters lose nothing in between.
const OTHERS_EVERY: Duration = Duration::from_secs(1);

/// The longest wait for the last look of all.
const LAST_LOOK: Duration = Duration::from_secs(10);

/// Why a subject cannot be watched, as a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ObserveError(String);

impl From<String> for ObserveError {
    fn from(sentence: String) -> Self {
        Self(sentence)
    }
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Observing {
    began: Instant,
    seen: Arc<Mutex<Observed>>,
    /// Tells the tasks to look for the last time.
    enough: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Observing {
    /// Opens everything and begins to look.
    pub async fn start(subjects: &[Subject]) -> Result<Self, ObserveError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let seen = Arc::new(Mutex::new(Observed { processors, ..Observed::default() }));
        let (enough, asked) = watch::channel(false);
        let mut watches = Vec::new();
        for subject in subjects {
            watches.push(match subject {
                Subject::Database(database) => Watch::Database(Box::new(DatabaseWatch::open(database).await?)),
                Subject::Redis(redis) => Watch::Redis(Box::new(RedisWatch::open(redis).await?)),
                Subject::Process(process) => Watch::Process(Box::new(ProcessWatch::open(*process)?)),
            });
        }
        let tasks = watches.into_iter().map(|watch| {
            let place = watch.reserve(&seen);
            tokio::spawn(watch.run(place, Arc::clone(&seen), asked.clone()))
        });
        let tasks = Mutex::new(tasks.collect());
        Ok(Self { began: Instant::now(), seen, enough, tasks })
    }

    /// What was seen so far.
    pub fn so_far(&self) -> Observed {
        let mut seen = lock(&self.seen).clone();
        if seen.seconds <= 0.0 {
            seen.seconds = self.began.elapsed().as_secs_f64();
        }
        seen
    }

    /// Looks for the last time and ends the watching; [`Self::so_far`] then gives everything.
    pub async fn finish(&self) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.enough.send_replace(true);
        let tasks: Vec<_> = std::mem::take(&mut *lock(&self.tasks));
        let ended = async {
            for task in tasks {
                // A task that broke has told what it saw before.
                drop(task.await);
            }
        };
        drop(tokio::time::timeout(LAST_LOOK, ended).await);
        lock(&self.seen).seconds = seconds;
    }
}

impl Drop for Observing {
    fn drop(&mut self) {
        lock(&self.tasks).iter().for_each(JoinHandle::abort);
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is inside is replaced as a whole.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one task watches.
#[derive(Debug)]
enum Watch {
    Database(Box<DatabaseWatch>),
    Redis(Box<RedisWatch>),
    Process(Box<ProcessWatch>),
}

impl Watch {
    /// Makes room for what it will see; gives the place.
    fn reserve(&self, seen: &Mutex<Observed>) -> usize {
        let mut seen = lock(seen);
        match self {
            Self::Database(watch) => {
                seen.databases.push(watch.so_far());
                seen.databases.len() - 1
            }
            Self::Redis(watch) => {
                seen.caches.push(watch.so_far());
                seen.caches.len() - 1
            }
            Self::Process(watch) => {
                seen.processes.push(watch.so_far());
                seen.processes.len() - 1
            }
        }
    }

    async fn run(mut self, place: usize, seen: Arc<Mutex<Observed>>, mut asked: watch::Receiver<bool>) {
        let mut rhythm = Pace::new(self.interval());
        loop {
            let looked = Instant::now();
            let last = *asked.borrow();
            let goes_on = self.look(last).await;
            self.tell(place, &mut lock(&seen));
            if last || !goes_on {
                return;
            }
            let pause = rhythm.pause(looked.elapsed());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = asked.changed() => {}
            }
        }
    }

    fn interval(&self) -> Duration {
        match self {
            Self::Database(_) => DATABASE_EVERY,
            Self::Redis(_) | Self::Process(_) => OTHERS_EVERY,
        }
    }

    /// Looks; false if it cannot go on.
    async fn look(&mut self, last: bool) -> bool {
        match self {
            Self::Database(watch) if last => watch.last_look().await,
            Self::Database(watch) => watch.look().await,
            Self::Redis(watch) => {
                let looked = watch.look().await;
                looked.map_err(|why| watch.lost(why)).is_ok()
            }
            Self::Process(watch) => {
                watch.look();
                true
            }
        }
    }

    fn tell(&self, place: usize, seen: &mut Observed) {
        match self {
            Self::Database(watch) => seen.databases[place] = watch.so_far(),
            Self::Redis(watch) => seen.caches[place] = watch.so_far(),
            Self::Process(watch) => seen.processes[place] = watch.so_far(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ProcessSubject, Role};
    use super::*;

    #[tokio::test]
    async fn what_cannot_be_watched_is_said_before_the_load() {
        let subject: Subject = "redis://127.0.0.1:1".parse().unwrap();
        let error = Observing::start(&[subject]).await.unwrap_err().to_string();
        assert!(error.starts_with("redis://127.0.0.1:1 cannot be observed: "), "{error}");
    }

    #[tokio::test]
    async fn a_process_is_watched_until_the_end() {
        let subject = Subject::Process(ProcessSubject { pid: std::process::id(), role: Role::Service });
        let observing = Observing::start(&[subject]).await.unwrap();
        assert_eq!(observing.so_far().processes.len(), 1);
        tokio::time::sleep(Duration::from_millis(600)).await;
        observing.finish().await;
        let seen = observing.so_far();
        assert!(seen.seconds >= 0.5 && seen.processes[0].alive, "{seen:?}");
        assert!(seen.processes[0].cost.queries >= 3, "the first, one of the task, and the last: {seen:?}");
    }
}
