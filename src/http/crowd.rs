//! The open connections by client address, and the choice of one to close when all places are taken.
//!
//! The number of connections is limited, and a client can hold one for minutes without sending a request. So when all
//! places are taken and another client connects, the address with the most connections loses one: the oldest of those
//! that wait for their client. A connection with a request in progress is never closed for this reason.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The connection waits for its client to send a request, to send the rest of one, or to read an answer.
const WAITS_FOR_CLIENT: u8 = 0;
/// The store works on a request of this connection.
const WORKS: u8 = 1;
/// The connection was asked to close.
const LEAVES: u8 = 2;

/// All connections of one listener, by address.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    next: u64,
    /// The connections of each address, in the order in which they were accepted.
    taken: HashMap<IpAddr, BTreeMap<u64, Arc<Member>>>,
}

/// The state of one connection, shared with the crowd.
#[derive(Debug, Default)]
pub(super) struct Member {
    state: AtomicU8,
    leave: Notify,
}

/// The place of one connection, which becomes free on drop.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
    number: u64,
    member: Arc<Member>,
}

impl Crowd {
    /// Registers a new connection from `address`.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Place {
        let member = Arc::new(Member::default());
        let mut places = self.places();
        let number = places.next;
        places.next += 1;
        places.taken.entry(address).or_default().insert(number, Arc::clone(&member));
        drop(places);
        Place { crowd: Arc::clone(self), address, number, member }
    }

    /// Asks one connection to close. Returns false if none can: each has a request in progress or is closing already.
    pub(super) fn make_room(&self) -> bool {
        let places = self.places();
        let mut addresses: Vec<_> = places.taken.values().collect();
        addresses.sort_unstable_by_key(|members| std::cmp::Reverse(members.len()));
        addresses.iter().any(|members| members.values().any(|member| member.asked_to_leave()))
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // The map is consistent after every statement, so a panic elsewhere leaves it usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// Marks that the store works on a request. Returns false if the connection was asked to close.
    pub(super) fn begin_work(&self) -> bool {
        self.become_from(WAITS_FOR_CLIENT, WORKS)
    }

    /// Marks that the connection waits for its client again.
    pub(super) fn end_work(&self) {
        self.become_from(WORKS, WAITS_FOR_CLIENT);
    }

    /// Resolves when the connection is asked to close.
    pub(super) async fn asked(&self) {
        self.leave.notified().await;
    }

    fn asked_to_leave(&self) -> bool {
        let leaves = self.become_from(WAITS_FOR_CLIENT, LEAVES);
        if leaves {
            self.leave.notify_one();
        }
        leaves
    }

    fn become_from(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Place {
    /// The shared state of this connection.
    pub(super) fn member(&self) -> &Arc<Member> {
        &self.member
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.crowd.places();
        if let Some(members) = places.taken.get_mut(&self.address) {
            members.remove(&self.number);
            if members.is_empty() {
                places.taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(place: &Place) -> bool {
        place.member.state.load(Ordering::Acquire) == LEAVES
    }

    #[test]
    fn who_has_most_gives_up_the_oldest_that_is_not_worked_for() {
        let crowd = Arc::new(Crowd::default());
        let (few, many) = (IpAddr::from([127, 0, 0, 2]), IpAddr::from([127, 0, 0, 1]));
        let one = crowd.enter(few);
        let others: Vec<_> = (0..3).map(|_| crowd.enter(many)).collect();
        assert!(others[0].member.begin_work());
        assert!(crowd.make_room());
        assert_eq!([&one, &others[0], &others[1], &others[2]].map(leaves), [false, false, true, false]);
        assert!(!others[1].member.begin_work(), "one that leaves does not begin anything");
        assert!(crowd.make_room() && leaves(&others[2]));
        assert!(crowd.make_room() && leaves(&one), "the others of that address cannot");
        assert!(!crowd.make_room());
        others[0].member.end_work();
        assert!(crowd.make_room() && leaves(&others[0]));
        drop((one, others));
        assert!(crowd.places().taken.is_empty());
    }
}
