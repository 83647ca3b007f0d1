//! Makes a group of private servers, or brings members back to it. Whoever runs a real group has tools for that; this is
//! for the servers that a stack starts by itself.

use std::time::Duration;

use tokio::time::Instant;

use super::connector::Connector;
use super::counters::Counters;
use super::route::Route;
use super::session::Origin;
use super::{Address, Config, ConnectionMode, DbError, Server, Session};

/// Pause between two looks at a member that joins.
const PAUSE: Duration = Duration::from_millis(100);

/// Joins all of these servers, each with the account that may do it and may be used for recovery: to the group that some of
/// them form already, or to a new one.
pub async fn form_group(members: &[Address], limit: Duration) -> Result<(), DbError> {
    let deadline = Instant::now() + limit;
    let mut sessions = Vec::new();
    for member in members {
        sessions.push(Session::to_member(member, limit).await?);
    }
    let mut belongs = members_at_rest(&mut sessions, deadline).await?;
    if !belongs.contains(&true) {
        // Whoever begins a group decides what it contains, so it is the one that has everything.
        let first = most_complete(&mut sessions).await?;
        sessions[first].begin_group(&members[first], limit).await?;
        belongs[first] = true;
    }
    for index in 0..sessions.len() {
        if !belongs[index] {
            sessions[index].rejoin(&members[index], deadline).await?;
        }
        sessions[index].wait_online(deadline).await?;
    }
    Ok(())
}

/// Which servers belong to the group, once all that do agree on it. A member needs some ten seconds to notice that others are
/// gone. Until it has forgotten one of them, it refuses that one, which then waits for a minute and a half; and with the majority
/// it gives up the group itself.
async fn members_at_rest(sessions: &mut [Session], deadline: Instant) -> Result<Vec<bool>, DbError> {
    loop {
        let mut views = Vec::new();
        for session in sessions.iter_mut() {
            views.push(session.view().await?);
        }
        let belonging = views.iter().filter(|view| view.own.is_some());
        let is_one = |uuid: &String| views.iter().any(|view| view.own.as_ref() == Some(uuid));
        if belonging.flat_map(|view| &view.members).all(is_one) || Instant::now() > deadline {
            return Ok(views.iter().map(|view| view.own.is_some()).collect());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A group as one of the servers sees it.
#[derive(Debug)]
struct View {
    /// Its own identity, if it belongs to the group.
    own: Option<String>,
    /// Those of all that it lists, in whatever state.
    members: Vec<String>,
}

/// The server that takes writes among those of an address.
pub async fn writable_server(address: &Address, limit: Duration) -> Result<Server, DbError> {
    let session = Session::connect(address, limit).await?;
    session.server().cloned().ok_or(DbError::Lost)
}

/// The index of the server whose transactions include those of all others.
async fn most_complete(sessions: &mut [Session]) -> Result<usize, DbError> {
    let mut sets = Vec::new();
    for session in sessions.iter_mut() {
        let executed = session.run_rows::<String>("SELECT @@GLOBAL.gtid_executed").await?;
        sets.push(executed.into_iter().next().unwrap_or_default().replace(['\n', ' '], ""));
    }
    for index in 0..sets.len() {
        let parts = sets.iter().map(|set| format!("GTID_SUBSET('{set}', '{}')", sets[index]));
        let sql = format!("SELECT {}", parts.collect::<Vec<_>>().join(" AND "));
        if sessions[index].run_rows::<u8>(&sql).await?.first() == Some(&1) {
            return Ok(index);
        }
    }
    Err(DbError::nowhere("each server has transactions that another one has not"))
}

impl Session {
    /// A session with this very server, whatever its role is.
    async fn to_member(address: &Address, limit: Duration) -> Result<Self, DbError> {
        let config = Config {
            address: address.clone(),
            connections: ConnectionMode::PerRequest { linger: Duration::ZERO, wait: limit },
            statement_timeout: limit,
            lock_wait_timeout: limit,
        };
        let route = Route::new(&address.servers);
        let server = address.servers.all().first().ok_or(DbError::Lost)?;
        let connection = Connector::new(&config, &route).connect_to(server, limit).await?;
        let origin = Origin::Own { in_use: None, linger: None };
        Ok(Self::new(connection, origin, limit, Instant::now() + limit, Counters::unregistered()?, None))
    }

    async fn view(&mut self) -> Result<View, DbError> {
        let sql = "SELECT MEMBER_ID, MEMBER_STATE, MEMBER_ID = @@GLOBAL.server_uuid \
                   FROM performance_schema.replication_group_members";
        let places: Vec<(String, String, bool)> = self.run_rows(sql).await?;
        let belongs = |state: &str| matches!(state, "ONLINE" | "RECOVERING");
        let own = places.iter().find(|(_, state, own)| *own && belongs(state)).map(|(uuid, ..)| uuid.clone());
        Ok(View { own, members: places.into_iter().map(|(uuid, ..)| uuid).collect() })
    }

    async fn member_state(&mut self) -> Result<Option<String>, DbError> {
        let sql = "SELECT MEMBER_STATE FROM performance_schema.replication_group_members \
                   WHERE MEMBER_ID = @@GLOBAL.server_uuid";
        Ok(self.run_rows::<String>(sql).await?.into_iter().next())
    }

    async fn join(&mut self, account: &Address) -> Result<(), DbError> {
        // Both come from the stack, and consist of letters, digits and underscores.
        let (user, password) = (&account.user, account.password.reveal());
        self.run(&format!("START GROUP_REPLICATION USER = '{user}', PASSWORD = '{password}'")).await
    }

    /// A member in the state ERROR has to stop before it starts again, and is offline until somebody ends that.
    async fn leave_error(&mut self) -> Result<(), DbError> {
        self.run("STOP GROUP_REPLICATION; SET GLOBAL offline_mode = OFF").await
    }

    /// Begins a new group with this server. It does not do so again at its next start, whether this one succeeds or not.
    async fn begin_group(&mut self, account: &Address, limit: Duration) -> Result<(), DbError> {
        self.leave_error().await?;
        self.run("SET GLOBAL group_replication_bootstrap_group = ON").await?;
        let started = self.join(account).await;
        // A session does not outlive a refusal.
        if started.is_err()
            && let Ok(session) = Self::to_member(account, limit).await
        {
            *self = session;
        }
        let ended = self.run("SET GLOBAL group_replication_bootstrap_group = OFF").await;
        started.and(ended)
    }

    /// Joins again and again: the others may not have forgotten yet that it was there.
    async fn rejoin(&mut self, account: &Address, deadline: Instant) -> Result<(), DbError> {
        loop {
            self.leave_error().await?;
            match self.join(account).await {
                Err(error) if error.spoils_connection() && !error.spoils_server() => return Err(error),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => *self = Self::to_member(account, deadline.saturating_duration_since(Instant::now())).await?,
                Ok(()) => return Ok(()),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn wait_online(&mut self, deadline: Instant) -> Result<(), DbError> {
        while self.member_state().await?.as_deref() != Some("ONLINE") {
            if Instant::now() > deadline {
                return Err(DbError::nowhere("a member did not come online in time"));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
