//! The exact rank-sum test: whether two samples differ by more than chance.
//!
//! This is Mann and Whitney's U test (On a Test of Whether one of Two Random Variables is Stochastically Larger than
//! the Other, Annals of Mathematical Statistics 18, 1947). It assumes nothing about the shape of a distribution, which
//! suits percentiles of load tests. Equal values share the mean of their ranks. The distribution under the null
//! hypothesis is counted over all ways to divide the ranks, with the ties that the values have (the shift algorithm of
//! Streitberg and Röhmel, Statistical Software Newsletter 12, 1986), so it is exact for the small numbers of runs that
//! people have.

/// The two-sided p value: how often a random division of these values would differ at least as much. 1 if one side has
/// no values.
pub fn rank_sum_p(one: &[f64], other: &[f64]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 1.0;
    }
    let ranks = doubled_ranks(one, other);
    let observed: usize = ranks[..one.len()].iter().sum();
    let ways = ways_to_sum(&ranks, one.len());
    let all: f64 = ways.iter().sum();
    // Twice the mean of the rank sum. All ranks are doubled to whole numbers, so that nothing is lost by rounding.
    let middle = one.len() * (ranks.len() + 1);
    let distance = observed.abs_diff(middle);
    let as_far: f64 = ways.iter().enumerate().filter(|(sum, _)| sum.abs_diff(middle) >= distance).map(|(_, n)| n).sum();
    as_far / all
}

/// The smallest p value that samples of these sizes can give without ties.
pub fn smallest_rank_sum_p(one: usize, other: usize) -> f64 {
    let low: Vec<_> = (0..one).map(|value| value as f64).collect();
    let high: Vec<_> = (one..one + other).map(|value| value as f64).collect();
    rank_sum_p(&low, &high)
}

/// Twice the rank of every value among all values, first those of `one`; equal values share their mean rank.
fn doubled_ranks(one: &[f64], other: &[f64]) -> Vec<usize> {
    let all = || one.iter().chain(other);
    let rank = |value: &f64| {
        let below = all().filter(|another| another.total_cmp(value).is_lt()).count();
        let equal = all().filter(|another| another.total_cmp(value).is_eq()).count();
        // Ranks below + 1 to below + equal: their mean is below + (equal + 1) / 2.
        2 * below + equal + 1
    };
    all().map(rank).collect()
}

/// For each sum: the number of ways to choose `chosen` of the ranks with that sum.
fn ways_to_sum(ranks: &[usize], chosen: usize) -> Vec<f64> {
    let most: usize = ranks.iter().sum();
    let mut ways = vec![vec![0.0; most + 1]; chosen + 1];
    ways[0][0] = 1.0;
    for rank in ranks {
        for count in (1..=chosen).rev() {
            for sum in (*rank..=most).rev() {
                ways[count][sum] += ways[count - 1][sum - rank];
            }
        }
    }
    ways.swap_remove(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn separated_samples_have_the_smallest_p_there_is() {
        assert!(close(rank_sum_p(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 0.1));
        assert!(close(rank_sum_p(&[9.0, 8.0, 7.0, 6.0], &[1.0, 2.0, 3.0, 4.0]), 2.0 / 70.0));
        assert!(close(smallest_rank_sum_p(1, 1), 1.0));
        assert!(close(smallest_rank_sum_p(5, 5), 2.0 / 252.0));
        assert!(smallest_rank_sum_p(30, 30) < 1e-12);
    }

    #[test]
    fn mixed_samples_are_within_the_noise() {
        // U = 8 of 16 with 4 and 4: as even as can be.
        assert!(close(rank_sum_p(&[1.0, 4.0, 5.0, 8.0], &[2.0, 3.0, 6.0, 7.0]), 1.0));
        // U = 2 with 4 and 5: 0.0635 in the published tables.
        let found = rank_sum_p(&[1.0, 2.0, 3.0, 6.0], &[4.0, 5.0, 7.0, 8.0, 9.0]);
        assert!(close(found, 8.0 / 126.0), "{found}");
    }

    #[test]
    fn equal_values_share_their_ranks() {
        assert!(close(rank_sum_p(&[5.0, 5.0, 5.0], &[5.0, 5.0]), 1.0));
        // Divisions of {1, 2, 2, 3} in two pairs have rank sums 3.5, 3.5, 5, 5, 6.5, 6.5: four of six are as far as 3.5.
        assert!(close(rank_sum_p(&[1.0, 2.0], &[2.0, 3.0]), 4.0 / 6.0));
        assert!(close(rank_sum_p(&[], &[1.0]), 1.0));
    }
}
