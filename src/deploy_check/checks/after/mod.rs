//! Checks of what runs.

pub(super) mod connection_budget;
pub(super) mod database_reachable;
pub(super) mod database_version;
pub(super) mod front_reaches_instances;
pub(super) mod instances_live;
pub(super) mod instances_ready;
pub(super) mod order_round_trip;
pub(super) mod prometheus_targets;
pub(super) mod redis_eviction;
pub(super) mod redis_reachable;
pub(super) mod schema_current;
