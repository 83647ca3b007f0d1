//! Watches a database, Redis and processes from outside while a load test runs, and says what it saw.
//!
//! Nothing here changes what it watches: every statement reads, connections are opened before the load (during a collapse
//! none could be opened), and the time spent on looking is limited and counted. It knows no service and draws no conclusion;
//! statements are kept without their values ([`normalised`]). What was seen is an [`Observed`], which becomes part of the
//! result of the run.

mod mysql;
mod normalised;
mod observed;
mod observing;
mod pace;
mod processes;
mod redis;
mod subject;

pub use normalised::normalised;
pub use observed::{
    Busiest, Command, ConnectionLook, Cost, Missing, Observed, ObservedDatabase, ObservedProcess, ObservedRedis, Role,
    RowWait, Statement, Transactions, UserConnections,
};
pub use observing::{ObserveError, Observing};
pub use subject::{DatabaseSubject, InvalidSubject, ProcessSubject, RedisSubject, Subject};
