//! Statements by their text: counted by the server, or seen in the list of connections.

use std::collections::{HashMap, HashSet};

use super::answers::{Answers, Unanswered, decimal, number, text};
use super::connections::Sightings;
use super::sources::Sources;
use crate::observe::normalised::normalised;
use crate::observe::observed::Statement;

/// The most statements that are read, and told.
const MOST_READ: usize = 12_000;
const MOST_TOLD: usize = 40;

/// What the server counted of a statement, since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counted {
    count: u64,
    time_s: f64,
    examined: u64,
    sent: u64,
    without_index: u64,
    lock_s: f64,
    errors: u64,
}

/// What the server counted, by the digest and the database of the statement.
pub(super) type Digests = HashMap<String, Counted>;

const COUNTS: &str = "COUNT_STAR, SUM_TIMER_WAIT / 1e12, SUM_ROWS_EXAMINED, SUM_ROWS_SENT + SUM_ROWS_AFFECTED, \
                      SUM_NO_INDEX_USED, SUM_LOCK_TIME / 1e12, SUM_ERRORS";

/// Reads what is counted, to compare with later.
pub(super) async fn read(answers: &mut Answers, sources: Sources) -> Result<Option<Digests>, Unanswered> {
    if !sources.digests {
        return Ok(None);
    }
    let sql = format!(
        "SELECT CONCAT(COALESCE(SCHEMA_NAME, ''), ' ', COALESCE(DIGEST, '')), {COUNTS} \
         FROM performance_schema.events_statements_summary_by_digest LIMIT {MOST_READ}"
    );
    let rows = answers.rows(&sql).await?;
    Ok(Some(rows.iter().map(|row| (text(row, 0), counted(row, 1))).collect()))
}

/// Reads the statements of a database that ran since an earlier reading, those that took longest first.
pub(super) async fn since(
    answers: &mut Answers,
    before: &Digests,
    database: Option<&str>,
) -> Result<Vec<Statement>, Unanswered> {
    // A name from the command line, as digits.
    let schema = database.map(|name| format!("AND SCHEMA_NAME = CONVERT(X'{}' USING utf8mb4)", hex::encode(name)));
    let sql = format!(
        "SELECT CONCAT(COALESCE(SCHEMA_NAME, ''), ' ', COALESCE(DIGEST, '')), {COUNTS}, DIGEST_TEXT \
         FROM performance_schema.events_statements_summary_by_digest \
         WHERE DIGEST_TEXT IS NOT NULL {} ORDER BY LAST_SEEN DESC LIMIT 2000",
        schema.unwrap_or_default()
    );
    let rows = answers.rows(&sql).await?;
    let (mut statements, mut prepared) = (Vec::new(), Vec::new());
    for row in &rows {
        let was = before.get(&text(row, 0)).copied().unwrap_or_default();
        let now = counted(row, 1);
        let count = now.count.saturating_sub(was.count);
        let said = normalised(&text(row, 8));
        let Some(executed) = executed(&said).filter(|said| count > 0 && !is_own(said)) else { continue };
        let list = if executed.len() == said.len() { &mut statements } else { &mut prepared };
        list.push(told(executed.to_owned(), &now, &was));
    }
    for other in prepared {
        add(&mut statements, other);
    }
    Ok(statements)
}

/// What was executed. MySQL 9 counts a prepared statement under `EXECUTE SELECT …`, and its preparation, which is none of the
/// service's work on its data, under `PREPARE SELECT …`. One that was prepared by a statement has a name in quotes there.
fn executed(said: &str) -> Option<&str> {
    let inner = |word: &str| said.strip_prefix(word).filter(|rest| rest.starts_with(char::is_alphabetic));
    if inner("PREPARE ").is_some() { None } else { Some(inner("EXECUTE ").unwrap_or(said)) }
}

/// Adds a prepared statement to the same one sent as it is, which has a digest of its own. Several with one text are left
/// alone: MariaDB gives those that came in one packet the text of the first.
fn add(statements: &mut Vec<Statement>, other: Statement) {
    let mut same = statements.iter_mut().filter(|statement| statement.text == other.text);
    let (Some(statement), None) = (same.next(), same.next()) else {
        statements.push(other);
        return;
    };
    let sum = |into: &mut Option<u64>, from: Option<u64>| *into = Some(into.unwrap_or(0) + from.unwrap_or(0));
    sum(&mut statement.count, other.count);
    sum(&mut statement.rows_examined, other.rows_examined);
    sum(&mut statement.rows_sent, other.rows_sent);
    sum(&mut statement.without_index, other.without_index);
    sum(&mut statement.errors, other.errors);
    statement.time_s += other.time_s;
    statement.lock_s = Some(statement.lock_s.unwrap_or(0.0) + other.lock_s.unwrap_or(0.0));
}

