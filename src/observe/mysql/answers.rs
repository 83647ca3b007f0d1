//! A connection to the watched server whose questions are counted, timed and limited.

use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, OptsBuilder, Row, Value};

use crate::observe::observed::Cost;
use crate::observe::subject::DatabaseSubject;

/// The longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(3);

/// The idle limit of the observer's own connection, so that the driver does not ask for it.
const IDLE_LIMIT_S: usize = 28_800;
const MAX_PACKET: usize = 16 << 20;

/// Why a question had no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The server answered with an error; others may be asked.
    Refused { code: u16, message: String },
    /// The connection cannot be used any more.
    Lost(String),
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { code, message } => write!(formatter, "{message} ({code})"),
            Self::Lost(why) => formatter.write_str(why),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Answers {
    conn: Conn,
    pub(super) cost: Cost,
}

impl Answers {
    /// Connects within a time limit.
    pub(super) async fn connect(subject: &DatabaseSubject) -> Result<Self, String> {
        // Nothing here writes, and the server is told so.
        let init = vec!["SET SESSION TRANSACTION READ ONLY".to_owned(), "SET autocommit = 1".to_owned()];
        let options = OptsBuilder::default()
            .ip_or_hostname(subject.host.clone())
            .tcp_port(subject.port)
            .user(Some(subject.user.clone()))
            .pass(subject.password.as_ref().map(|password| password.reveal().to_owned()))
            .prefer_socket(false)
            .tcp_nodelay(true)
            .max_allowed_packet(Some(MAX_PACKET))
            .wait_timeout(Some(IDLE_LIMIT_S))
            .init(init);
        let failed = |why: &dyn std::fmt::Display| format!("{subject} cannot be observed: {why}");
        let connected =
            tokio::time::timeout(LIMIT, Conn::new(options)).await.map_err(|_| failed(&"it does not answer"))?;
        let conn = connected.map_err(|error| match &error {
            Error::Server(server) if server.code == 1045 => failed(&format!(
                "{}. The password comes from OBSERVE_DB_PASSWORD or OBSERVE_DB_PASSWORD_FILE",
                server.message
            )),
            Error::Server(server) => failed(&format!("{} ({})", server.message, server.code)),
            other => failed(other),
        })?;
        Ok(Self { conn, cost: Cost::default() })
    }

    /// Asks, and gives the rows of the answer.
    pub(super) async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, Unanswered> {
        let asked = Instant::now();
        let answer = tokio::time::timeout(LIMIT, self.conn.query::<Row, _>(sql)).await;
        let rows = match answer {
            Ok(Ok(rows)) => rows,
            Ok(Err(Error::Server(error))) => {
                self.cost.add(asked.elapsed(), error.message.len() as u64);
                return Err(Unanswered::Refused { code: error.code, message: error.message });
            }
            Ok(Err(error)) => return Err(Unanswered::Lost(error.to_string())),
            Err(_) => return Err(Unanswered::Lost(format!("it did not answer within {} s", LIMIT.as_secs()))),
        };
        self.cost.add(asked.elapsed(), rows.iter().map(size).sum());
        Ok(rows)
    }

    /// The variables of a `SHOW`, by name.
    pub(super) async fn variables(&mut self, sql: &str) -> Result<Vec<(String, String)>, Unanswered> {
        let rows = self.rows(sql).await?;
        Ok(rows.iter().map(|row| (text(row, 0), text(row, 1))).collect())
    }
}

fn size(row: &Row) -> u64 {
    let values = (0..row.len()).filter_map(|place| row.as_ref(place));
    values.map(|value| if let Value::Bytes(bytes) = value { bytes.len() as u64 } else { 8 }).sum()
}

/// A value as text; empty if it is null.
pub(super) fn text(row: &Row, place: usize) -> String {
    match row.as_ref(place) {
        Some(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::UInt(number)) => number.to_string(),
        Some(Value::Double(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A value as text; `None` if it is null or empty.
pub(super) fn some_text(row: &Row, place: usize) -> Option<String> {
    Some(text(row, place)).filter(|text| !text.is_empty())
}

/// A value as a number; 0 if it is null or none.
pub(super) fn number(row: &Row, place: usize) -> u64 {
    text(row, place).parse().unwrap_or(0)
}

/// The same with decimals.
pub(super) fn decimal(row: &Row, place: usize) -> f64 {
    text(row, place).parse().unwrap_or(0.0)
}
