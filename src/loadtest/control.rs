//! The channel that steers a run while it lasts.
//!
//! The side that steers, such as the terminal or the lab, holds a `Controller`; the run holds a [`Steering`]. Neither
//! knows the other. The channel holds the wanted state, not a list of commands, so it can be changed from several
//! places and before the run begins, and a search passes it on from run to run.

use tokio::sync::watch;

/// The wanted state of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// Whether the run should end now, with everything gathered so far.
    interrupted: bool,
}

/// The sending end of the channel. Clones steer the same run.
#[derive(Clone, Debug)]
struct Controller(watch::Sender<Wanted>);

/// The receiving end of the channel, which the run holds.
#[derive(Clone, Debug)]
pub struct Steering(watch::Receiver<Wanted>);

/// Makes a channel: the end that steers and the end that is steered.
fn steering() -> (Controller, Steering) {
    let (sender, receiver) = watch::channel(Wanted::default());
    (Controller(sender), Steering(receiver))
}

/// Does work that can be steered, and interrupts it when `interrupt` resolves. The work is always awaited to its end,
/// which comes early after an interrupt.
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
    /// Asks the run or the search to end now and keep its results.
    fn interrupt(&self) {
        self.0.send_modify(|wanted| wanted.interrupted = true);
    }
}

impl Steering {
    /// Resolves when the run should end; at once if that was asked before this call. Never resolves once all
    /// controllers are dropped.
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
}
