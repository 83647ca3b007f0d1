//! Makes connections: each is set up, has a unique name, and leads to a server that takes writes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Opts, Row};
use rand::RngExt;
use tokio::time::Instant;

use super::DbError;
use super::config::Config;
use super::route::{FAILURE_STANDS, FAILURE_TELLS, Route};
use super::servers::Server;
use super::standing::{self, Standing};

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) conn: Conn,
    pub(super) name: Option<SessionName>,
    pub(super) way: Way,
    /// It is not used again after this instant.
    pub(super) expires: Instant,
}

/// Where a connection leads.
#[derive(Clone, Debug)]
pub(super) struct Way {
    route: Arc<Route>,
    generation: u64,
    pub(super) server: Server,
}

/// Name of the named lock that a connection takes when it is made and holds until it ends.
///
/// With it, another connection finds out which session of its server is that one, and whether it still exists. The
/// connection number alone is not enough: behind a router, or after a failover, the same number may belong to a
/// different session. Such locks are local to a server, so the name includes the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionName {
    name: Arc<str>,
    pub(super) server: Server,
}

impl SessionName {
    fn random(server: &Server) -> Self {
        let name = format!("storemgr.session.{:032x}", rand::rng().random::<u128>());
        Self { name: name.into(), server: server.clone() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.name
    }
}

impl Connection {
    /// Whether it may be used again: its server was not left, and it is not too old.
    pub(super) fn is_current(&self) -> bool {
        !self.way.is_left() && Instant::now() < self.expires
    }
}

impl Way {
    /// Whether the server has been left since.
    pub(super) fn is_left(&self) -> bool {
        self.generation != self.route.generation()
    }

    /// Leaves the server, which does not take work.
    pub(super) fn leave(&self) {
        self.route.left(&self.server, self.generation);
    }
}

/// Makes connections of one database.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    options: Opts,
    settings: String,
    /// True once the server has turned out not to support named locks, as in some clusters.
    nameless: Arc<AtomicBool>,
    route: Arc<Route>,
}

/// A server that was asked, and why it was not taken.
#[derive(Debug)]
struct Asked {
    server: Server,
    obstacle: String,
    /// The error that says more than the list of obstacles does.
    telling: Option<DbError>,
}

impl fmt::Display for Asked {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "{}: {}", self.server, self.obstacle)
    }
}

/// An error that says more than that a server is not the one: it refuses the account, or has no connection left. It stands if
/// no other server takes writes.
fn telling(error: DbError) -> Option<DbError> {
    Some(error).filter(|error| !error.may_lie_elsewhere())
}

/// Error numbers of a server without named locks: not supported, no such function, forbidden by a setting (Galera).
const NO_NAMED_LOCKS: [u16; 4] = [1235, 1305, 4165, 1047];

/// Time after which others are asked beside the server that took writes last. An outer time limit may be so short that it
/// would end before a server that stands still is given up, and nothing would have been learnt.
const HEAD_START: Duration = Duration::from_millis(500);

/// Longest time for asking one of several servers.
const ASK_LIMIT: Duration = Duration::from_secs(1);

/// How long a connection is used. Behind a router it leads to the server that was chosen when it was made, and nobody
/// tells when another one was.
const LONGEST_USE: Duration = Duration::from_mins(1);

impl Connector {
    pub(super) fn new(config: &Config, route: &Arc<Route>) -> Self {
        let nameless = Arc::new(AtomicBool::new(false));
        let route = Arc::clone(route);
        Self { options: config.options(), settings: config.session_settings(), nameless, route }
    }

    /// Connects to the server that takes writes, sets the session up and names it, which takes one round trip more than
    /// connecting.
    pub(super) async fn connect(&self) -> Result<Connection, DbError> {
        let Some(server) = self.route.first() else { return self.search(None, None).await };
        let generation = self.route.generation();
        let only = self.route.candidates().len() == 1;
        let asking = self.ask(&server);
        let answer = if only {
            asking.await
        } else {
            match tokio::time::timeout(HEAD_START, asking).await {
                Ok(answer) => answer,
                // It may stand still, and be another server's turn. The one that is found first takes its place.
                Err(_) => return self.search(None, Some(server)).await,
            }
        };
        let asked = match answer {
            Ok((connection, standing)) => match self.obstacle(&standing) {
                None => return Ok(self.take(connection)),
                Some(obstacle) => Asked { server, obstacle, telling: None },
            },
            Err(error) if only => return Err(error),
            Err(error) => Asked { server, obstacle: error.to_string(), telling: telling(error) },
        };
        // One that only refuses may be the primary still, and its open connections good.
        if asked.telling.is_none() {
            self.route.left(&asked.server, generation);
        }
        self.search(Some(asked), None).await
    }

    /// Connects within a time limit; a half-made connection is closed when the limit passes.
    pub(super) async fn connect_within(&self, limit: Duration) -> Result<Connection, DbError> {
        tokio::time::timeout(limit, self.connect()).await.unwrap_or_else(|_| Err(self.no_answer()))
    }

    /// Why whoever waited for a connection got none: what the last search found, or that the server did not answer.
    pub(super) fn no_answer(&self) -> DbError {
        self.route.failed_within(FAILURE_TELLS).unwrap_or_else(DbError::no_answer)
    }

    /// Whether no server is known that takes writes.
    pub(super) fn knows_nobody(&self) -> bool {
        self.route.first().is_none()
    }

    /// Connects to this very server, whatever its role is.
    pub(super) async fn connect_to(&self, server: &Server, limit: Duration) -> Result<Connection, DbError> {
        let open = async { self.open(server).await.map(|(connection, _)| connection) };
        tokio::time::timeout(limit, open).await.unwrap_or_else(|_| Err(DbError::no_answer()))
    }

