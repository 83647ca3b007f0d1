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
    let mut states = Vec::new();
    for session in &mut sessions {
        states.push(session.member_state().await?);
    }
    let belongs = |state: &Option<String>| matches!(state.as_deref(), Some("ONLINE" | "RECOVERING"));
    if !states.iter().any(belongs) {
        // Whoever begins a group decides what it contains, so it is the one that has everything.
        let first = most_complete(&mut sessions).await?;
        sessions[first].begin_group(&members[first], limit).await?;
        sessions[first].wait_online(deadline).await?;
        states[first] = Some("ONLINE".to_owned());
    }
    for index in 0..sessions.len() {
        if !belongs(&states[index]) {
            let group: Vec<_> = (0..states.len()).filter(|other| belongs(&states[*other])).collect();
            wait_forgotten(&mut sessions, index, &group, deadline).await?;
            sessions[index].rejoin(&members[index], deadline).await?;
        }
        sessions[index].wait_online(deadline).await?;
    }
    Ok(())
}

/// Waits until the members of the group no longer list a server. If it joins while they believe that it is there still, they
/// refuse it, and it waits for them for a minute and a half.
async fn wait_forgotten(
    sessions: &mut [Session],
    index: usize,
    group: &[usize],
    deadline: Instant,
) -> Result<(), DbError> {
    let own = sessions[index].run_rows::<String>("SELECT @@GLOBAL.server_uuid").await?;
    let sql = format!(
        "SELECT 1 FROM performance_schema.replication_group_members WHERE MEMBER_ID = '{}' LIMIT 1",
        own.into_iter().next().unwrap_or_default()
    );
    for member in group {
        while !sessions[*member].run_rows::<u8>(&sql).await?.is_empty() && Instant::now() < deadline {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
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
