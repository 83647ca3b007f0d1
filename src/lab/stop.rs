//! Whether somebody has asked the lab to stop; asked at every step.

use tokio::sync::watch;

/// Knows whether somebody has asked to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Runs `work`, which asks whether `interrupt` has resolved as often as it likes.
    pub(super) async fn while_running<T, W: Future<Output = T>>(
        interrupt: impl Future<Output = ()>,
        work: impl FnOnce(Self) -> W,
    ) -> T {
        let (asked, stop) = watch::channel(false);
        let listening = async {
            interrupt.await;
            asked.send_replace(true);
            // Only the work ends the work.
            std::future::pending::<T>().await
        };
        tokio::select! {
            result = work(Self(stop)) => result,
            never = listening => never,
        }
    }

    /// Resolves when somebody asks, at once if somebody has.
    pub(super) async fn asked(&self) {
        // The sender lives as long as the work.
        drop(self.0.clone().wait_for(|asked| *asked).await);
    }

    /// Whether somebody has asked.
    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }
}
