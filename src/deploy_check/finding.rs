//! The result of a check, and of all checks together.

use serde::Serialize;

use super::place::Place;

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

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It will not work, or it lets somebody in.
    Error,
    /// It works, and will hurt.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that a check found, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// How bad it is.
    pub severity: Severity,
    /// The file; empty if it is in none.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is there.
    pub seen: String,
    /// The lines to write there; empty if they are not known.
    pub write: String,
}

/// The result of one check, as a row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the check.
    pub id: &'static str,
    /// The outcome: pass, warn, fail or skip.
    pub status: Status,
    /// The worst of what was found; `None` if nothing was.
    pub severity: Option<Severity>,
    /// What the check saw; several lines if it found several things.
    pub seen: String,
    /// What the check expects of a sound deployment.
    pub expected: String,
    /// What to do next; empty if there is nothing to do.
    pub advice: String,
    /// Each thing that was found, the worst first.
    pub places: Vec<Spot>,
}

/// One thing that a check found, before it is put into a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    severity: Severity,
    place: Option<Place>,
    seen: String,
    write: String,
}

impl Fault {
    /// It will not work, or it lets somebody in.
    pub(super) fn error(place: Option<Place>, seen: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, seen: seen.into(), write: String::new() }
    }

    /// It works, and will hurt.
    pub(super) fn warning(place: Option<Place>, seen: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, seen) }
    }

    /// Worth knowing.
    pub(super) fn note(place: Option<Place>, seen: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(place, seen) }
    }

    /// The lines to write there.
    pub(super) fn write(mut self, lines: impl Into<String>) -> Self {
        self.write = lines.into();
        self
    }
}

/// The result as the function of a check returns it, before the check's name and expectation are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckOutcome {
    pub(super) status: Status,
    pub(super) severity: Option<Severity>,
    pub(super) seen: String,
    pub(super) advice: String,
    pub(super) places: Vec<Spot>,
}

impl CheckOutcome {
    fn plain(status: Status, severity: Option<Severity>, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status, severity, seen: seen.into(), advice: advice.into(), places: Vec::new() }
    }

    /// The outcome of a check that found these faults; `pass` says what it saw if there are none.
    pub(super) fn of(mut faults: Vec<Fault>, advice: impl Into<String>, pass: impl FnOnce() -> String) -> Self {
        faults.sort_by_key(|fault| fault.severity);
        let Some(worst) = faults.first().map(|fault| fault.severity) else { return Self::pass(pass()) };
        let status = match worst {
            Severity::Error => Status::Fail,
            Severity::Warning => Status::Warn,
            Severity::Note => Status::Pass,
        };
        let line = |fault: &Fault| match &fault.place {
            Some(place) => format!("{place}: {}", fault.seen),
            None => fault.seen.clone(),
        };
        let mut lines: Vec<String> = faults.iter().map(line).collect();
        lines.dedup();
        let places = faults.into_iter().map(|fault| Spot {
            severity: fault.severity,
            file: fault.place.as_ref().map(|place| place.path.display().to_string()).unwrap_or_default(),
            line: fault.place.map_or(0, |place| place.line),
            seen: fault.seen,
            write: fault.write,
        });
        let places = places.collect();
        Self { places, ..Self::plain(status, Some(worst), lines.join("\n"), advice) }
    }

    pub(super) fn pass(seen: impl Into<String>) -> Self {
        Self::plain(Status::Pass, None, seen, "")
    }

    pub(super) fn warn(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::plain(Status::Warn, Some(Severity::Warning), seen, advice)
    }

    pub(super) fn fail(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::plain(Status::Fail, Some(Severity::Error), seen, advice)
    }

    /// Turns a pass into a warning if a part of the files was not seen; keeps every other outcome.
    pub(super) fn with_unseen(self, unseen: Option<String>) -> Self {
        match unseen {
            Some(unseen) if self.status == Status::Pass => Self {
                severity: Some(Severity::Note),
                ..Self::warn(
                    format!("{}\nnot seen: {unseen}", self.seen),
                    "check that part by hand; deploy-check --after shows its effect",
                )
            },
            _ => self,
        }
    }

    pub(super) fn skip(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::plain(Status::Skip, None, seen, advice)
    }
}

/// The findings of all checks of a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether files or a running deployment were checked.
    pub phase: Phase,
    /// Whether no check failed and at least one passed or warned.
    pub healthy: bool,
    /// The findings: of files the worst first, otherwise in the order of the catalog.
    pub checks: Vec<Finding>,
}

impl Verdict {
    /// Computes the verdict. A skipped check does not make a deployment unhealthy, but if all are skipped, it is not
    /// known to be healthy.
    pub fn new(phase: Phase, mut checks: Vec<Finding>) -> Self {
        if phase == Phase::Before {
            let rank = |finding: &Finding| match (finding.severity, finding.status) {
                (Some(severity), _) => severity as usize,
                (None, Status::Skip) => 5,
                (None, _) => 4,
            };
            checks.sort_by_key(rank);
        }
        let failed = checks.iter().any(|finding| finding.status == Status::Fail);
        let checked = checks.iter().any(|finding| finding.status != Status::Skip);
        Self { phase, healthy: checked && !failed, checks }
    }

    /// The number of checks with this status.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|finding| finding.status == status).count()
    }
}