    /// Asks all servers at the same time, and those that they name, until one of them takes writes. One caller searches,
    /// the others wait for what it finds. A server that was asked already is not asked again; one that has not answered yet
    /// is asked with all others.
    async fn search(&self, asked: Option<Asked>, silent: Option<Server>) -> Result<Connection, DbError> {
        let _turn = self.route.searching.lock().await;
        let mut asking = FuturesUnordered::new();
        let elsewhere = |server: &Server| asked.as_ref().is_none_or(|asked| asked.server != *server);
        if let Some(found) = self.route.first().filter(|first| elsewhere(first) && silent.as_ref() != Some(first))
            && let Ok((connection, standing)) = self.ask(&found).await
            && self.obstacle(&standing).is_none()
        {
            return Ok(self.take(connection));
        }
        if let Some(error) = self.route.failed_within(FAILURE_STANDS) {
            return Err(error);
        }
        for server in self.route.candidates().into_iter().filter(elsewhere) {
            asking.push(self.ask_named(server));
        }
        let mut obstacles: Vec<_> = asked.iter().map(Asked::to_string).collect();
        let mut told = asked.and_then(|asked| asked.telling);
        while let Some((server, answer)) = asking.next().await {
            match answer {
                Ok((connection, standing)) => {
                    let named = self.route.learn(&standing);
                    let Some(obstacle) = self.obstacle(&standing) else { return Ok(self.take(connection)) };
                    obstacles.push(format!("{server}: {obstacle}"));
                    asking.extend(named.into_iter().map(|member| self.ask_named(member)));
                }
                Err(error) => {
                    obstacles.push(format!("{server}: {error}"));
                    told = told.or_else(|| telling(error));
                }
            }
        }
        // In the same order each time, so that the same state is told in the same words.
        obstacles.sort_unstable();
        let error = told.unwrap_or_else(|| DbError::nowhere(&obstacles.join("; ")));
        self.route.failed(&error);
        Err(error)
    }

    async fn ask_named(&self, server: Server) -> (Server, Result<(Connection, Standing), DbError>) {
        let answer = self.ask(&server).await;
        (server, answer)
    }

    /// Connects to a server and learns what it is.
    async fn ask(&self, server: &Server) -> Result<(Connection, Standing), DbError> {
        // The only one may take the time that the caller has.
        if !self.route.may_change() {
            return self.open(server).await;
        }
        tokio::time::timeout(ASK_LIMIT, self.open(server)).await.unwrap_or_else(|_| Err(DbError::no_answer()))
    }

    /// Why a server is not to be used. The only one there is may be read-only: then it is read from.
    fn obstacle(&self, standing: &Standing) -> Option<String> {
        self.route.learn(standing);
        standing.obstacle().filter(|_| !self.route.is_plain())
    }

    /// Notes that a connection leads to a server that takes writes.
    fn take(&self, mut connection: Connection) -> Connection {
        connection.way.generation = self.route.found(&connection.way.server);
        connection
    }

    async fn open(&self, server: &Server) -> Result<(Connection, Standing), DbError> {
        if !self.nameless.load(Ordering::Relaxed) {
            let name = SessionName::random(server);
            match self.open_with(server, &format!("; DO GET_LOCK('{}', 0)", name.as_str())).await {
                Ok((conn, standing)) => return Ok((self.connection(conn, Some(name), server), standing)),
                Err(Error::Server(error)) if NO_NAMED_LOCKS.contains(&error.code) => {
                    self.nameless.store(true, Ordering::Relaxed);
                    tracing::warn!(
                        reason = error.message,
                        "the database has no named locks: a session that is lost is ended by the server's own time limits"
                    );
                }
                Err(error) => return Err(DbError::from_connect(error)),
            }
        }
        let (conn, standing) = self.open_with(server, "").await.map_err(DbError::from_connect)?;
        Ok((self.connection(conn, None, server), standing))
    }

    fn connection(&self, conn: Conn, name: Option<SessionName>, server: &Server) -> Connection {
        let way = Way { route: Arc::clone(&self.route), generation: self.route.generation(), server: server.clone() };
        // Connections that were made together are not all made anew together.
        let age = LONGEST_USE.mul_f64(rand::rng().random_range(0.75..1.0));
        Connection { conn, name, way, expires: Instant::now() + age }
    }

    async fn open_with(&self, server: &Server, naming: &str) -> Result<(Conn, Standing), Error> {
        let options = Config::options_for(&self.options, server);
        let settings = format!("{}{naming}", self.settings);
        if self.route.is_plain() {
            return Ok((Conn::new(options.init(vec![settings])).await?, Standing::default()));
        }
        let mut conn = Conn::new(options).await?;
        let standing = match set_up(&mut conn, &settings).await {
            Err(error) if standing::is_hidden(&error) => Standing::ask_without_members(&mut conn).await?,
            asked => asked?,
        };
        Ok((conn, standing))
    }
}

/// Sends settings and question in one round trip.
async fn set_up(conn: &mut Conn, settings: &str) -> Result<Standing, Error> {
    let mut answers = conn.query_iter(format!("{settings}; {}", standing::query())).await?;
    let mut found = None;
    while !answers.is_empty() {
        if let Some(row) = answers.collect::<Row>().await?.first() {
            found = Some(Standing::of(row));
        }
    }
    // An error of a later statement looks like the end of the answers.
    answers.drop_result().await?;
    found.ok_or_else(|| Error::Other("it did not say whether it takes writes".into()))
}
