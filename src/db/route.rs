//! The way to the server that takes writes: which one it is, and which others may be asked when it no longer does.
//!
//! All connections of a store share one route, so that what one of them learns holds for all. Its generation rises when
//! the server changes, and connections of an older generation are not used again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::DbError;
use super::servers::{Server, Servers};
use super::standing::Standing;

/// For so long a search that found nothing holds for those that come after it: they would ask the same servers.
pub(super) const FAILURE_STANDS: Duration = Duration::from_millis(100);

/// For so long it tells those that wait in vain for a server what they wait for. Searches follow each other more closely, even if
/// each has to wait for a server that stands still.
pub(super) const FAILURE_TELLS: Duration = Duration::from_secs(5);

/// Largest number of members that are remembered; a group has nine at most.
const MOST_MEMBERS: usize = 16;

/// The route; all parts of a store share one.
#[derive(Debug)]
pub(super) struct Route {
    configured: Servers,
    state: Mutex<State>,
    generation: AtomicU64,
    /// Held by the one who searches.
    pub(super) searching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    primary: Option<Server>,
    /// The one that took writes last, which may have been left.
    last: Option<Server>,
    /// Members that the group named and the configuration does not.
    learnt: Vec<Server>,
    /// Whether any server said that it belongs to a group, or none said so; unknown before the first connection.
    grouped: Option<bool>,
    failed: Option<(Instant, DbError)>,
}

impl Route {
    pub(super) fn new(configured: &Servers) -> Arc<Self> {
        Arc::new(Self {
            configured: configured.clone(),
            state: Mutex::default(),
            generation: AtomicU64::new(0),
            searching: tokio::sync::Mutex::default(),
        })
    }

    /// The server to try first: the one that takes writes, or the only one. Where a group is known, the only one that was
    /// configured is one of several.
    pub(super) fn first(&self) -> Option<Server> {
        let state = self.state();
        let only = self.only().filter(|_| state.grouped != Some(true));
        state.primary.clone().or_else(|| only.cloned())
    }

    /// The only server that was configured.
    fn only(&self) -> Option<&Server> {
        match self.configured.all() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether there is one server, which belongs to no group: nothing is looked for then, and it is used as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain_in(&self.state())
    }

    fn is_plain_in(&self, state: &State) -> bool {
        self.only().is_some() && state.grouped == Some(false)
    }

    /// Whether the role of the server may change behind an open connection, so that it is worth looking at.
    pub(super) fn may_change(&self) -> bool {
        self.only().is_none() || self.state().grouped == Some(true)
    }

    /// All servers that may be asked, those that were configured first.
    pub(super) fn candidates(&self) -> Vec<Server> {
        let learnt = self.state().learnt.clone();
        self.configured.all().iter().cloned().chain(learnt).collect()
    }

    /// Remembers what a server says of its group; gives the members that were not known.
    pub(super) fn learn(&self, standing: &Standing) -> Vec<Server> {
        let mut state = self.state();
        if standing.is_grouped() {
            state.grouped = Some(true);
        } else {
            state.grouped.get_or_insert(false);
        }
        let known =
            |state: &State, member: &Server| self.configured.all().contains(member) || state.learnt.contains(member);
        let mut unknown = Vec::new();
        for member in standing.members() {
            if !known(&state, &member) && state.learnt.len() < MOST_MEMBERS {
                state.learnt.push(member.clone());
                unknown.push(member);
            }
        }
        unknown
    }

    /// Notes that a server takes writes. Returns the generation of connections to it.
    pub(super) fn found(&self, server: &Server) -> u64 {
        let mut state = self.state();
        state.failed = None;
        if state.primary.as_ref() == Some(server) {
            return self.generation();
        }
        state.primary = Some(server.clone());
        let before = state.last.replace(server.clone()).filter(|before| before != server);
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        drop(state);
        if let Some(before) = before {
            tracing::warn!(%before, now = %server, "the database is used at another server now");
        }
        generation
    }

    /// Notes that a server no longer takes writes. Its connections are not used again.
    pub(super) fn left(&self, server: &Server, generation: u64) {
        let mut state = self.state();
        // What an older connection says is known already.
        if self.generation() != generation || self.is_plain_in(&state) {
            return;
        }
        if state.primary.as_ref().is_none_or(|primary| primary == server) {
            self.generation.fetch_add(1, Ordering::SeqCst);
            if let Some(before) = state.primary.take() {
                drop(state);
                tracing::warn!(%before, "the server no longer takes writes: another one is looked for");
            }
        }
    }

    /// The number of the way: connections of another one are not used again.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Why the last search failed, if it ended within this time.
    pub(super) fn failed_within(&self, time: Duration) -> Option<DbError> {
        let state = self.state();
        state.failed.as_ref().filter(|(when, _)| when.elapsed() < time).map(|(_, error)| error.clone())
    }

    /// Notes why a search failed.
    pub(super) fn failed(&self, error: &DbError) {
        self.state().failed = Some((Instant::now(), error.clone()));
    }

    /// No code that holds the lock can panic in the middle of a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_server_that_is_named_is_one_of_several_once_it_names_a_group() {
        let named = Server::new("db1", 3306);
        let route = Route::new(&Servers::one("db1", 3306));
        assert_eq!(route.first(), Some(named.clone()));
        route.learn(&Standing::of_some_group());
        assert_eq!(route.first(), None, "it may be any member, and refuse whoever asks");
        let generation = route.found(&named);
        assert_eq!(route.first(), Some(named.clone()));
        route.left(&named, generation);
        assert_eq!(route.first(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_that_found_nobody_tells_why_until_somebody_is_found() {
        let route = Route::new(&Servers::one("db1", 3306));
        route.failed(&DbError::nowhere("db1: it is away"));
        tokio::time::advance(FAILURE_STANDS).await;
        assert!(route.failed_within(FAILURE_STANDS).is_none() && route.failed_within(FAILURE_TELLS).is_some());
        tokio::time::advance(FAILURE_TELLS).await;
        assert!(route.failed_within(FAILURE_TELLS).is_none());
        route.failed(&DbError::nowhere("db1: it is away"));
        route.found(&Server::new("db1", 3306));
        assert!(route.failed_within(FAILURE_TELLS).is_none());
    }
}
