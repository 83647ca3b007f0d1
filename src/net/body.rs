//! The body of an answer as it arrives: where it ends, and how much of it is kept.
//!
//! Its length is in the server's hands, so what is kept is bounded, for one answer and for all connections together.
//! Everything else is counted and discarded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::NetError;
use super::chunks::Chunks;
use super::reply::Framing;

/// The most bytes of one body that are kept. A list of ten thousand products has less than one MiB; and a tree of JSON
/// values takes up to 30 times as much memory as its text.
pub const MOST_BODY_BYTES: usize = 8 << 20;

/// The most bytes that all connections together keep of answers, beyond a few KiB each: a thousand users in the middle
/// of a body of 128 KiB, which a machine that generates load can spare.
pub const MOST_BYTES_OF_ALL: usize = 128 << 20;

/// The bytes that a connection keeps without asking the budget: the memory that each has anyway.
pub(super) const FREE_BYTES: usize = 4 << 10;

/// What a caller wants to read of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepBody {
    /// Nothing: it is counted.
    Nothing,
    /// The first 4 KiB, which contain what an error says of itself.
    Start,
    /// All of it. If it is larger than [`MOST_BODY_BYTES`], or all connections together keep [`MOST_BYTES_OF_ALL`],
    /// nothing of it is kept, and it is counted to its end.
    Whole,
}

/// The bytes that the connections of a run may still keep together.
#[derive(Debug)]
pub struct BodyBudget {
    left: AtomicUsize,
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self { left: AtomicUsize::new(MOST_BYTES_OF_ALL) }
    }
}

impl BodyBudget {
    fn take(&self, bytes: usize) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What one connection has taken from the budget; it is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<BodyBudget>,
    taken: usize,
}

impl Share {
    pub(super) fn of(budget: &Arc<BodyBudget>) -> Self {
        Self { budget: Arc::clone(budget), taken: 0 }
    }

    /// Takes bytes from the budget. False if it has fewer left.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let taken = self.budget.take(bytes);
        if taken {
            self.taken += bytes;
        }
        taken
    }

    pub(super) fn give_back(&mut self) {
        if self.taken > 0 {
            self.budget.give_back(std::mem::take(&mut self.taken));
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// The part of a body that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    share: Share,
    keep: KeepBody,
}

impl Kept {
    pub(super) fn new(budget: &Arc<BodyBudget>) -> Self {
        Self { bytes: Vec::new(), share: Share::of(budget), keep: KeepBody::Nothing }
    }

    pub(super) fn begin(&mut self, keep: KeepBody) {
        self.bytes.clear();
        self.keep = keep;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn add(&mut self, data: &[u8]) {
        match self.keep {
            KeepBody::Nothing => {}
            KeepBody::Start => {
                let room = FREE_BYTES.saturating_sub(self.bytes.len());
                self.bytes.extend_from_slice(&data[..data.len().min(room)]);
            }
            KeepBody::Whole => {
                if self.make_room(data.len()) {
                    self.bytes.extend_from_slice(data);
                } else {
                    self.keep = KeepBody::Nothing;
                    self.rest();
                }
            }
        }
    }

    /// Makes room for so many bytes. False if they are too many for one body or for all.
    fn make_room(&mut self, bytes: usize) -> bool {
        let (wanted, capacity) = (self.bytes.len() + bytes, self.bytes.capacity());
        if wanted > MOST_BODY_BYTES {
            return false;
        }
        if wanted <= capacity {
            return true;
        }
        let larger = wanted.max(2 * capacity).max(FREE_BYTES);
        let grows = self.share.take(larger - capacity.max(FREE_BYTES));
        if grows {
            self.bytes.reserve_exact(larger - self.bytes.len());
        }
        grows
    }

    /// Discards what was kept, and all memory but a few KiB.
    pub(super) fn rest(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(FREE_BYTES);
        self.share.give_back();
    }
}

/// A reader that finds the end of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyEnd {
    part: Part,
    /// Bytes of the body so far, without the chunk lengths.
    pub(super) received: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// This many bytes are missing.
    Missing(u64),
    Chunked(Chunks),
    UntilClosed,
}

impl BodyEnd {
    pub(super) fn of(framing: Framing) -> Self {
        let part = match framing {
            Framing::Length(length) => Part::Missing(length),
            Framing::Chunked => Part::Chunked(Chunks::default()),
            Framing::UntilClosed => Part::UntilClosed,
        };
        Self { part, received: 0 }
    }

    pub(super) fn is_reached(&self) -> bool {
        matches!(self.part, Part::Missing(0) | Part::Chunked(Chunks::Done))
    }

    /// Whether the body is complete when the connection ends here.
    pub(super) fn is_closed_by_end(&self) -> bool {
        self.part == Part::UntilClosed || self.is_reached()
    }

    /// Reads the next bytes and gives the data of the body to `kept`. Returns how many bytes belong to the body: fewer
    /// than there are only at its end.
    pub(super) fn read(&mut self, bytes: &[u8], kept: &mut Kept) -> Result<usize, NetError> {
        match &mut self.part {
            Part::Missing(missing) => {
                let here = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= here as u64;
                self.received += here as u64;
                kept.add(&bytes[..here]);
                Ok(here)
            }
            Part::Chunked(chunks) => {
                let received = &mut self.received;
                chunks.read(bytes, |data| {
                    *received += data.len() as u64;
                    kept.add(data);
                })
            }
            Part::UntilClosed => {
                self.received += bytes.len() as u64;
                kept.add(bytes);
                Ok(bytes.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(kept: &mut Kept, keep: KeepBody, bytes: usize) -> usize {
        kept.begin(keep);
        let piece = [b'x'; 1_000];
        (0..bytes.div_ceil(1_000)).for_each(|_| kept.add(&piece));
        kept.bytes().len()
    }

    #[test]
    fn what_is_kept_is_bounded_for_one_body_and_for_all() {
        let budget = Arc::new(BodyBudget::default());
        let left = || budget.left.load(Ordering::Relaxed);
        let mut one = Kept::new(&budget);
        assert_eq!(filled(&mut one, KeepBody::Nothing, 10_000), 0);
        assert_eq!(filled(&mut one, KeepBody::Start, 10_000), FREE_BYTES);
        assert_eq!((filled(&mut one, KeepBody::Whole, 4_000), left()), (4_000, MOST_BYTES_OF_ALL), "this much is free");
        assert_eq!(filled(&mut one, KeepBody::Whole, 1_000_000), 1_000_000);
        assert!(left() < MOST_BYTES_OF_ALL - 900_000);
        assert_eq!(filled(&mut one, KeepBody::Whole, MOST_BODY_BYTES + 1), 0, "too large");
        assert_eq!((left(), one.bytes.capacity()), (MOST_BYTES_OF_ALL, FREE_BYTES), "all of it was given back");
        let mut all: Vec<_> = (0..40).map(|_| Kept::new(&budget)).collect();
        let kept: Vec<_> = all.iter_mut().map(|kept| filled(kept, KeepBody::Whole, 6_000_000)).collect();
        let memory: usize = all.iter().map(|kept| kept.bytes.capacity()).sum();
        assert!(memory <= MOST_BYTES_OF_ALL + 40 * FREE_BYTES, "{memory}");
        assert!(kept.contains(&6_000_000) && kept.contains(&0), "{kept:?}");
        drop(all);
        assert_eq!(left(), MOST_BYTES_OF_ALL);
    }
}
