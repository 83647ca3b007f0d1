//! Random choices that are the same on every machine and in every version of the program.
//!
//! PCG is a portable generator (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms",
//! 2014). Numbers in a range are drawn here and not by the crate `rand`, whose method may change between versions. Floats
//! are not used, because logarithms differ between libraries in their last digit.

use rand::Rng;
use rand_pcg::Pcg64;

/// The purpose of a stream of choices. The numbers determine the result of a seed, so they never change.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    /// One product; the index is its number.
    Product = 1,
    /// One user; the index is the user's number.
    User = 2,
    /// A block of orders; the index is the number of the block.
    Orders = 3,
    /// The ranks of products by sales.
    ProductRanks = 4,
    /// The ranks of users by purchases.
    UserRanks = 5,
}

/// A sequence of random choices.
#[derive(Clone, Debug)]
pub(super) struct Draws(Pcg64);

impl Draws {
    /// The choices of one stream at one index. They are independent of all others.
    pub(super) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let high = mix(mix(seed).wrapping_add(stream as u64));
        let low = mix(high.wrapping_add(index));
        Self(Pcg64::new(u128::from(high) << 64 | u128::from(low), u128::from(mix(low))))
    }

    /// A number below `limit`, all equally likely (to within `limit` in 2^64); 0 if the limit is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product (Lemire, "Fast Random Integer Generation in an Interval", 2019).
        ((u128::from(self.0.next_u64()) * u128::from(limit)) >> 64) as u64
    }

    /// One element of a list, which must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len() as u64) as usize]
    }

    /// True with a probability of `percent` in 100.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The finaliser of SplitMix64: similar inputs give unrelated outputs.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_forever() {
        let mut draws = Draws::new(1, Stream::Product, 7);
        let numbers: Vec<u64> = (0..5).map(|_| draws.below(1_000_000)).collect();
        assert_eq!(numbers, [656_316, 447_188, 441_387, 953_492, 792_731]);
    }

    #[test]
    fn neighbouring_streams_have_nothing_in_common() {
        let first = |seed, stream, index| Draws::new(seed, stream, index).below(1 << 20);
        let mut seen: Vec<u64> = (0..500).map(|index| first(1, Stream::Product, index)).collect();
        seen.extend((0..500).map(|index| first(1, Stream::User, index)));
        seen.extend((0..500).map(|index| first(2, Stream::Product, index)));
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 1_490, "{} of 1,500 differ", seen.len());
    }

    #[test]
    fn all_numbers_below_the_limit_are_about_equally_likely() {
        let mut draws = Draws::new(3, Stream::Orders, 0);
        let mut counts = [0_u32; 7];
        (0..70_000).for_each(|_| counts[draws.below(7) as usize] += 1);
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!(draws.below(0), 0);
    }
}
