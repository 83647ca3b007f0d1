//! What the server has refused recently: it says whether the server takes writes, and is logged once in a while.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{DbError, ErrorKind};

/// For how long a refusal stands when nothing else is tried: then the instance is offered requests again.
const REFUSAL_STANDS: Duration = Duration::from_secs(10);

/// The same thing that is wrong is told in the log this often.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// How often the set-up is looked at while it is as it should be; a look is some twenty short statements.
const SETUP_STANDS: Duration = Duration::from_secs(10);

/// What became of the last statements, as far as it says something about the server.
#[derive(Debug, Default)]
pub(super) struct RecentRefusals {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    refused: Option<(Instant, String)>,
    /// When the set-up was as it should be.
    set_up: Option<Instant>,
    told: BTreeMap<&'static str, Instant>,
}

impl RecentRefusals {
    /// A transaction was committed: whatever was refused before, the server takes writes.
    pub(super) fn committed(&self) {
        self.state().refused = None;
    }

    /// An operation failed. Says in the log what is to be done, if it is to be done by somebody.
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
                // The probe sees both for itself.
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

    /// Why the last statement was refused, if that stands.
    pub(super) fn standing(&self) -> Option<String> {
        let state = self.state();
        state.refused.as_ref().filter(|(when, _)| when.elapsed() < REFUSAL_STANDS).map(|(_, reason)| reason.clone())
    }

    /// Whether the set-up was found as it should be not long ago.
    pub(super) fn is_set_up(&self) -> bool {
        self.state().set_up.is_some_and(|when| when.elapsed() < SETUP_STANDS)
    }

    /// The set-up was found as it should be.
    pub(super) fn set_up(&self) {
        self.state().set_up = Some(Instant::now());
    }

    /// Nothing that holds the lock can panic in the middle of a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
