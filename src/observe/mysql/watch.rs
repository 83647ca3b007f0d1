//! Watches one MySQL or MariaDB: look by look, and once more at the end.

use std::time::Instant;

use super::answers::{Answers, Unanswered};
use super::connections::{self, Connections};
use super::counters::{self, Counters, Flushes};
use super::sources::{self, Facts};
use super::statements::{self, Digests};
use super::transactions::{self, Seen};
use crate::observe::observed::{Missing, ObservedDatabase, Statement};
use crate::observe::subject::DatabaseSubject;

/// The counters are read at every so many looks, so that something is left if the server is lost before the end.
const COUNTERS_EVERY: u64 = 20;

/// MySQL cannot show the text of a statement with binary values, and then fails to list any.
const NOT_TEXT: u16 = 3854;

/// Watches one server.
#[derive(Debug)]
pub(in crate::observe) struct DatabaseWatch {
    subject: DatabaseSubject,
    answers: Answers,
    facts: Facts,
    began: Instant,
    connections: Connections,
    seen: Seen,
    first: Counters,
    last: Counters,
    first_flushes: Option<Flushes>,
    last_flushes: Option<Flushes>,
    digests: Option<Digests>,
    counted: Vec<Statement>,
    watched_s: f64,
    lost: Option<Missing>,
}

impl DatabaseWatch {
    /// Connects, finds out what can be seen, and reads the counters. `Err` says why that is not possible.
    pub(in crate::observe) async fn open(subject: &DatabaseSubject) -> Result<Self, String> {
        let mut answers = Answers::connect(subject).await?;
        let failed = |why: Unanswered| format!("{subject} cannot be observed: {why}");
        let facts = sources::find(&mut answers).await.map_err(failed)?;
        let digests = statements::read(&mut answers, facts.sources).await.map_err(failed)?;
        let flushes = counters::flushes(&mut answers, facts.sources).await.map_err(failed)?;
        let first = counters::read(&mut answers, facts.sources).await.map_err(failed)?;
        Ok(Self {
            subject: subject.clone(),
            answers,
            facts,
            began: Instant::now(),
            connections: Connections::default(),
            seen: Seen::default(),
            last: first.clone(),
            first,
            first_flushes: flushes,
            last_flushes: flushes,
            digests,
            counted: Vec::new(),
            watched_s: 0.0,
            lost: None,
        })
    }

    /// Looks once; false if the server cannot be watched any more.
    pub(in crate::observe) async fn look(&mut self) -> bool {
        let looked = self.look_at_connections().await;
        let counted = if self.connections.looks.is_multiple_of(COUNTERS_EVERY) { self.count().await } else { Ok(()) };
        self.goes_on(looked.and(counted))
    }

    /// Looks for the last time, and reads what is only read at the end.
    pub(in crate::observe) async fn last_look(&mut self) -> bool {
        // First what goes with the connections of the service.
        let read = self.read_statements().await;
        let looked = self.look_at_connections().await;
        let counted = self.count().await;
        self.goes_on(looked.and(counted).and(read))
    }

    fn goes_on(&mut self, result: Result<(), Unanswered>) -> bool {
        let Err(why) = result else { return true };
        let at = self.began.elapsed().as_secs();
        self.lost = Some(Missing {
            what: format!("everything from second {at} on"),
            why: why.to_string(),
            remedy: "look at the log of the database server".to_owned(),
        });
        matches!(why, Unanswered::Refused { .. })
    }

    async fn look_at_connections(&mut self) -> Result<(), Unanswered> {
        let sources = self.facts.sources;
        let rows = match self.answers.rows(&connections::query(sources, true)).await {
            Err(Unanswered::Refused { code: NOT_TEXT, .. }) => {
                self.answers.rows(&connections::query(sources, false)).await?
            }
            answered => answered?,
        };
        let mut all: Vec<_> = rows.iter().filter_map(|row| connections::connection(row, self.facts.own_id)).collect();
        let number = all.len();
        if let Some(database) = &self.subject.database {
            all.retain(|connection| connection.database.eq_ignore_ascii_case(database));
        }
        let open = transactions::read(&mut self.answers, sources).await?;
        let waits = sources.lock_waits && open.iter().any(transactions::Transaction::waits);
        let pairs = if waits { transactions::waits(&mut self.answers, sources).await? } else { Vec::new() };
        let in_transaction: Vec<_> = open.iter().map(|transaction| transaction.connection).collect();
        let at_s = self.began.elapsed().as_secs_f64();
        self.connections.add(at_s, number, &all, &in_transaction);
        self.seen.add(&open, &all, &pairs);
        self.watched_s = at_s;
        Ok(())
    }

    async fn count(&mut self) -> Result<(), Unanswered> {
        self.last = counters::read(&mut self.answers, self.facts.sources).await?;
        self.last_flushes = counters::flushes(&mut self.answers, self.facts.sources).await?;
        Ok(())
    }

    async fn read_statements(&mut self) -> Result<(), Unanswered> {
        if let Some(before) = &self.digests {
            self.counted = statements::since(&mut self.answers, before, self.subject.database.as_deref()).await?;
        }
        Ok(())
    }

    /// What was seen so far.
    pub(in crate::observe) fn so_far(&self) -> ObservedDatabase {
        let (facts, connections) = (&self.facts, &self.connections);
        let [mean_open, mean_running, mean_busy] = connections.means();
        let seconds_per_look = self.watched_s / connections.looks.max(1) as f64;
        let counters = counters::rose(&self.first, &self.last);
        // Counts of some statements would hide the others, which were seen.
        let counts = statements::are_most(&self.counted, &counters, &connections.statements);
        let counted = if counts { self.counted.clone() } else { Vec::new() };
        let uncounted = (!counts && !self.counted.is_empty()).then(|| Missing {
            what: "how often most statements ran, and how long".to_owned(),
            why: "they are prepared, and this server counts no prepared statements by their text".to_owned(),
            remedy: "a driver that sends statements as text, or MySQL in place of MariaDB".to_owned(),
        });
        let flushes = self.last_flushes.zip(self.first_flushes).and_then(|(last, first)| last.since(first));
        let mut users = connections.users.clone();
        for user in &mut users {
            user.limit = facts.limits.iter().find(|(name, _)| *name == user.user).map(|(_, limit)| *limit);
        }
        ObservedDatabase {
            address: self.subject.to_string(),
            version: facts.version.clone(),
            max_connections: facts.max_connections,
            user_limit: facts.user_limit,
            looks: connections.looks,
            timeline: connections.timeline.clone(),
            peak: connections.peak,
            mean_open,
            mean_running,
            mean_busy,
            users,
            states: connections.states.clone(),
            statements: statements::with_sightings(counted, &connections.statements, seconds_per_look),
            statements_counted: counts,
            deadlocks: self
                .last
                .get("Innodb_deadlocks")
                .map(|_| counters.get("Innodb_deadlocks").copied().unwrap_or(0)),
            counters,
            transactions: facts.sources.transactions.then(|| self.seen.transactions.clone()),
            row_waits: self.seen.row_waits(),
            flush_s: flushes.map(|flushes| flushes.seconds),
            flushes: flushes.map(|flushes| flushes.count),
            missing: facts.missing.iter().chain(&self.lost).cloned().chain(uncounted).collect(),
            cost: self.answers.cost,
        }
    }
}
