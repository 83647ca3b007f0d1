//! Groups of options that are of use only in some load tests. Each option names its groups where it is declared.

use clap::ArgGroup;

/// Of no use with `--find-limit`, whose loads take their own time.
pub(super) const NOT_WITH_FIND_LIMIT: &str = "not with --find-limit";
/// Of use with `--find-limit` alone.
pub(super) const WITH_FIND_LIMIT: &str = "with --find-limit";
/// Of no use where the load has a course of its own: with `--rate` or `--stage`.
pub(super) const NOT_WITH_RATE_OR_STAGE: &str = "not with --rate or --stage";
/// Of use with `--rate` alone.
pub(super) const WITH_RATE: &str = "with --rate";
/// Of use with the built-in scenario alone.
pub(super) const BUILT_IN_SCENARIO: &str = "built-in scenario";

/// All of them, for the declaration of the command. Their options do not exclude each other.
pub(super) fn all() -> [ArgGroup; 5] {
    [NOT_WITH_FIND_LIMIT, WITH_FIND_LIMIT, NOT_WITH_RATE_OR_STAGE, WITH_RATE, BUILT_IN_SCENARIO]
        .map(|name| ArgGroup::new(name).multiple(true))
}
