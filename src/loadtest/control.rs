//! The channel that steers a run while it lasts.
//!
//! The side that steers, such as the terminal or the lab, holds a `Controller`; the run holds a [`Steering`]. Neither
//! knows the other. The channel holds the wanted state, not a list of commands, so it can be changed from several
//! places and before the run begins, and a search passes it on from run to run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// The most levels of the load that a run tells apart: more than a person makes by hand, and few enough for their histograms.
/// The first change makes two of one, and each further change one more.
pub(in crate::loadtest) const MOST_LEVELS: usize = 100;

/// The most changes that make no more levels.
const MOST_CHANGES: u64 = MOST_LEVELS as u64 - 1;

/// The wanted state of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Wanted {
    /// Whether the run should end now, with everything gathered so far.
    interrupted: bool,
    /// Whether the run should send no more requests, as if its time were over.
    stopped: bool,
    /// The load that was asked for last; `None` if it is the one that the run began with.
    load: Option<SteeredLoad>,
    paused: bool,
    /// How often the load was changed, so that the run sees each state once.
    changes: u64,
}

/// A load that was asked for while a run lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteeredLoad {
    /// Users, or requests per second.
    pub level: f64,
    /// By how much the load changes in a second until it is reached; `None` for at once.
    pub per_second: Option<f64>,
}

impl SteeredLoad {
    /// No request and no journey is begun from now on.
    pub(super) const NOTHING: Self = Self { level: 0.0, per_second: None };
}

/// What a run is told while it sends requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    /// To end now, with everything gathered so far.
    Interrupted,
    /// To send no more requests, and to wait for the answers as at the end of its time.
    Stopped,
    /// To pause: no request and no journey is begun until further notice.
    Paused,
    /// To go on with this load; `None` for the one that was planned.
    Load(Option<SteeredLoad>),
}

/// Why a run does not do what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::loadtest) enum Unheard {
    /// It sends no more requests: it was stopped, or its time is over.
    Over,
    /// It has as many levels as it tells apart. Before a pause one is kept for what comes after it.
    TooManyLevels,
}

/// The sending end of the channel. Clones steer the same run.
#[derive(Clone, Debug)]
pub struct Controller {
    wanted: watch::Sender<Wanted>,
    over: Arc<AtomicBool>,
}

/// The receiving end of the channel, which the run holds.
#[derive(Clone, Debug)]
pub struct Steering {
    wanted: watch::Receiver<Wanted>,
    /// The changes of the load that the run has been told of.
    told: u64,
    /// Whether the run sends no more requests, so that only an interrupt changes anything.
    over: Arc<AtomicBool>,
}

/// Makes a channel: the end that steers and the end that is steered.
pub fn steering() -> (Controller, Steering) {
    let (sender, receiver) = watch::channel(Wanted::default());
    let over = Arc::default();
    (Controller { wanted: sender, over: Arc::clone(&over) }, Steering { wanted: receiver, told: 0, over })
}

/// Does work that can be steered, and interrupts it when `interrupt` resolves. The work is always awaited to its end,
/// which comes early after an interrupt.
pub async fn interrupted_by<Work: Future>(
    interrupt: impl Future<Output = ()>,
    work: impl FnOnce(Steering) -> Work,
) -> Work::Output {
    let (controller, steering) = steering();
    controller.interrupts(interrupt, work(steering)).await
}

impl Controller {
    /// Does work that this controller steers, and interrupts it when `interrupt` resolves. The work is always awaited to its
    /// end.
    pub async fn interrupts<Work: Future>(&self, interrupt: impl Future<Output = ()>, work: Work) -> Work::Output {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = interrupt => self.interrupt(),
        }
        work.await
    }

    /// Asks the run or the search to end now and keep its results.
    fn interrupt(&self) {
        self.wanted.send_modify(|wanted| wanted.interrupted = true);
    }

    /// Asks the run to send no more requests, as if its time were over.
    pub fn stop(&self) {
        self.wanted.send_modify(|wanted| wanted.stopped = true);
    }

    /// Asks the run to send nothing until it goes on. Nothing changes if it is paused already.
    pub(in crate::loadtest) fn pause(&self) -> Result<(), Unheard> {
        self.change(MOST_CHANGES - 1, |wanted| wanted.paused = true)
    }

    /// Asks a paused run to go on, with the load that was wanted last.
    pub(in crate::loadtest) fn go_on(&self) -> Result<(), Unheard> {
        self.change(MOST_CHANGES, |wanted| wanted.paused = false)
    }

    /// Asks for another load. A paused run goes on with it.
    pub(in crate::loadtest) fn set_load(&self, load: SteeredLoad) -> Result<(), Unheard> {
        self.change(MOST_CHANGES, |wanted| (wanted.load, wanted.paused) = (Some(load), false))
    }

    /// Changes what is wanted, unless nobody would hear it or it would be one of more than `most` changes.
    fn change(&self, most: u64, change: impl FnOnce(&mut Wanted)) -> Result<(), Unheard> {
        let mut heard = Ok(());
        self.wanted.send_if_modified(|wanted| {
            let mut then = *wanted;
            change(&mut then);
            let changes = then != *wanted;
            then.changes += u64::from(changes);
            if wanted.stopped || wanted.interrupted || self.over.load(Ordering::SeqCst) {
                heard = Err(Unheard::Over);
            } else if changes && then.changes > most {
                heard = Err(Unheard::TooManyLevels);
            } else {
                *wanted = then;
            }
            heard.is_ok() && changes
        });
        heard
    }
}

