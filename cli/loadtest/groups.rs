//! Groups of options that have an effect only in some load tests. Each option names its groups in its declaration.

use clap::ArgGroup;

/// Options without effect under `--find-limit`, which times its loads itself.
pub(super) const NOT_WITH_FIND_LIMIT: &str = "not with --find-limit";
/// Options that have an effect only with `--find-limit`.
pub(super) const WITH_FIND_LIMIT: &str = "with --find-limit";
/// Options without effect when `--rate` or `--stage` sets how the load changes over time.
pub(super) const NOT_WITH_RATE_OR_STAGE: &str = "not with --rate or --stage";
/// Options without effect when `--stage` sets how long the run lasts.
pub(super) const NOT_WITH_STAGE: &str = "not with --stage";
/// Options without effect at a rate, where nobody waits between two requests.
pub(super) const NOT_WITH_RATE: &str = "not with --rate";
/// Options that have an effect only with `--rate`.
pub(super) const WITH_RATE: &str = "with --rate";
/// Options that have an effect only with a URL instead of a scenario.
pub(super) const WITH_URL: &str = "with a URL";
/// Options that have an effect only on a service with an https address.
pub(super) const WITH_HTTPS: &str = "with https";
/// Options without effect when a number of requests ends the run.
pub(super) const NOT_WITH_ITERATIONS: &str = "not with --iterations";
/// Options that have an effect only with the built-in scenario.
pub(super) const BUILT_IN_SCENARIO: &str = "built-in scenario";

/// All groups, to be declared on the command. Options of one group may be used together.
pub(super) fn all() -> [ArgGroup; 10] {
    [
        NOT_WITH_FIND_LIMIT,
        WITH_FIND_LIMIT,
        NOT_WITH_RATE_OR_STAGE,
        NOT_WITH_STAGE,
        NOT_WITH_RATE,
        WITH_RATE,
        WITH_URL,
        WITH_HTTPS,
        NOT_WITH_ITERATIONS,
        BUILT_IN_SCENARIO,
    ]
    .map(|name| ArgGroup::new(name).multiple(true))
}
