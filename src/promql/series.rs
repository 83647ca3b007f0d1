//! What a series is worth: at one instant, or over a stretch of time.

use std::collections::BTreeMap;

/// The labels of a series, without `__name__`: the caller asked by name and knows it.
pub type Labels = BTreeMap<String, String>;

/// What one series is worth at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What tells the series from its siblings.
    pub labels: Labels,
    /// Its value; not a number where Prometheus says so.
    pub value: f64,
}

impl Sample {
    /// A label's value, empty when the series does not have it; as Prometheus itself sees it.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// What one series was worth at each scrape of a stretch of time, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What tells the series from its siblings.
    pub labels: Labels,
    /// The scrapes.
    pub points: Vec<Point>,
}

/// One scraped value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When it was scraped, in milliseconds since 1970.
    pub at_ms: i64,
    /// What was read.
    pub value: f64,
}
