//! Estimates percentiles from the buckets of a Prometheus histogram.
//!
//! The estimate is that of PromQL's `histogram_quantile()`
//! (<https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>): find the bucket that contains
//! the rank, and assume that the requests in it are spread evenly. It is computed here because the buckets are counted
//! exactly (`counter.rs`), because one query serves every percentile of every table, and because a reader must see if the
//! value is beyond the last finite bound, for which PromQL returns just that bound.

use std::collections::BTreeMap;

use super::counter::Increase;
use super::percentile::{Latencies, Percentile};

/// The cumulative counts of a histogram, by upper bound. The key is the bits of the bound, which sort like the bound
/// because no bound is negative.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets(BTreeMap<u64, f64>);

impl Buckets {
    /// Adds a count to the bucket with the label `le`, the upper bound.
    pub(super) fn add(&mut self, le: &str, requests: f64) {
        if let Ok(bound) = le.parse::<f64>()
            && bound >= 0.0
        {
            *self.0.entry(bound.to_bits()).or_default() += requests;
        }
    }

    /// Adds up the buckets of all series.
    pub(super) fn of(increases: &[Increase]) -> Self {
        let mut buckets = Self::default();
        for increase in increases {
            buckets.add(increase.label("le"), increase.by);
        }
        buckets
    }

    /// The bound of each bucket and the count in it alone, the smallest bound first.
    pub(super) fn apart(&self) -> impl Iterator<Item = (f64, f64)> {
        let mut below = 0.0;
        self.0.iter().map(move |(bits, &counted)| {
            let between = counted - below;
            below = counted;
            (f64::from_bits(*bits), between)
        })
    }

    /// The median and the 95th and 99th percentiles.
    pub(super) fn latencies(&self) -> Latencies {
        let [p50, p95, p99] = [0.50, 0.95, 0.99].map(|quantile| self.percentile(quantile));
        Latencies { p50, p95, p99 }
    }

    /// The estimated quantile, from 0 to 1.
    pub(super) fn percentile(&self, quantile: f64) -> Percentile {
        let total = self.0.last_key_value().map_or(0.0, |(_, &requests)| requests);
        let rank = quantile * total;
        let (mut below, mut counted) = (0.0, 0.0);
        for (bound, &requests) in self.0.iter().map(|(bits, requests)| (f64::from_bits(*bits), requests)) {
            if requests >= rank && requests > 0.0 {
                if bound.is_infinite() {
                    return Percentile::Above(below);
                }
                return Percentile::Near(below + (bound - below) * (rank - counted) / (requests - counted));
            }
            (below, counted) = (bound, requests);
        }
        Percentile::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(counts: &[(&str, f64)]) -> Buckets {
        let mut buckets = Buckets::default();
        for (le, count) in counts {
            buckets.add(le, *count);
        }
        buckets
    }

    #[test]
    fn interpolates_within_the_bucket() {
        let buckets = buckets(&[("0.1", 50.0), ("0.2", 100.0), ("+Inf", 100.0)]);
        assert_eq!(buckets.percentile(0.25), Percentile::Near(0.05));
        assert_eq!(buckets.percentile(0.5), Percentile::Near(0.1));
        let Percentile::Near(high) = buckets.percentile(0.95) else { panic!() };
        assert!((high - 0.19).abs() < 1e-9, "{high}");
    }

    #[test]
    fn an_empty_bucket_in_front_does_not_pull_down() {
        let buckets = buckets(&[("1", 0.0), ("2", 10.0), ("+Inf", 10.0)]);
        assert_eq!(buckets.percentile(0.5), Percentile::Near(1.5));
    }

    #[test]
    fn beyond_the_last_bound_only_the_bound_is_known() {
        let buckets = buckets(&[("0.5", 1.0), ("60", 10.0), ("+Inf", 100.0)]);
        assert_eq!(buckets.percentile(0.99), Percentile::Above(60.0));
        assert_eq!(serde_json::to_string(&buckets.percentile(0.99)).unwrap(), r#"{"above":60000.0}"#);
    }

    #[test]
    fn no_requests_have_no_percentile() {
        assert_eq!(buckets(&[]).percentile(0.5), Percentile::Nothing);
        assert_eq!(buckets(&[("1", 0.0), ("+Inf", 0.0)]).percentile(0.5), Percentile::Nothing);
        assert_eq!(serde_json::to_string(&Percentile::Nothing).unwrap(), "null");
    }

    #[test]
    fn series_of_the_same_bound_add_up_however_it_is_written() {
        let merged = buckets(&[("1", 1.0), ("1.0", 1.0), ("+Inf", 2.0)]);
        assert_eq!(merged.percentile(1.0), Percentile::Near(1.0));
    }
}
