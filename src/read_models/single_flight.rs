//! Shares one computation among all callers that ask while it runs.
//!
//! The computation runs in a task of its own, so the caller that started it may be cancelled without failing the others.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The future result of a computation; `None` while it runs.
type Pending<T> = watch::Receiver<Option<T>>;

/// The computation that runs now, if there is one.
#[derive(Debug)]
pub(super) struct SingleFlight<T> {
    current: Mutex<Option<Pending<T>>>,
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    pub(super) fn new() -> Self {
        Self { current: Mutex::new(None) }
    }

    /// Joins the running computation, or starts one.
    pub(super) fn join<F>(&self, start: impl FnOnce() -> F) -> Joined<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = current.as_ref()
            && outcome.borrow().is_none()
            && outcome.has_changed().is_ok()
        {
            return Joined(outcome.clone());
        }
        let (done, outcome) = watch::channel(None);
        *current = Some(outcome.clone());
        let computation = start();
        tokio::spawn(async move { drop(done.send(Some(computation.await))) });
        Joined(outcome)
    }
}

/// A caller's share in a computation.
pub(super) struct Joined<T>(Pending<T>);

impl<T: Clone> Joined<T> {
    /// Waits for the result; `None` if the computation panicked.
    pub(super) async fn result(mut self) -> Option<T> {
        self.0.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn everybody_who_asks_meanwhile_shares_one_computation() {
        let flight = SingleFlight::new();
        let count = Arc::new(AtomicU32::new(0));
        let start = || {
            let count = Arc::clone(&count);
            async move {
                tokio::task::yield_now().await;
                count.fetch_add(1, Ordering::SeqCst) + 1
            }
        };
        let (first, second) = (flight.join(start), flight.join(start));
        assert_eq!((first.result().await, second.result().await), (Some(1), Some(1)));
        assert_eq!(flight.join(start).result().await, Some(2), "the next one computes anew");
    }

    #[tokio::test]
    async fn one_who_hangs_up_does_not_fail_the_others() {
        let flight = SingleFlight::new();
        drop(flight.join(|| async { 7 }));
        assert_eq!(flight.join(|| async { 8 }).result().await, Some(7));
    }

    #[tokio::test]
    async fn after_a_panic_the_next_one_computes() {
        let flight = SingleFlight::<u32>::new();
        assert_eq!(flight.join(|| async { panic!("expected by this test") }).result().await, None);
        assert_eq!(flight.join(|| async { 9 }).result().await, Some(9));
    }
}