impl Steering {
    /// Resolves when the run should end; at once if that was asked before this call. Never resolves once all
    /// controllers are dropped.
    pub(super) async fn interrupted(&mut self) {
        if self.wanted.wait_for(|wanted| wanted.interrupted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Says that the run sends no more requests, and hears nothing but an interrupt.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Resolves when the run should end, stop or change its load. Of changes that follow each other at once it is told the
    /// last one. Never resolves once all controllers are dropped.
    pub(super) async fn told(&mut self) -> Told {
        let told = self.told;
        let news = self.wanted.wait_for(|wanted| wanted.interrupted || wanted.stopped || wanted.changes != told);
        let Ok(wanted) = news.await.map(|wanted| *wanted) else { return std::future::pending().await };
        self.told = wanted.changes;
        match wanted {
            Wanted { interrupted: true, .. } => Told::Interrupted,
            Wanted { stopped: true, .. } => Told::Stopped,
            Wanted { paused: true, .. } => Told::Paused,
            Wanted { load, .. } => Told::Load(load),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_interrupt_is_seen_by_late_and_by_several_receivers() {
        let (controller, mut steering) = steering();
        let mut second = steering.clone();
        controller.clone().interrupt();
        drop(controller);
        steering.interrupted().await;
        steering.interrupted().await;
        second.interrupted().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_without_a_controller_goes_on() {
        let (controller, mut steering) = steering();
        drop(controller);
        let waited = tokio::time::timeout(std::time::Duration::from_mins(1), steering.interrupted()).await;
        assert!(waited.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn interrupted_work_is_still_awaited_to_its_end() {
        let work = async |mut steering: Steering| {
            steering.interrupted().await;
            "what was gathered"
        };
        let interrupt = tokio::time::sleep(std::time::Duration::from_secs(5));
        assert_eq!(interrupted_by(interrupt, work).await, "what was gathered");
        assert_eq!(interrupted_by(std::future::pending(), async |_| 7).await, 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_is_told_each_wanted_load_once_and_of_several_the_last() {
        let (controller, mut steering) = steering();
        let load = |level| SteeredLoad { level, per_second: None };
        controller.set_load(load(20.0)).unwrap();
        controller.set_load(load(60.0)).unwrap();
        assert_eq!(steering.told().await, Told::Load(Some(load(60.0))));
        controller.set_load(load(60.0)).unwrap();
        controller.go_on().unwrap();
        let nothing = tokio::time::timeout(std::time::Duration::from_secs(1), steering.told()).await;
        assert!(nothing.is_err(), "what is so already is no change");
        controller.pause().unwrap();
        assert_eq!(steering.told().await, Told::Paused);
        controller.go_on().unwrap();
        assert_eq!(steering.told().await, Told::Load(Some(load(60.0))));
        controller.stop();
        assert_eq!(steering.told().await, Told::Stopped);
    }

    const FIVE: SteeredLoad = SteeredLoad { level: 5.0, per_second: None };

    #[test]
    fn a_run_that_sends_no_more_hears_of_no_change() {
        let (stopped, _listens) = steering();
        stopped.stop();
        let (over, ended) = steering();
        ended.end();
        for controller in [stopped, over] {
            let heard = [controller.pause(), controller.go_on(), controller.set_load(FIVE)];
            assert_eq!(heard, [Err(Unheard::Over); 3]);
        }
    }

    #[test]
    fn a_run_that_pauses_can_always_go_on() {
        let (controller, _steering) = steering();
        let pauses =
            (0..2 * MOST_LEVELS).take_while(|_| controller.pause().is_ok() && controller.go_on().is_ok()).count();
        assert_eq!(pauses, (MOST_LEVELS - 1) / 2, "a level for each change, and the first one");
        assert_eq!(controller.pause(), Err(Unheard::TooManyLevels));
        let (controller, _steering) = steering();
        let set = |level: usize| controller.set_load(SteeredLoad { level: level as f64, per_second: None });
        assert_eq!((0..2 * MOST_LEVELS).take_while(|level| set(*level).is_ok()).count(), MOST_LEVELS - 1);
        assert_eq!(set(MOST_LEVELS - 2), Ok(()), "it is so already");
    }
}
