//! The checks, one file each, all alike: a name, an expectation, and a function that returns what it saw as data.
//!
//! Those in `before/` read files and need nothing that runs; those in `after/` ask a running deployment.

mod after;
mod before;
mod check;

pub use check::Check;
pub(super) use check::{Probe, RunningCheck};

/// Every check, in the order of display: a check comes before those that depend on what it checks.
pub const CATALOG: &[Check] = &[
    before::files_readable::CHECK,
    before::compose_valid::CHECK,
    before::env_complete::CHECK,
    before::env_not_committed::CHECK,
    before::secrets_strong::CHECK,
    before::passwords_set::CHECK,
    before::secrets_private::CHECK,
    before::secrets_in_urls::CHECK,
    before::datastores_published::CHECK,
    before::credentials_agree::CHECK,
    before::images_pinned::CHECK,
    before::actions_pinned::CHECK,
    before::mounts_exist::CHECK,
    before::addresses_named::CHECK,
    before::upstreams_named::CHECK,
    before::targets_named::CHECK,
    before::networks_shared::CHECK,
    before::rule_files_found::CHECK,
    before::data_kept::CHECK,
    before::replicas_possible::CHECK,
    before::planned_connections::CHECK,
    before::planned_eviction::CHECK,
    before::migration_planned::CHECK,
    before::timeout_order::CHECK,
    before::keepalive_order::CHECK,
    before::drain_order::CHECK,
    before::health_checks::CHECK,
    before::metrics_exist::CHECK,
    before::access_limited::CHECK,
    before::front_encrypted::CHECK,
    before::certificate_valid::CHECK,
    before::client_addresses::CHECK,
    before::ports_free::CHECK,
    before::nginx_valid::CHECK,
    before::prometheus_valid::CHECK,
    after::database_reachable::CHECK,
    after::database_version::CHECK,
    after::database_group::CHECK,
    after::connections_encrypted::CHECK,
    after::schema_current::CHECK,
    after::account_limited::CHECK,
    after::connection_budget::CHECK,
    after::redis_reachable::CHECK,
    after::redis_eviction::CHECK,
    after::redis_keys_own::CHECK,
    after::instances_live::CHECK,
    after::instances_ready::CHECK,
    after::build_current::CHECK,
    after::front_reaches_instances::CHECK,
    after::requests_spread::CHECK,
    after::metrics_closed::CHECK,
    after::certificate_served::CHECK,
    after::plain_redirected::CHECK,
    after::hsts_meant::CHECK,
    after::prometheus_targets::CHECK,
    after::alerts_loaded::CHECK,
    after::alerts_quiet::CHECK,
    after::order_round_trip::CHECK,
    after::reports_fresh::CHECK,
    after::default_passwords::CHECK,
    after::clocks_agree::CHECK,
    after::disk_margin::CHECK,
    after::memory_margin::CHECK,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let mut ids: Vec<_> = CATALOG.iter().map(|check| check.id).collect();
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CATALOG.len());
    }

    #[test]
    fn what_is_known_before_is_listed_before() {
        let phases: Vec<_> = CATALOG.iter().map(Check::phase).collect();
        assert!(phases.is_sorted());
    }
}
