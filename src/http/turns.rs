//! New connections begin in turns, by address.
//!
//! A client can open hundreds of connections at once. If each were started on arrival, all of them would be in front of
//! the connection that another client opens next, and that client would wait until all were served. So only a few
//! connections begin at the same time, and of those that wait for it, each address in turn has one started.
//!
//! To begin means to run until the connection waits for something for the first time. That takes some ten microseconds,
//! whatever the client does, so a client that sends nothing keeps nobody waiting.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections that may begin at the same time: enough for all processors, and what every other one waits for.
const AT_ONCE: usize = 32;

/// The connections that begin, and those that wait for it.
#[derive(Debug)]
pub(super) struct Turns<F>(Mutex<State<F>>);

#[derive(Debug)]
struct State<F> {
    /// The number of connections that begin now.
    beginning: usize,
    /// The waiting connections of each address, which are never none.
    waiting: HashMap<IpAddr, VecDeque<F>>,
    /// The addresses in `waiting`, the next one first.
    order: VecDeque<IpAddr>,
}

impl<F: Future<Output = ()> + Send + 'static> Turns<F> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { beginning: 0, waiting: HashMap::new(), order: VecDeque::new() }))
    }

    /// Runs `serving`, which is a connection from `address`, in a task of its own when it is its turn.
    pub(super) fn begin(self: &Arc<Self>, address: IpAddr, serving: F) {
        let mut state = self.state();
        if state.beginning < AT_ONCE {
            state.beginning += 1;
            drop(state);
            self.start(serving);
        } else {
            state.wait(address, serving);
        }
    }

    fn start(self: &Arc<Self>, serving: F) {
        let turns = Arc::clone(self);
        tokio::spawn(async move {
            let mut serving = pin!(serving);
            let mut turn = Some(Turn(turns));
            poll_fn(|context| {
                let polled = serving.as_mut().poll(context);
                // It has begun. After a panic the turn ends as well.
                turn = None;
                polled
            })
            .await;
        });
    }

    /// Records that one has begun, and starts the next one.
    fn end(self: &Arc<Self>) {
        let mut state = self.state();
        if let Some(serving) = state.next() {
            drop(state);
            self.start(serving);
        } else {
            state.beginning -= 1;
        }
    }

    /// No code that holds the lock can panic in the middle of a change.
    fn state(&self) -> MutexGuard<'_, State<F>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> State<F> {
    fn wait(&mut self, address: IpAddr, serving: F) {
        let waiting = self.waiting.entry(address).or_default();
        if waiting.is_empty() {
            self.order.push_back(address);
        }
        waiting.push_back(serving);
    }

    /// The oldest waiting connection of the address whose turn it is.
    fn next(&mut self) -> Option<F> {
        let address = self.order.pop_front()?;
        let Entry::Occupied(mut waiting) = self.waiting.entry(address) else { return None };
        let serving = waiting.get_mut().pop_front();
        if waiting.get().is_empty() {
            waiting.remove();
        } else {
            self.order.push_back(address);
        }
        serving
    }
}

/// A connection that begins; the next one begins when this is dropped.
struct Turn<F: Future<Output = ()> + Send + 'static>(Arc<Turns<F>>);

impl<F: Future<Output = ()> + Send + 'static> Drop for Turn<F> {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const FEW: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

    /// Begins one connection for each address, and gives the addresses in the order in which they began. Each then
    /// waits for its client for ever.
    async fn began(addresses: &[IpAddr]) -> Vec<IpAddr> {
        let began = Arc::new(Mutex::new(Vec::new()));
        let turns = Arc::new(Turns::new());
        for &address in addresses {
            let began = Arc::clone(&began);
            turns.begin(address, async move {
                began.lock().unwrap().push(address);
                std::future::pending::<()>().await;
            });
        }
        while began.lock().unwrap().len() < addresses.len() {
            tokio::task::yield_now().await;
        }
        let state = turns.state();
        assert!(state.beginning == 0 && state.waiting.is_empty() && state.order.is_empty());
        drop(state);
        let began = began.lock().unwrap();
        began.clone()
    }

    #[tokio::test]
    async fn whoever_opens_many_is_overtaken_by_whoever_opens_few() {
        let began = began(&[&[MANY; 500][..], &[FEW; 2]].concat()).await;
        let places: Vec<_> = began.iter().enumerate().filter(|(_, address)| **address == FEW).collect();
        assert!(places.iter().all(|(place, _)| *place <= AT_ONCE + 4), "{places:?}");
    }

    #[tokio::test]
    async fn a_connection_that_panics_or_ends_at_once_ends_its_turn() {
        let turns = Arc::new(Turns::new());
        for number in 0..3 * AT_ONCE {
            turns.begin(MANY, async move { assert!(number % 2 == 0, "on purpose") });
        }
        while turns.state().beginning > 0 {
            tokio::task::yield_now().await;
        }
        assert!(turns.state().waiting.is_empty());
    }
}
