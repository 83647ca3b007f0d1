//! The account of one subject: how far it has come, and what was measured of it.

use serde::Serialize;

use crate::lab::conditions::Subject;
use crate::lab::{Measurement, Rung};

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
    pub state: SubjectState,
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
    /// The measurements of all its rounds.
    #[serde(skip)]
    pub(super) all: Vec<Measurement>,
}

/// How far a subject has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectState {
    /// Its turn has not come.
    Pending,
    /// It was measured.
    Measured,
    /// It could not be measured.
    Broken,
}

/// The rung below the subject at this place that was measured.
pub(super) fn rung_before(subjects: &[SubjectAccount], place: usize) -> Option<&SubjectAccount> {
    subjects[place].rung?;
    subjects[..place].iter().rev().find(|subject| subject.rung.is_some() && subject.shown.is_some())
}

impl SubjectAccount {
    pub(super) fn new(subject: &Subject) -> Self {
        let (rung, change, question, setup) = match subject {
            Subject::Rung(Rung { number, change, question, setup, .. }) => {
                (Some(*number), (*change).to_owned(), (*question).to_owned(), setup.line())
            }
            Subject::OtherService(other) => {
                (None, format!("another service, at {}", other.url), String::new(), String::new())
            }
        };
        Self {
            rung,
            name: subject.name().to_owned(),
            change,
            question,
            setup,
            state: SubjectState::Pending,
            reason: None,
            headline: String::new(),
            findings: Vec::new(),
            rounds: 0,
            fail_ratio_range: None,
            shown: None,
            all: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, measurement: Measurement) {
        self.state = SubjectState::Measured;
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
    pub(super) fn short(&self) -> String {
        self.rung.map_or_else(|| self.name.clone(), |number| format!("rung {number}"))
    }
}