/// From this share of the statements that were seen running on, those that the server does not count by their text matter.
const UNCOUNTED: f64 = 0.3;

/// So few sightings may be an accident.
const FEW_SIGHTINGS: u64 = 4;

/// A statement that reads so many rows does not find its rows by a key.
const MANY_ROWS: u64 = 1_000;

/// Whether most of the statements that the server counted by their kind are among those that it counted by their text, and
/// most of those that were seen running as well: a few that are not counted may take most of the time. On a busy machine too
/// few are seen running to tell; then the rows tell that the server read one after the other, for whatever statement.
pub(super) fn are_most(
    counted: &[Statement],
    counters: &std::collections::BTreeMap<String, u64>,
    seen: &HashMap<String, Sightings>,
) -> bool {
    let kinds =
        [("SELECT", "Com_select"), ("INSERT", "Com_insert"), ("UPDATE", "Com_update"), ("DELETE", "Com_delete")];
    let by_kind: u64 = kinds.iter().filter_map(|(_, name)| counters.get(*name)).sum();
    let of_kind =
        |statement: &&Statement| kinds.iter().any(|(verb, _)| statement.text.to_ascii_uppercase().contains(verb));
    let by_text: u64 = counted.iter().filter(of_kind).filter_map(|statement| statement.count).sum();
    let known: HashSet<String> = counted.iter().map(|statement| plain(&statement.text)).collect();
    let running: u64 = seen.values().map(|sightings| sightings.seen).sum();
    let unknown = seen.iter().filter(|(text, _)| !known.contains(&plain(text)));
    let unknown: u64 = unknown.map(|(_, sightings)| sightings.seen).sum();
    let rows = ["Handler_read_rnd_next", "Handler_read_next"];
    let read: u64 = rows.iter().filter_map(|name| counters.get(*name)).sum();
    let unknown_rows = read.saturating_sub(counted.iter().filter_map(|statement| statement.rows_examined).sum());
    let scanning = unknown_rows >= MANY_ROWS * by_kind.saturating_sub(by_text).max(1) && unknown_rows >= read / 2;
    let hidden = (unknown >= FEW_SIGHTINGS && unknown as f64 >= UNCOUNTED * running as f64) || scanning;
    !counted.is_empty() && by_text as f64 >= 0.3 * by_kind as f64 && !hidden
}

/// Whether a statement is one of the observer's.
fn is_own(text: &str) -> bool {
    text.contains("events_statements_summary_by_digest") || text.contains("INNODB_TRX") || text.contains("processlist")
}

fn told(text: String, now: &Counted, was: &Counted) -> Statement {
    Statement {
        text,
        count: Some(now.count.saturating_sub(was.count)),
        time_s: (now.time_s - was.time_s).max(0.0),
        rows_examined: Some(now.examined.saturating_sub(was.examined)),
        rows_sent: Some(now.sent.saturating_sub(was.sent)),
        without_index: Some(now.without_index.saturating_sub(was.without_index)),
        lock_s: Some((now.lock_s - was.lock_s).max(0.0)),
        errors: Some(now.errors.saturating_sub(was.errors)),
        seen: 0,
        most_at_once: 0,
    }
}

fn counted(row: &mysql_async::Row, from: usize) -> Counted {
    Counted {
        count: number(row, from),
        time_s: decimal(row, from + 1),
        examined: number(row, from + 2),
        sent: number(row, from + 3),
        without_index: number(row, from + 4),
        lock_s: decimal(row, from + 5),
        errors: number(row, from + 6),
    }
}

/// Adds how often statements were seen to those that were counted, and orders all by their time. The two are written a little
/// differently, so that they are compared without spaces, quotes and case.
pub(super) fn with_sightings(
    mut counted: Vec<Statement>,
    seen: &HashMap<String, Sightings>,
    seconds_per_look: f64,
) -> Vec<Statement> {
    let places: HashMap<String, usize> =
        counted.iter().enumerate().map(|(place, statement)| (plain(&statement.text), place)).collect();
    for (text, sightings) in seen {
        if let Some(place) = places.get(&plain(text)) {
            let statement = &mut counted[*place];
            statement.seen += sightings.seen;
            statement.most_at_once = statement.most_at_once.max(sightings.most_at_once);
        } else if places.is_empty() {
            counted.push(Statement {
                text: text.clone(),
                // Little's law: the mean number that run, times the time.
                time_s: sightings.seen as f64 * seconds_per_look,
                seen: sightings.seen,
                most_at_once: sightings.most_at_once,
                ..Statement::default()
            });
        }
    }
    counted.sort_by(|a, b| b.time_s.total_cmp(&a.time_s).then_with(|| a.text.cmp(&b.text)));
    let often = counted.iter().filter_map(|statement| statement.count).max().unwrap_or(0) / 10;
    // One that runs often matters, however short it is.
    let mut place = 0;
    counted.retain(|statement| {
        place += 1;
        place <= MOST_TOLD || (place <= 2 * MOST_TOLD && statement.count.is_some_and(|count| count > often))
    });
    counted
}

fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| !matches!(c, ' ' | '`' | '"' | ';' | '…' | '.'));
    let plain: String = kept.flat_map(char::to_lowercase).collect();
    // A list of one or several values.
    plain.replace("(?)", "()").replace("(?,)", "()").chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_statement_is_the_statement() {
        assert_eq!(executed("EXECUTE SELECT `a` FROM `t`"), Some("SELECT `a` FROM `t`"));
        assert_eq!(executed("SELECT `a` FROM `t`"), Some("SELECT `a` FROM `t`"));
        assert_eq!(executed("EXECUTE `named`"), Some("EXECUTE `named`"));
        assert_eq!(executed("PREPARE SELECT `a` FROM `t`"), None);
        let counted = |count: u64| Counted { count, time_s: 0.5, examined: 10 * count, ..Counted::default() };
        let sent = |count: u64| told("SELECT ?".to_owned(), &counted(count), &Counted::default());
        let mut statements = vec![sent(3)];
        add(&mut statements, sent(4));
        assert_eq!(statements.len(), 1);
        let both = &statements[0];
        assert_eq!((both.count, both.rows_examined, both.time_s), (Some(7), Some(70), 1.0));
        let mut of_one_packet = vec![sent(3), sent(3)];
        add(&mut of_one_packet, sent(1));
        assert_eq!(of_one_packet.len(), 3);
    }

    #[test]
    fn counts_that_leave_out_what_was_seen_running_are_none() {
        let counted =
            |text: &str, count| Statement { text: text.to_owned(), count: Some(count), ..Statement::default() };
        let counted = [counted("COMMIT", 600), counted("INSERT INTO `t` VALUES (...)", 600)];
        let counters =
            std::collections::BTreeMap::from([("Com_insert".to_owned(), 600), ("Com_select".to_owned(), 200)]);
        let sightings = |seen| Sightings { seen, most_at_once: 1 };
        let seen = |commits, scans| {
            HashMap::from([
                ("COMMIT".to_owned(), sightings(commits)),
                ("SELECT SUM(a) FROM t".to_owned(), sightings(scans)),
            ])
        };
        // The server ran 200 statements of which it counted none; as far as nobody saw them, they took little time.
        assert!(are_most(&counted, &counters, &seen(20, 0)));
        assert!(are_most(&counted, &counters, &seen(20, 8)));
        assert!(are_most(&counted, &counters, &seen(0, 3)), "three sightings may be an accident");
        assert!(!are_most(&counted, &counters, &seen(10, 17)));
        assert!(!are_most(&counted[..1], &counters, &seen(20, 0)), "most were not counted at all");
        assert!(!are_most(&[], &counters, &seen(0, 0)));
        // Nobody looked at the right moment, and the 200 read 400,000 rows.
        let read = |rows| counters.clone().into_iter().chain([("Handler_read_rnd_next".to_owned(), rows)]).collect();
        assert!(!are_most(&counted, &read(400_000), &seen(3, 1)));
        assert!(are_most(&counted, &read(20_000), &seen(3, 1)), "rows that are looked up");
        let scans = Statement { rows_examined: Some(390_000), ..counted[0].clone() };
        assert!(
            are_most(&[scans, counted[1].clone()], &read(400_000), &seen(3, 1)),
            "the rows of those that are counted"
        );
    }

    #[test]
    fn what_was_seen_is_added_to_what_was_counted() {
        let counted = Statement {
            text: "SELECT `a` FROM `t` WHERE `id` IN (...)".to_owned(),
            count: Some(9),
            time_s: 2.0,
            ..Statement::default()
        };
        let sightings = Sightings { seen: 4, most_at_once: 3 };
        let seen = HashMap::from([("select a from t where id in (?)".to_owned(), sightings)]);
        let found = with_sightings(vec![counted], &seen, 0.25);
        // The list of the server is written with dots.
        assert_eq!(found.len(), 1);
        let alone = with_sightings(Vec::new(), &seen, 0.25);
        assert_eq!((alone[0].seen, alone[0].count, alone[0].most_at_once), (4, None, 3));
        assert!((alone[0].time_s - 1.0).abs() < 1e-9);
    }
}
