//! The counters that a server keeps since it started.

use std::collections::BTreeMap;

use super::answers::{Answers, Unanswered, decimal, number};
use super::sources::Sources;
use crate::observe::observed::ROW_COMMANDS;

/// The counters that are kept, besides `Com_…`, `Handler_read_…` and the errors of connections.
const KEPT: &str = "'Questions','Queries','Connections','Aborted_connects','Aborted_clients','Max_used_connections',\
    'Threads_created','Bytes_sent','Bytes_received','Select_scan','Select_full_join','Sort_scan','Slow_queries',\
    'Created_tmp_tables','Created_tmp_disk_tables','Handler_commit','Handler_rollback','Handler_write','Handler_update',\
    'Handler_delete','Innodb_row_lock_waits','Innodb_row_lock_time','Innodb_deadlocks','Innodb_os_log_fsyncs',\
    'Innodb_data_fsyncs','Innodb_rows_read','Binlog_commits','Binlog_group_commits','Connection_errors_max_connections'";

/// Commands that are counted by name, besides those that read or change rows.
const OTHER_COMMANDS: [&str; 9] = [
    "begin",
    "commit",
    "rollback",
    "set_option",
    "stmt_prepare",
    "stmt_execute",
    "call_procedure",
    "change_db",
    "lock_tables",
];

/// All counters at one time.
pub(super) type Counters = BTreeMap<String, u64>;

/// Reads the counters.
pub(super) async fn read(answers: &mut Answers, sources: Sources) -> Result<Counters, Unanswered> {
    let commands: String = ROW_COMMANDS.iter().chain(&OTHER_COMMANDS).map(|name| format!(",'Com_{name}'")).collect();
    let condition = format!("Variable_name IN ({KEPT}{commands}) OR Variable_name LIKE 'Handler\\_read\\_%'");
    let rows = answers.variables(&format!("SHOW GLOBAL STATUS WHERE {condition}")).await?;
    let mut counters: Counters =
        rows.into_iter().filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect();
    if !sources.is_mariadb && sources.transactions {
        // MySQL counts them here, MariaDB among the others. That it may be switched off is no error.
        let sql =
            "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks' AND STATUS = 'enabled'";
        match answers.rows(sql).await {
            Ok(rows) => counters.extend(rows.first().map(|row| ("Innodb_deadlocks".to_owned(), number(row, 0)))),
            Err(Unanswered::Refused { .. }) => {}
            Err(lost) => return Err(lost),
        }
    }
    Ok(counters)
}

/// How much each rose.
pub(super) fn rose(first: &Counters, last: &Counters) -> Counters {
    let rise = |(name, now): (&String, &u64)| {
        // This one is a height, not a count.
        let before = if name == "Max_used_connections" { 0 } else { first.get(name).copied().unwrap_or(0) };
        (name.clone(), now.saturating_sub(before))
    };
    last.iter().map(rise).filter(|(_, rise)| *rise > 0).collect()
}

/// The time and the number of flushes of the logs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Flushes {
    pub(super) seconds: f64,
    pub(super) count: u64,
}

impl Flushes {
    /// What was added since an earlier reading; `None` if no flush was counted: MariaDB has these counters and counts no flush of
    /// its transaction log, and what was not measured is not zero.
    pub(super) fn since(self, earlier: Self) -> Option<Self> {
        let count = self.count.saturating_sub(earlier.count);
        (count > 0).then(|| Self { seconds: (self.seconds - earlier.seconds).max(0.0), count })
    }
}

/// Reads what flushing the logs of transactions took since the server started. Of a log, what is neither reading nor writing is
/// opening it, which is rare, and flushing.
pub(super) async fn flushes(answers: &mut Answers, sources: Sources) -> Result<Option<Flushes>, Unanswered> {
    if !sources.files {
        return Ok(None);
    }
    let sql = "SELECT SUM(COUNT_MISC), SUM(SUM_TIMER_MISC) / 1e12 FROM performance_schema.file_summary_by_event_name \
               WHERE EVENT_NAME IN ('wait/io/file/innodb/innodb_log_file', 'wait/io/file/sql/binlog')";
    match answers.rows(sql).await {
        Ok(rows) => Ok(rows.first().map(|row| Flushes { count: number(row, 0), seconds: decimal(row, 1) })),
        Err(Unanswered::Refused { .. }) => Ok(None),
        Err(lost) => Err(lost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flushes_that_nobody_counts_are_not_none() {
        let reading = |seconds, count| Flushes { seconds, count };
        assert_eq!(reading(0.5, 3).since(reading(0.5, 3)), None);
        assert_eq!(reading(1.5, 5).since(reading(0.5, 3)), Some(reading(1.0, 2)));
    }

    #[test]
    fn counters_are_those_of_the_time_that_was_watched() {
        let counters = |of: &[(&str, u64)]| of.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let first = counters(&[("Questions", 10), ("Max_used_connections", 7), ("Com_commit", 5)]);
        let last = counters(&[("Questions", 25), ("Max_used_connections", 9), ("Com_commit", 5), ("New", 1)]);
        assert_eq!(rose(&first, &last), counters(&[("Questions", 15), ("Max_used_connections", 9), ("New", 1)]));
    }
}
