//! The values of time series: at one time, or over a range of time.

use std::collections::BTreeMap;

/// The labels of a series, without `__name__`, which the caller knows from its query.
pub type Labels = BTreeMap<String, String>;

/// The value of one series at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels, which distinguish the series from others of the same name.
    pub labels: Labels,
    /// The value, which may be NaN or infinite.
    pub value: f64,
}

impl Sample {
    /// The value of a label. A missing label is empty, as in PromQL.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// The values of one series at each scrape in a range of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The labels, which distinguish the series from others of the same name.
    pub labels: Labels,
    /// The scraped values, oldest first.
    pub points: Vec<Point>,
}

/// One scraped value and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The time of the scrape, in milliseconds since 1970.
    pub at_ms: i64,
    /// The scraped value.
    pub value: f64,
}
