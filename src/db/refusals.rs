//! Recent refusals of the server: they show whether it takes writes, and are logged at intervals.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{DbError, ErrorKind};

/// How long a refusal counts if no other statement follows; after that the instance takes requests again.
const REFUSAL_STANDS: Duration = Duration::from_secs(10);

/// Interval at which the same problem is logged again.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// Interval of the set-up check while it finds no problem; one check is some twenty short statements.
const SETUP_STANDS: Duration = Duration::from_secs(10);

/// Outcomes of recent statements, as far as they show the state of the server.
#[derive(Debug, Default)]
pub(super) struct RecentRefusals {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    refused: Option<(Instant, String)>,
    /// When the set-up was last found correct.
    set_up: Option<Instant>,
    told: BTreeMap<&'static str, Instant>,
}

impl RecentRefusals {
    /// Records a commit: the server takes writes, whatever it refused before.
    pub(super) fn committed(&self) {
        self.state().refused = None;
    }

    /// Records that another server is used now, or one again after there was none: what was refused before says nothing
    /// about it.
    pub(super) fn moved(&self) {
        let mut state = self.state();
        state.refused = None;
        state.set_up = None;
    }

    /// Records a failed operation, and logs what the operator has to do, if anything.
    pub(super) fn failed(&self, error: &DbError) {
        let Some(kind) = error.kind() else { return };
        if !matches!(kind, ErrorKind::Unavailable | ErrorKind::Setup | ErrorKind::TooManyConnections) {
            return;
        }
        let mut state = self.state();
        let now = Instant::now();
        if kind != ErrorKind::TooManyConnections {
            match error {
                DbError::Unavailable { reason, .. } | DbError::WrongSetup { reason, .. } => {
                    state.refused = Some((now, (*reason).to_owned()));
                }
                // The probe detects both by itself.
                _ => state.set_up = None,
            }
        }
        let silent = state.told.get(kind.label()).is_some_and(|told| now - *told < TELL_AGAIN);
        if !silent {
            state.told.insert(kind.label(), now);
            drop(state);
            tracing::error!(kind = kind.label(), %error, "the database does not do its work: see docs/runbook.md, StoreDatabaseErrors");
        }
    }

    /// Why the last statement was refused, if that refusal still counts.
    pub(super) fn standing(&self) -> Option<String> {
        let state = self.state();
        state.refused.as_ref().filter(|(when, _)| when.elapsed() < REFUSAL_STANDS).map(|(_, reason)| reason.clone())
    }

    /// Whether the set-up was found correct recently.
    pub(super) fn is_set_up(&self) -> bool {
        self.state().set_up.is_some_and(|when| when.elapsed() < SETUP_STANDS)
    }

    /// Records that the set-up was found correct.
    pub(super) fn set_up(&self) {
        self.state().set_up = Some(Instant::now());
    }

    /// No code that holds the lock can panic in the middle of a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
