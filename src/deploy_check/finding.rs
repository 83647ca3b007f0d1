//! The result of a check, and of all checks together.

use serde::Serialize;

/// The time at which a check can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before a deployment, from its files alone, with nothing running.
    Before,
    /// After a deployment, by asking its running parts.
    After,
}

impl Phase {
    /// `before` or `after`, as in the table of `--list` and in JUnit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// The result of a check, without what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The deployment is as the check expects.
    Pass,
    /// It works, but a person should look at it. The deployment counts as healthy.
    Warn,
    /// The deployment is not as the check expects. It counts as not healthy.
    Fail,
    /// Not checked, because something that it needs is not configured or failed its own check.
    Skip,
}

/// The result of one check, as a row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the check.
    pub id: &'static str,
    /// The outcome: pass, warn, fail or skip.
    pub status: Status,
    /// What the check saw; several lines if it found several things.
    pub seen: String,
    /// What the check expects of a sound deployment.
    pub expected: String,
    /// What to do next; empty if there is nothing to do.
    pub advice: String,
}

/// The result as the function of a check returns it, before the check's name and expectation are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckOutcome {
    pub(super) status: Status,
    pub(super) seen: String,
    pub(super) advice: String,
}

impl CheckOutcome {
    pub(super) fn pass(seen: impl Into<String>) -> Self {
        Self { status: Status::Pass, seen: seen.into(), advice: String::new() }
    }

    pub(super) fn warn(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status: Status::Warn, seen: seen.into(), advice: advice.into() }
    }

    pub(super) fn fail(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status: Status::Fail, seen: seen.into(), advice: advice.into() }
    }

    /// Turns a pass into a warning if a part of the files was not seen; keeps every other outcome.
    pub(super) fn with_unseen(self, unseen: Option<String>) -> Self {
        match unseen {
            Some(unseen) if self.status == Status::Pass => Self::warn(
                format!("{}\nnot seen: {unseen}", self.seen),
                "check that part by hand; deploy-check --after shows its effect",
            ),
            _ => self,
        }
    }

    pub(super) fn skip(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status: Status::Skip, seen: seen.into(), advice: advice.into() }
    }
}

/// The findings of all checks of a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether files or a running deployment were checked.
    pub phase: Phase,
    /// Whether no check failed and at least one passed or warned.
    pub healthy: bool,
    /// The findings, in the order of the catalog.
    pub checks: Vec<Finding>,
}

impl Verdict {
    /// Computes the verdict. A skipped check does not make a deployment unhealthy, but if all are skipped, it is not
    /// known to be healthy.
    pub fn new(phase: Phase, checks: Vec<Finding>) -> Self {
        let failed = checks.iter().any(|finding| finding.status == Status::Fail);
        let checked = checks.iter().any(|finding| finding.status != Status::Skip);
        Self { phase, healthy: checked && !failed, checks }
    }

    /// The number of checks with this status.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|finding| finding.status == status).count()
    }
}
