//! What a check found.

use serde::Serialize;

/// When a check can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before a deployment: from its files alone, with nothing running.
    Before,
    /// After a deployment: of what runs.
    After,
}

impl Phase {
    /// One word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Pass,
    /// It works, and somebody should look at it. The deployment counts as healthy.
    Warn,
    /// Not as it should be.
    Fail,
    /// Not checked, because something it needs is not configured or failed its own check.
    Skip,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's name.
    pub id: &'static str,
    /// How it ended.
    pub status: Status,
    /// What was seen.
    pub seen: String,
    /// What should have been seen.
    pub expected: String,
    /// What to do; empty when there is nothing to do.
    pub advice: String,
}

/// What a check says before it has a name: how it ended and what it saw.
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

    /// What passed by what was seen, while something was not seen: somebody should look at that.
    pub(super) fn with_unseen(self, unseen: Option<String>) -> Self {
        match unseen {
            Some(unseen) if self.status == Status::Pass => Self::warn(
                format!("{}\nnot seen: {unseen}", self.seen),
                "look there yourself; deploy-check --after tells what it comes to",
            ),
            _ => self,
        }
    }

    pub(super) fn skip(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status: Status::Skip, seen: seen.into(), advice: advice.into() }
    }
}

/// All findings together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What was looked at.
    pub phase: Phase,
    /// Whether no check failed.
    pub healthy: bool,
    /// What each check found, in the order of the catalog.
    pub checks: Vec<Finding>,
}

impl Verdict {
    /// From the findings. A check that was skipped does not make a deployment unhealthy, but when nothing was checked
    /// nothing is known to be healthy.
    pub fn new(phase: Phase, checks: Vec<Finding>) -> Self {
        let failed = checks.iter().any(|finding| finding.status == Status::Fail);
        let checked = checks.iter().any(|finding| finding.status != Status::Skip);
        Self { phase, healthy: checked && !failed, checks }
    }

    /// How many checks ended in a way.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|finding| finding.status == status).count()
    }
}
