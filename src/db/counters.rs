//! Metrics of connections and errors.

use std::sync::Arc;

use prometheus::{IntCounter, IntGauge};

use super::refusals::RecentRefusals;
use super::{DbError, ErrorKind};
use crate::metrics::Metrics;

/// Metrics of this module, resolved once.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    errors: Vec<(ErrorKind, IntCounter)>,
    pub(super) in_use: IntGauge,
    pub(super) idle: IntGauge,
    pub(super) lingering: IntGauge,
    refusals: Arc<RecentRefusals>,
}

impl Counters {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let errors = ErrorKind::ALL.map(|kind| (kind, metrics.db_errors_total.with_label_values(&[kind.label()])));
        let state = |state| metrics.db_connections.with_label_values(&[state]);
        Self {
            errors: errors.into(),
            in_use: state("in_use"),
            idle: state("idle"),
            lingering: state("lingering"),
            refusals: Arc::default(),
        }
    }

    /// Counters that are not exported, for a connection outside a server.
    pub(super) fn unregistered() -> Result<Self, DbError> {
        let metrics = Metrics::new().map_err(|error| DbError::Unexpected(error.to_string()))?;
        Ok(Self::new(&metrics))
    }

    /// Counts an error by its kind, and records whether the server refuses writes.
    pub(super) fn count(&self, error: &DbError) {
        let Some(kind) = error.kind() else { return };
        if let Some((_, counter)) = self.errors.iter().find(|(candidate, _)| *candidate == kind) {
            counter.inc();
        }
        self.refusals.failed(error);
    }

    /// Recent refusals of the server.
    pub(super) fn refusals(&self) -> &RecentRefusals {
        &self.refusals
    }
}
