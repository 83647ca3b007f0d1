//! All causes, one file each, with the same three parts.

mod cache_missing;
mod cache_stampede;
mod commit_bound;
mod connection_limit;
mod connections_left_open;
mod deadlocks;
mod front_times_out;
mod full_scan;
mod generator_limited;
mod held_rows;
mod instance_lost;
mod key_scan;
mod one_processor;
mod pool_too_small;
mod processors_used_up;
mod query_per_item;
mod refused_on_purpose;
mod scenario_does_not_fit;
mod slow_dependency;

use super::rule::Rule;

/// All causes, in the order of the documentation.
pub(super) const ALL: &[&Rule] = &[
    &generator_limited::RULE,
    &scenario_does_not_fit::RULE,
    &connections_left_open::RULE,
    &connection_limit::RULE,
    &pool_too_small::RULE,
    &query_per_item::RULE,
    &full_scan::RULE,
    &held_rows::RULE,
    &deadlocks::RULE,
    &commit_bound::RULE,
    &cache_missing::RULE,
    &cache_stampede::RULE,
    &key_scan::RULE,
    &one_processor::RULE,
    &processors_used_up::RULE,
    &slow_dependency::RULE,
    &refused_on_purpose::RULE,
    &front_times_out::RULE,
    &instance_lost::RULE,
];
