//! What a server shows of itself to this account, and what would show the rest.

use super::answers::{Answers, Unanswered, number, text};
use crate::observe::observed::Missing;

/// Where things can be read.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says of one table whether it can be read")]
pub(super) struct Sources {
    pub(super) is_mariadb: bool,
    /// The list of connections is that of `performance_schema`, which holds no lock while it is read.
    pub(super) fast_list: bool,
    /// Statements are counted by their text.
    pub(super) digests: bool,
    /// The time of writing files is counted.
    pub(super) files: bool,
    /// Open transactions can be read.
    pub(super) transactions: bool,
    /// Who waits for whom can be read.
    pub(super) lock_waits: bool,
}

/// The facts of a server that do not change.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) version: String,
    pub(super) max_connections: u64,
    pub(super) user_limit: Option<u64>,
    /// Accounts with a limit of their own, as far as they can be seen.
    pub(super) limits: Vec<(String, u64)>,
    pub(super) own_id: u64,
    pub(super) sources: Sources,
    pub(super) missing: Vec<Missing>,
}

/// Finds out.
pub(super) async fn find(answers: &mut Answers) -> Result<Facts, Unanswered> {
    let rows = answers
        .rows(
            "SELECT VERSION(), @@GLOBAL.max_connections, @@GLOBAL.max_user_connections, CONNECTION_ID(), CURRENT_USER(), \
             @@GLOBAL.performance_schema",
        )
        .await?;
    let Some(row) = rows.first() else { return Err(Unanswered::Lost("it answers nothing".to_owned())) };
    let version = text(row, 0);
    let mut facts = Facts {
        max_connections: number(row, 1),
        user_limit: Some(number(row, 2)).filter(|limit| *limit > 0),
        own_id: number(row, 3),
        sources: Sources { is_mariadb: version.contains("MariaDB"), ..Sources::default() },
        version,
        limits: account_limits(answers).await?,
        missing: Vec::new(),
    };
    let (account, is_on) = (quoted(&text(row, 4)), number(row, 5) > 0);
    let mut probe = Probe { answers, account, missing: Vec::new() };
    let sources = &mut facts.sources;
    let digests = "SELECT 1 FROM performance_schema.events_statements_summary_by_digest LIMIT 1";
    if is_on {
        sources.digests = probe.shows("how often each statement ran, and how long", digests, READ).await?;
        let files = "SELECT 1 FROM performance_schema.file_summary_by_event_name LIMIT 1";
        sources.files = sources.digests && probe.can(files).await?;
        let list = "SELECT 1 FROM performance_schema.processlist LIMIT 1";
        sources.fast_list = !sources.is_mariadb && sources.digests && probe.can(list).await?;
    } else {
        probe.missing.push(Missing {
            what: "how often each statement ran, and how long".to_owned(),
            why: "performance_schema is off".to_owned(),
            remedy: "performance_schema = ON in the server's configuration, and a restart".to_owned(),
        });
    }
    let transactions = "SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1";
    let what = "transactions, waits for rows, and connections of other accounts";
    sources.transactions = probe.shows(what, transactions, PROCESS).await?;
    let waits = if sources.is_mariadb {
        "SELECT 1 FROM information_schema.INNODB_LOCK_WAITS LIMIT 1"
    } else {
        "SELECT 1 FROM performance_schema.data_lock_waits LIMIT 1"
    };
    sources.lock_waits = sources.transactions && probe.can(waits).await?;
    facts.missing = probe.missing;
    Ok(facts)
}

const READ: &str = "GRANT SELECT ON performance_schema.*";
const PROCESS: &str = "GRANT PROCESS ON *.*";

/// The accounts that may have only so many connections; empty if that cannot be read.
async fn account_limits(answers: &mut Answers) -> Result<Vec<(String, u64)>, Unanswered> {
    let sql = "SELECT User, max_user_connections FROM mysql.user WHERE max_user_connections > 0 LIMIT 100";
    match answers.rows(sql).await {
        Ok(rows) => Ok(rows.iter().map(|row| (text(row, 0), number(row, 1))).collect()),
        Err(Unanswered::Refused { .. }) => Ok(Vec::new()),
        Err(lost) => Err(lost),
    }
}

struct Probe<'a> {
    answers: &'a mut Answers,
    account: String,
    missing: Vec<Missing>,
}

impl Probe<'_> {
    async fn can(&mut self, sql: &str) -> Result<bool, Unanswered> {
        match self.answers.rows(sql).await {
            Ok(_) => Ok(true),
            Err(Unanswered::Refused { .. }) => Ok(false),
            Err(lost) => Err(lost),
        }
    }

    /// The same, and notes what would show it.
    async fn shows(&mut self, what: &str, sql: &str, grant: &str) -> Result<bool, Unanswered> {
        match self.answers.rows(sql).await {
            Ok(_) => Ok(true),
            Err(refused @ Unanswered::Refused { .. }) => {
                self.missing.push(Missing {
                    what: what.to_owned(),
                    why: refused.to_string(),
                    remedy: format!("{grant} TO {}", self.account),
                });
                Ok(false)
            }
            Err(lost) => Err(lost),
        }
    }
}

/// An account as a GRANT names it.
fn quoted(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    format!("'{user}'@'{host}'")
}
