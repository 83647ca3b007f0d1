//! Metrics of orders, resolved once so that no order looks them up by label.

use std::time::Duration;

use prometheus::{Histogram, HistogramTimer, IntCounter, IntGauge};

use super::OrderError;
use crate::domain::PlacedOrder;
use crate::metrics::{GaugeGuard, Metrics};

/// Counters of order outcomes and histograms of their duration.
#[derive(Clone, Debug)]
pub(super) struct OrderMetrics {
    accepted: IntCounter,
    replayed: IntCounter,
    refused_stock: IntCounter,
    refused_invalid: IntCounter,
    shed: IntCounter,
    failed: IntCounter,
    batch_orders: Histogram,
    queue_depth: IntGauge,
    queue_wait: Histogram,
    commit: Histogram,
}

impl OrderMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let outcome = |outcome| metrics.orders_total.with_label_values(&[outcome]);
        Self {
            accepted: outcome("accepted"),
            replayed: outcome("replayed"),
            refused_stock: outcome("refused_stock"),
            refused_invalid: outcome("refused_invalid"),
            shed: outcome("shed"),
            failed: outcome("failed"),
            batch_orders: metrics.order_batch_orders.clone(),
            queue_depth: metrics.order_queue_depth.clone(),
            queue_wait: metrics.order_queue_wait_seconds.clone(),
            commit: metrics.order_commit_seconds.clone(),
        }
    }

    /// Counts an order as waiting until the returned value is dropped.
    pub(super) fn wait(&self) -> (GaugeGuard, HistogramTimer) {
        (GaugeGuard::new(&self.queue_depth), self.queue_wait.start_timer())
    }

    /// Changes the number of orders in the queue by the given difference.
    pub(super) fn queued(&self, orders: i64) {
        self.queue_depth.add(orders);
    }

    /// Records that an order left the queue for its transaction.
    pub(super) fn waited(&self, wait: Duration) {
        self.queue_wait.observe(wait.as_secs_f64());
    }

    /// Records a committed transaction.
    pub(super) fn committed(&self, orders: usize, took: Duration) {
        self.batch_orders.observe(orders as f64);
        self.commit.observe(took.as_secs_f64());
    }

    /// Counts the outcome of an order.
    pub(super) fn count(&self, result: &Result<PlacedOrder, OrderError>) {
        let counter = match result {
            Ok(placed) if placed.replayed => &self.replayed,
            Ok(_) => &self.accepted,
            Err(OrderError::InsufficientStock { .. }) => &self.refused_stock,
            Err(
                OrderError::UnknownProduct(_)
                | OrderError::UnknownUser(_)
                | OrderError::TotalTooLarge(_)
                | OrderError::UserTotalTooLarge(_)
                | OrderError::KeyReused(_)
                | OrderError::InProgress,
            ) => &self.refused_invalid,
            Err(OrderError::Overloaded | OrderError::RowsHeld) => &self.shed,
            Err(OrderError::Database(_) | OrderError::OutcomeUnknown) => &self.failed,
        };
        counter.inc();
    }
}
