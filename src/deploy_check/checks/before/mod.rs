//! Checks of a deployment's files, made before it is started.

pub(super) mod actions_pinned;
pub(super) mod addresses_named;
pub(super) mod credentials_agree;
pub(super) mod drain_order;
pub(super) mod env_complete;
pub(super) mod files_readable;
pub(super) mod health_checks;
pub(super) mod images_pinned;
pub(super) mod keepalive_order;
pub(super) mod metrics_exist;
pub(super) mod migration_planned;
pub(super) mod mounts_exist;
pub(super) mod nginx_valid;
pub(super) mod planned_connections;
pub(super) mod planned_eviction;
pub(super) mod ports_free;
pub(super) mod prometheus_valid;
mod scratch;
pub(super) mod secrets_private;
pub(super) mod secrets_strong;
pub(super) mod targets_named;
pub(super) mod timeout_order;
pub(super) mod upstreams_named;
