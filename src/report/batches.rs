//! Counts transactions by the number of their orders.

use super::counter::Increase;
use super::histogram::Buckets;
use super::{BatchSize, Batches};

/// Computes the section from the histogram of batch sizes and from the number of orders in all batches. `seconds` is the
/// length of the window.
pub(super) fn of(sizes: &[Increase], orders: &[Increase], seconds: f64) -> Batches {
    let sizes = sizes_of(&Buckets::of(sizes));
    let batches: u64 = sizes.iter().map(|size| size.batches).sum();
    let orders: u64 = orders.iter().map(Increase::count).sum();
    Batches {
        batches,
        orders,
        batches_per_s: batches as f64 / seconds,
        orders_per_s: orders as f64 / seconds,
        orders_per_batch: (batches > 0).then(|| orders as f64 / batches as f64),
        p50_at_most: at_most(&sizes, batches, 0.50),
        p95_at_most: at_most(&sizes, batches, 0.95),
        sizes,
    }
}

fn sizes_of(buckets: &Buckets) -> Vec<BatchSize> {
    let mut from = 1;
    let mut sizes = Vec::new();
    for (bound, between) in buckets.apart() {
        let to = bound.is_finite().then_some(bound as u64);
        sizes.push(BatchSize { from, to, batches: between.round() as u64 });
        from = to.map_or(from, |to| to + 1);
    }
    sizes.retain(|size| size.batches > 0);
    sizes
}

/// The upper bound of the bucket that contains the quantile `share`; `None` for the last bucket. It is not interpolated,
/// because sizes are whole numbers and the bound is exact.
fn at_most(sizes: &[BatchSize], batches: u64, share: f64) -> Option<u64> {
    let mut counted = 0;
    let found = sizes.iter().find(|size| {
        counted += size.batches;
        counted as f64 >= share * batches as f64
    });
    found.and_then(|size| size.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Labels;

    fn bucket(le: &str, by: f64) -> Increase {
        Increase { labels: Labels::from([("le".to_owned(), le.to_owned())]), by, by_slot: Vec::new() }
    }

    #[test]
    fn sizes_are_those_between_the_bounds() {
        let buckets = [bucket("1", 6.0), bucket("2", 6.0), bucket("4", 9.0), bucket("8", 9.0), bucket("+Inf", 10.0)];
        let batches = of(&buckets, &[bucket("", 40.0)], 2.0);
        let sizes: Vec<_> = batches.sizes.iter().map(|size| (size.from, size.to, size.batches)).collect();
        assert_eq!(sizes, [(1, Some(1), 6), (3, Some(4), 3), (9, None, 1)]);
        assert_eq!((batches.batches, batches.orders, batches.orders_per_batch), (10, 40, Some(4.0)));
        assert_eq!((batches.p50_at_most, batches.p95_at_most), (Some(1), None));
        assert_eq!(at_most(&batches.sizes, 10, 0.9), Some(4));
        assert!((batches.orders_per_s - 20.0).abs() < 1e-9);
    }

    #[test]
    fn no_transaction_has_no_size() {
        assert_eq!(of(&[bucket("1", 0.0), bucket("+Inf", 0.0)], &[], 1.0), Batches::default());
    }
}
