//! Checks of a running deployment, made after it was started or replaced.

pub(super) mod alerts_loaded;
pub(super) mod alerts_quiet;
pub(super) mod build_current;
pub(super) mod clocks_agree;
pub(super) mod connection_budget;
pub(super) mod connections_encrypted;
pub(super) mod database_group;
pub(super) mod database_reachable;
pub(super) mod database_version;
pub(super) mod default_passwords;
pub(super) mod disk_margin;
pub(super) mod front_reaches_instances;
pub(super) mod instances_live;
pub(super) mod instances_ready;
pub(super) mod memory_margin;
pub(super) mod metrics_closed;
pub(super) mod order_round_trip;
pub(super) mod prometheus_targets;
pub(super) mod redis_eviction;
pub(super) mod redis_keys_own;
pub(super) mod redis_reachable;
pub(super) mod reports_fresh;
pub(super) mod requests_spread;
pub(super) mod schema_current;
