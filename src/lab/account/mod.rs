//! The results of a lab: tables and sentences, which pure functions compute from the measurements.

mod cells;
mod explanation;
mod files;
mod findings;
mod kind;
mod ladder;
mod markdown;
mod page;
mod subject;
mod subject_account;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::conditions::{LabConditions, Subject};
use super::measurement::Measurement;
use crate::table::Table;
use subject_account::rung_before;

pub use subject_account::{SubjectAccount, SubjectState};

/// The results of a lab so far.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// The conditions of the lab.
    pub conditions: LabConditions,
    /// All subjects of the lab, in the order in which they are measured.
    pub rungs: Vec<SubjectAccount>,
}

impl Account {
    pub(super) fn new(conditions: &LabConditions, subjects: &[Subject]) -> Self {
        Self { conditions: conditions.clone(), rungs: subjects.iter().map(SubjectAccount::new).collect() }
    }

    /// Adds a measurement of the subject at this place.
    pub(super) fn add(&mut self, place: usize, measurement: Measurement) {
        self.rungs[place].add(measurement);
        self.find();
    }

    /// Records that the subject at this place could not be measured. Earlier measurements of it are kept.
    pub(super) fn broken(&mut self, place: usize, reason: String) {
        let subject = &mut self.rungs[place];
        if subject.all.is_empty() {
            subject.state = SubjectState::Broken;
        }
        subject.reason = Some(reason);
        self.find();
    }

    /// Computes all sentences again, because a subject is compared with the rung before it.
    fn find(&mut self) {
        let found: Vec<_> = (0..self.rungs.len()).map(|place| findings::of(&self.rungs, place)).collect();
        for (subject, (headline, findings)) in self.rungs.iter_mut().zip(found) {
            (subject.headline, subject.findings) = (headline, findings);
        }
    }

    /// The tables of the subject at this place: requests beside those of the rung before, times, failures, explanation.
    pub fn subject_tables(&self, place: usize) -> Vec<Table> {
        subject::tables(&self.rungs[place], rung_before(&self.rungs, place))
    }

    /// The tables that compare all subjects.
    pub fn ladder_tables(&self) -> Vec<Table> {
        ladder::tables(&self.rungs)
    }

    /// The conditions of the lab in a few lines: load, store, database, machine.
    pub fn setting(&self) -> Vec<String> {
        explanation::setting(&self.conditions, &self.rungs)
    }

    /// Whether every subject was measured and no measurement failed.
    pub fn is_complete(&self) -> bool {
        self.rungs.iter().all(|subject| subject.state == SubjectState::Measured && subject.reason.is_none())
    }

    /// Whether the load generator was the bottleneck of any load test, whose figures are therefore not those of the store.
    pub fn is_generator_limited(&self) -> bool {
        let measured = self.rungs.iter().filter_map(|subject| subject.shown.as_ref());
        measured.into_iter().any(|shown| shown.load.verdict == crate::run_result::Verdict::GeneratorLimited)
    }
}
