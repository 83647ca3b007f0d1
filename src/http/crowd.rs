//! Who is connected, and who makes room when everything is taken.
//!
//! Connections are bounded, and a client can hold one for minutes without asking for anything. So when all are taken and
//! another client comes, the address that holds most of them gives one up: its oldest one that waits for its client. One
//! that is being worked for is never given up.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The client has to do something next: send a request, the rest of one, or read an answer.
const WAITS_FOR_CLIENT: u8 = 0;
/// The store works on a request.
const WORKS: u8 = 1;
/// It is to be closed.
const LEAVES: u8 = 2;

/// All connections of one listener.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    next: u64,
    /// By address, and there in the order in which they came.
    taken: HashMap<IpAddr, BTreeMap<u64, Arc<Member>>>,
}

/// What a connection is doing.
#[derive(Debug, Default)]
pub(super) struct Member {
    state: AtomicU8,
    leave: Notify,
}

/// A connection's place; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
    number: u64,
    member: Arc<Member>,
}

impl Crowd {
    /// Takes a place for a connection from an address.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Place {
        let member = Arc::new(Member::default());
        let mut places = self.places();
        let number = places.next;
        places.next += 1;
        places.taken.entry(address).or_default().insert(number, Arc::clone(&member));
        drop(places);
        Place { crowd: Arc::clone(self), address, number, member }
    }

    /// Asks one connection to leave. False when none can: all are being worked for, or leave already.
    pub(super) fn make_room(&self) -> bool {
        let places = self.places();
        let mut addresses: Vec<_> = places.taken.values().collect();
        addresses.sort_unstable_by_key(|members| std::cmp::Reverse(members.len()));
        addresses.iter().any(|members| members.values().any(|member| member.asked_to_leave()))
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // A map that is whole between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// From now on the store works for it. False when it is to leave.
    pub(super) fn begin_work(&self) -> bool {
        self.become_from(WAITS_FOR_CLIENT, WORKS)
    }

    /// It waits for its client again.
    pub(super) fn end_work(&self) {
        self.become_from(WORKS, WAITS_FOR_CLIENT);
    }

    /// Waits until it is asked to leave.
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
    /// What the connection is doing.
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
