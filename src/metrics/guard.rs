//! A guard for a gauge: it adds one when created and takes it back when dropped, also if a task is cancelled or panics.

use prometheus::IntGauge;

/// Counts one in a gauge for as long as it exists.
#[derive(Debug)]
pub struct GaugeGuard(IntGauge);

impl GaugeGuard {
    /// Adds one to the gauge.
    pub fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}
