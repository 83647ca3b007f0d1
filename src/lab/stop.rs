//! Tells the lab whether it was asked to stop. Every step checks it.

use tokio::sync::watch;

/// Knows whether the lab was asked to stop. Clones share the answer.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Runs `work` and tells it when `interrupt` resolves. The work ends itself.
    pub(super) async fn while_running<T, W: Future<Output = T>>(
        interrupt: impl Future<Output = ()>,
        work: impl FnOnce(Self) -> W,
    ) -> T {
        let (asked, stop) = watch::channel(false);
        let listening = async {
            interrupt.await;
            asked.send_replace(true);
            // Never returns, so that only the work itself ends the work.
            std::future::pending::<T>().await
        };
        tokio::select! {
            result = work(Self(stop)) => result,
            never = listening => never,
        }
    }

    /// Resolves when the lab is asked to stop; at once if it already was.
    pub(super) async fn asked(&self) {
        // The sender lives as long as the work, so this cannot fail.
        drop(self.0.clone().wait_for(|asked| *asked).await);
    }

    /// Whether the lab was asked to stop.
    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }
}
