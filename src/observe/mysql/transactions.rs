//! Open transactions, and who waits for whose rows.

use std::collections::HashMap;

use super::answers::{Answers, Unanswered, number, some_text, text};
use super::connections::Connection;
use super::sources::Sources;
use crate::observe::normalised::normalised;
use crate::observe::observed::{RowWait, Transactions};

/// The most that are read at one look, and the most waits that are kept.
const MOST_READ: usize = 1000;
const MOST_KEPT: usize = 100;
const MOST_TOLD: usize = 10;

/// An open transaction at one look.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transaction {
    id: String,
    pub(super) connection: u64,
    open_s: f64,
    waits_s: Option<f64>,
    runs: Option<String>,
}

/// What all looks add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) transactions: Transactions,
    waits: HashMap<(String, Option<String>), RowWait>,
}

/// Reads the open transactions.
pub(super) async fn read(answers: &mut Answers, sources: Sources) -> Result<Vec<Transaction>, Unanswered> {
    if !sources.transactions {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT trx_id, trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, NOW()), \
         TIMESTAMPDIFF(SECOND, trx_wait_started, NOW()), LEFT(trx_query, 300), trx_state \
         FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id > 0 LIMIT {MOST_READ}"
    );
    let rows = answers.rows(&sql).await?;
    let transaction = |row: &mysql_async::Row| Transaction {
        id: text(row, 0),
        connection: number(row, 1),
        open_s: number(row, 2) as f64,
        waits_s: text(row, 5).contains("LOCK WAIT").then(|| number(row, 3) as f64),
        runs: some_text(row, 4).map(|text| normalised(&text)),
    };
    Ok(rows.iter().map(transaction).collect())
}

/// Reads which transaction waits for which; asked only when one waits, because the list of locks may be long.
pub(super) async fn waits(answers: &mut Answers, sources: Sources) -> Result<Vec<(String, String)>, Unanswered> {
    let sql = if sources.is_mariadb {
        "SELECT requesting_trx_id, blocking_trx_id FROM information_schema.INNODB_LOCK_WAITS LIMIT 500"
    } else {
        "SELECT REQUESTING_ENGINE_TRANSACTION_ID, BLOCKING_ENGINE_TRANSACTION_ID \
         FROM performance_schema.data_lock_waits LIMIT 500"
    };
    match answers.rows(sql).await {
        Ok(rows) => Ok(rows.iter().map(|row| (text(row, 0), text(row, 1))).collect()),
        Err(Unanswered::Refused { .. }) => Ok(Vec::new()),
        Err(lost) => Err(lost),
    }
}

impl Transaction {
    pub(super) fn waits(&self) -> bool {
        self.waits_s.is_some()
    }
}

impl Seen {
    /// Adds a look. `ours` are the connections of the watched database; `pairs` says who waits for whom.
    pub(super) fn add(&mut self, open: &[Transaction], ours: &[Connection], pairs: &[(String, String)]) {
        let connections: HashMap<u64, &Connection> =
            ours.iter().map(|connection| (connection.id, connection)).collect();
        let of_service: Vec<_> =
            open.iter().filter(|transaction| connections.contains_key(&transaction.connection)).collect();
        let seen = &mut self.transactions;
        seen.most = seen.most.max(of_service.len() as u64);
        for transaction in &of_service {
            if transaction.open_s >= seen.oldest_s {
                seen.oldest_s = transaction.open_s;
                seen.oldest_runs.clone_from(&transaction.runs);
            }
            if connections.get(&transaction.connection).is_some_and(|connection| connection.is_asleep()) {
                seen.oldest_idle_s = seen.oldest_idle_s.max(transaction.open_s);
            }
        }
        let by_id: HashMap<&str, &Transaction> = open.iter().map(|found| (found.id.as_str(), found)).collect();
        // One that waits for several holders is told with the one that has been open longest and waits for nobody itself.
        for waiting in of_service.iter().filter(|transaction| transaction.waits()) {
            let holders =
                pairs.iter().filter(|(waits, _)| *waits == waiting.id).filter_map(|(_, id)| by_id.get(id.as_str()));
            let holder = holders.max_by(|a, b| {
                let rank = |found: &Transaction| (!found.waits(), found.open_s);
                rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal)
            });
            let holder_runs = holder.and_then(|holder| holder.runs.clone());
            let key = (waiting.runs.clone().unwrap_or_default(), holder_runs.clone());
            if self.waits.len() >= MOST_KEPT && !self.waits.contains_key(&key) {
                continue;
            }
            let wait = self.waits.entry(key).or_default();
            wait.waits = waiting.runs.clone().unwrap_or_default();
            wait.holder_runs = holder_runs;
            wait.seen += 1;
            wait.longest_s = wait.longest_s.max(waiting.waits_s.unwrap_or(0.0));
            if let Some(holder) = holder {
                wait.holder_open_s = wait.holder_open_s.max(holder.open_s);
                wait.holder = connections
                    .get(&holder.connection)
                    .map(|connection| connection.user.clone())
                    .or(wait.holder.take());
            }
        }
    }

    /// Who waited for whom, the longest wait first.
    pub(super) fn row_waits(&self) -> Vec<RowWait> {
        let mut waits: Vec<_> = self.waits.values().cloned().collect();
        waits.sort_by(|a, b| {
            (b.longest_s, b.seen as f64).partial_cmp(&(a.longest_s, a.seen as f64)).unwrap_or(std::cmp::Ordering::Equal)
        });
        waits.truncate(MOST_TOLD);
        waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(id: u64, command: &str) -> Connection {
        let [user, command, database] = ["shop", command, "store"].map(str::to_owned);
        Connection { id, user, command, for_s: 0.0, state: String::new(), statement: String::new(), database }
    }

    fn transaction(id: &str, connection: u64, open_s: f64, waits_s: Option<f64>, runs: Option<&str>) -> Transaction {
        Transaction { id: id.to_owned(), connection, open_s, waits_s, runs: runs.map(str::to_owned) }
    }

    #[test]
    fn the_holder_of_rows_is_the_one_that_waits_for_nobody() {
        let open = [
            transaction("1", 1, 9.0, None, None),
            transaction("2", 2, 4.0, Some(3.0), Some("UPDATE stocks")),
            transaction("3", 3, 2.0, Some(2.0), Some("UPDATE stocks")),
            transaction("4", 99, 50.0, None, None),
        ];
        let ours = [connection(1, "Sleep"), connection(2, "Query"), connection(3, "Query")];
        let pairs = [("2", "1"), ("3", "1"), ("3", "2")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let mut seen = Seen::default();
        seen.add(&open, &ours, &pairs);
        assert_eq!(
            (seen.transactions.most, seen.transactions.oldest_s, seen.transactions.oldest_idle_s),
            (3, 9.0, 9.0)
        );
        let waits = seen.row_waits();
        assert_eq!(waits.len(), 1);
        let wait = &waits[0];
        assert_eq!((wait.seen, wait.longest_s, wait.holder_open_s), (2, 3.0, 9.0));
        assert_eq!(
            (wait.waits.as_str(), wait.holder_runs.as_deref(), wait.holder.as_deref()),
            ("UPDATE stocks", None, Some("shop"))
        );
    }
}
