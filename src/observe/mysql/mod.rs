//! Watches MySQL and MariaDB by their own tables: connections, statements, transactions, locks, counters.
//!
//! A server shows more or less of itself: MariaDB counts no statements by default, and an account without rights sees only
//! its own. [`sources`] finds out what there is, and what would show the rest.

mod answers;
mod connections;
mod counters;
mod sources;
mod statements;
mod transactions;
mod watch;

pub(super) use watch::DatabaseWatch;
