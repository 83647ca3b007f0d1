//! What a lab found: figures, tables and sentences, computed from the measurements by pure functions.

mod explanation;
mod findings;
mod ladder;
mod markdown;
mod page;
mod subject;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::conditions::{Conditions, Subject};
use super::folder::Folder;
use super::measurement::Measurement;
use super::{LabError, Rung};
use crate::run_result::RouteSummary;
use crate::table::Table;

/// What stands where there is nothing to show.
const NOTHING: &str = "-";

/// The account of a lab.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// What was asked for.
    pub conditions: Conditions,
    /// Everybody who was to be measured, in this order.
    pub rungs: Vec<SubjectAccount>,
}

/// The account of one subject: a rung, or another service.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectAccount {
    /// The rung; nothing for another service.
    pub rung: Option<u8>,
    /// What it is called.
    pub name: String,
    /// What is different from the rung before; where another service answers.
    pub change: String,
    /// What its figures answer.
    pub question: String,
    /// How the store was set up.
    pub setup: String,
    /// How far it has come.
    pub state: State,
    /// Why it broke, if it did.
    pub reason: Option<String>,
    /// What became of its requests, in a sentence or two.
    pub headline: String,
    /// What its figures say, in sentences, these among them.
    pub findings: Vec<String>,
    /// How often it was measured.
    pub rounds: usize,
    /// The share of failed requests from the lowest of its rounds to the highest.
    pub fail_ratio_range: Option<(f64, f64)>,
    /// The measurement of the round whose failures, and then whose p95, are the median; of two in the middle the worse.
    #[serde(flatten)]
    pub shown: Option<Measurement>,
    #[serde(skip)]
    all: Vec<Measurement>,
}

/// How far a subject has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its turn has not come.
    Pending,
    /// It was measured.
    Measured,
    /// It could not be measured.
    Broken,
}

impl Account {
    pub(super) fn new(conditions: &Conditions, subjects: &[Subject]) -> Self {
        Self { conditions: conditions.clone(), rungs: subjects.iter().map(SubjectAccount::new).collect() }
    }

    /// Writes it in all its forms.
    pub(super) fn write(&self, folder: &Folder) -> Result<(), LabError> {
        let json = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        folder.write("lab.json", &json)?;
        folder.write("lab.md", &markdown::text(self))?;
        folder.write("lab.html", &page::page(self))
    }

    /// Adds a measurement of the subject at this place.
    pub(super) fn add(&mut self, place: usize, measurement: Measurement) {
        self.rungs[place].add(measurement);
        self.find();
    }

    /// Notes that the subject at this place could not be measured. What was measured of it before still counts.
    pub(super) fn broken(&mut self, place: usize, reason: String) {
        let subject = &mut self.rungs[place];
        if subject.all.is_empty() {
            subject.state = State::Broken;
        }
        subject.reason = Some(reason);
        self.find();
    }

    /// A subject says how it differs from the one before it, so a new measurement changes the sentences of two.
    fn find(&mut self) {
        let found: Vec<_> = (0..self.rungs.len()).map(|place| findings::of(self, place)).collect();
        for (subject, (headline, findings)) in self.rungs.iter_mut().zip(found) {
            (subject.headline, subject.findings) = (headline, findings);
        }
    }

    /// The rung below the one at this place that was measured.
    fn before(&self, place: usize) -> Option<&SubjectAccount> {
        self.rungs[place].rung?;
        self.rungs[..place].iter().rev().find(|subject| subject.rung.is_some() && subject.shown.is_some())
    }

    /// The tables of the subject at this place: requests beside the rung before, times, failures, what explains them.
    pub fn subject_tables(&self, place: usize) -> Vec<Table> {
        subject::tables(&self.rungs[place], self.before(place))
    }

    /// The tables over all subjects.
    pub fn ladder_tables(&self) -> Vec<Table> {
        ladder::tables(self)
    }

    /// The figures' conditions in a few lines: load, store, database, machine.
    pub fn setting(&self) -> Vec<String> {
        explanation::setting(self)
    }

    /// Whether everything was measured.
    pub fn is_complete(&self) -> bool {
        self.rungs.iter().all(|subject| subject.state == State::Measured && subject.reason.is_none())
    }

    /// Whether the load generator was the bottleneck of a load test, so that its figures are not valid.
    pub fn is_generator_limited(&self) -> bool {
        let measured = self.rungs.iter().filter_map(|subject| subject.shown.as_ref());
        measured.into_iter().any(|shown| shown.load.verdict == crate::run_result::Verdict::GeneratorLimited)
    }
}

impl SubjectAccount {
    fn new(subject: &Subject) -> Self {
        let (rung, change, question, setup) = match subject {
            Subject::Rung(Rung { number, change, question, setup, .. }) => {
                (Some(*number), (*change).to_owned(), (*question).to_owned(), setup.line())
            }
            Subject::Other(other) => (None, format!("another service, at {}", other.url), String::new(), String::new()),
        };
        Self {
            rung,
            name: subject.name().to_owned(),
            change,
            question,
            setup,
            state: State::Pending,
            reason: None,
            headline: String::new(),
            findings: Vec::new(),
            rounds: 0,
            fail_ratio_range: None,
            shown: None,
            all: Vec::new(),
        }
    }

    fn add(&mut self, measurement: Measurement) {
        self.state = State::Measured;
        self.all.push(measurement);
        self.rounds = self.all.len();
        let mut ordered: Vec<_> = self.all.iter().collect();
        let figures =
            |measurement: &Measurement| (measurement.load.fail_ratio, measurement.load.aggregated.latency_ms.p95);
        ordered.sort_by(|a, b| {
            let (a, b) = (figures(a), figures(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        self.fail_ratio_range =
            ordered.first().zip(ordered.last()).map(|(low, high)| (low.load.fail_ratio, high.load.fail_ratio));
        self.shown = Some(ordered[ordered.len() / 2].clone());
    }

    /// How it is called in a heading: `Rung 3: report cache`.
    pub fn title(&self) -> String {
        match self.rung {
            Some(number) => format!("Rung {number}: {}", self.name),
            None => self.name.clone(),
        }
    }

    /// How it is called in a sentence.
    fn short(&self) -> String {
        self.rung.map_or_else(|| self.name.clone(), |number| format!("rung {number}"))
    }
}

/// The two kinds of requests that the story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Orders,
    Reports,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Orders, Self::Reports];

    fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Reports => "reports",
        }
    }

    fn has(self, route: &RouteSummary) -> bool {
        match self {
            Self::Orders => route.method == "POST",
            Self::Reports => route.method == "GET",
        }
    }

    /// The share of its requests that failed; nothing when there were none.
    fn fail_ratio(self, measurement: &Measurement) -> Option<f64> {
        let (requests, failures) = self.counts(measurement);
        (requests > 0).then(|| failures as f64 / requests as f64)
    }

    /// Its requests, and those of them that failed.
    fn counts(self, measurement: &Measurement) -> (u64, u64) {
        let routes = measurement.load.routes.iter().filter(|route| self.has(route));
        routes.fold((0, 0), |(requests, failures), route| (requests + route.requests, failures + route.failures))
    }
}
