//! What steers a run while it lasts.
//!
//! Whoever steers, a person at a terminal or the lab, has a [`Controller`]; the run has a [`Steering`]. Neither knows the
//! other. The channel holds what is wanted now, not a list of orders: it may be changed from several places and before the run
//! begins, and a search of several runs hands one on from run to run.

use tokio::sync::watch;

/// What is wanted of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// That it ends now, with everything that was gathered so far.
    interrupted: bool,
}

/// The end of the channel that steers.
#[derive(Clone, Debug)]
pub struct Controller(watch::Sender<Wanted>);

/// The end of the channel that is steered.
#[derive(Clone, Debug)]
pub struct Steering(watch::Receiver<Wanted>);

/// Makes both ends.
pub fn steering() -> (Controller, Steering) {
    let (sender, receiver) = watch::channel(Wanted::default());
    (Controller(sender), Steering(receiver))
}

/// Does some work that can be steered, and interrupts it when a future resolves. The work is always carried to its end: after
/// an interrupt it comes early.
pub async fn interrupted_by<Work: Future>(
    interrupt: impl Future<Output = ()>,
    work: impl FnOnce(Steering) -> Work,
) -> Work::Output {
    let (controller, steering) = steering();
    let mut work = std::pin::pin!(work(steering));
    tokio::select! {
        done = &mut work => return done,
        () = interrupt => controller.interrupt(),
    }
    work.await
}

impl Controller {
    /// Ends the run, or the search, that is steered.
    pub fn interrupt(&self) {
        self.0.send_modify(|wanted| wanted.interrupted = true);
    }
}

impl Steering {
    /// Resolves when the run is to end, at once if it was to end before this was asked. Never, if nobody steers any more.
    pub(super) async fn interrupted(&mut self) {
        if self.0.wait_for(|wanted| wanted.interrupted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_interrupt_is_seen_by_whoever_looks_later_and_by_each_of_several() {
        let (controller, mut steering) = steering();
        let mut second = steering.clone();
        controller.clone().interrupt();
        drop(controller);
        steering.interrupted().await;
        steering.interrupted().await;
        second.interrupted().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_nobody_steers_goes_on() {
        let (controller, mut steering) = steering();
        drop(controller);
        let waited = tokio::time::timeout(std::time::Duration::from_mins(1), steering.interrupted()).await;
        assert!(waited.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_interrupted_and_still_comes_to_its_end() {
        let work = async |mut steering: Steering| {
            steering.interrupted().await;
            "what was gathered"
        };
        let interrupt = tokio::time::sleep(std::time::Duration::from_secs(5));
        assert_eq!(interrupted_by(interrupt, work).await, "what was gathered");
        assert_eq!(interrupted_by(std::future::pending(), async |_| 7).await, 7);
    }
}
