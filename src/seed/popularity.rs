//! Chooses popular products and users more often than others.
//!
//! The choice follows the Zipf-Mandelbrot law: the weight of rank r is 1 / (r + offset). The offset keeps the first ranks
//! from dominating: with plain Zipf over 10,000 products, one of them would be in every tenth order. Ranks are shuffled, so
//! the best seller is not product 1.

use super::draws::Draws;

/// The weight of a rank is this number divided by the sum of rank and offset. It is so large that integer division loses
/// little, and so small that ten million weights sum to less than 2^64.
const SCALE: u64 = 1 << 40;

/// A weighted choice among the numbers from 1 on.
#[derive(Debug)]
pub(super) struct Popularity {
    /// For each number, the sum of the weights up to and including its own.
    cumulative: Vec<u64>,
    total: u64,
}

impl Popularity {
    /// Assigns random ranks to the numbers from 1 to `count`.
    pub(super) fn new(mut draws: Draws, count: u64, offset: u64) -> Self {
        let mut weights: Vec<u64> = (1..=count).map(|rank| SCALE / (rank + offset)).collect();
        for last in (1..weights.len()).rev() {
            weights.swap(last, draws.below(last as u64 + 1) as usize);
        }
        let mut total = 0;
        for weight in &mut weights {
            total += *weight;
            *weight = total;
        }
        Self { cumulative: weights, total }
    }

    /// Draws one of the numbers.
    pub(super) fn draw(&self, draws: &mut Draws) -> u64 {
        let point = draws.below(self.total);
        self.cumulative.partition_point(|&sum| sum <= point) as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::draws::Stream;
    use super::*;

    /// How often each number is drawn, the most popular first.
    fn drawn(count: u64, offset: u64, times: u32) -> (Vec<u32>, u64) {
        let popularity = Popularity::new(Draws::new(1, Stream::ProductRanks, 0), count, offset);
        let mut draws = Draws::new(1, Stream::Orders, 0);
        let mut counts = vec![0; count as usize];
        (0..times).for_each(|_| counts[popularity.draw(&mut draws) as usize - 1] += 1);
        let best = counts.iter().enumerate().max_by_key(|&(_, count)| count).map_or(0, |(index, _)| index as u64 + 1);
        counts.sort_unstable_by(|a, b| b.cmp(a));
        (counts, best)
    }

    #[test]
    fn few_are_drawn_often_and_all_can_be() {
        let (counts, best) = drawn(1_000, 9, 200_000);
        let share = |ranks: usize| f64::from(counts[..ranks].iter().sum::<u32>()) / 200_000.0;
        // By the law: sum of 1 / (r + 9) over the ranks, divided by that over all of them, 4.66.
        assert!((0.016..0.028).contains(&share(1)), "{}", share(1));
        assert!((0.12..0.16).contains(&share(10)), "{}", share(10));
        assert!((0.50..0.56).contains(&share(100)), "{}", share(100));
        assert!(counts.iter().all(|&count| count > 0));
        assert_ne!(best, 1, "the best seller is not the first product");
    }

    #[test]
    fn one_number_is_always_chosen() {
        assert_eq!(drawn(1, 9, 10), (vec![10], 1));
    }
}
