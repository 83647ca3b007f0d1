//! The results of a lab: tables and sentences, which pure functions compute from the measurements.

mod answers;
mod balancing;
mod causes;
mod cells;
mod charts;
mod experiment;
mod explanation;
mod exports;
mod files;
mod findings;
mod kind;
mod ladder;
mod markdown;
mod order_lines;
mod page;
mod subject;
mod subject_account;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::conditions::{LabConditions, Subject};
use super::experiment_results::{Balancing, OrderLines};
use super::measurement::Measurement;
use crate::run_result::Verdict;
use crate::table::Table;
use crate::units::Language;
use findings::Findings;
use subject_account::rung_before;

pub use experiment::ExperimentAccount;
pub use subject_account::{SubjectAccount, SubjectState};

/// The results of a lab so far.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// The conditions of the lab.
    pub conditions: LabConditions,
    /// All subjects of the lab, in the order in which they are measured.
    pub rungs: Vec<SubjectAccount>,
    /// Orders of growing size; `None` if they were not measured.
    pub order_lines: Option<OrderLines>,
    /// Balancing policies; `None` if they were not measured.
    pub balancing: Option<Balancing>,
    /// Experiments that could not be measured, each with its reason.
    pub broken_experiments: Vec<String>,
    /// The language of everything that is made for people. The texts in JSON are in English.
    #[serde(skip)]
    language: Language,
}

impl Account {
    pub(super) fn new(conditions: &LabConditions, subjects: &[Subject], language: Language) -> Self {
        let rungs = subjects.iter().map(SubjectAccount::new).collect();
        Self {
            conditions: conditions.clone(),
            rungs,
            order_lines: None,
            balancing: None,
            broken_experiments: Vec::new(),
            language,
        }
    }

    /// The language of its tables and sentences.
    pub fn language(&self) -> Language {
        self.language
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
        let found = |place| findings::of(&self.rungs, place, Language::English);
        let found: Vec<_> = (0..self.rungs.len()).map(found).collect();
        for (subject, Findings { headline, all }) in self.rungs.iter_mut().zip(found) {
            (subject.headline, subject.findings) = (headline, all);
        }
    }

    /// The most important findings about the subject at this place, in a sentence or two.
    pub fn headline(&self, place: usize) -> String {
        findings::of(&self.rungs, place, self.language).headline
    }

    /// All findings about the subject at this place, one sentence each, including those of the headline.
    pub fn findings(&self, place: usize) -> Vec<String> {
        findings::of(&self.rungs, place, self.language).all
    }

    /// The tables of the subject at this place: requests beside those of the rung before, times, failures, explanation.
    pub fn subject_tables(&self, place: usize) -> Vec<Table> {
        subject::tables(&self.rungs[place], rung_before(&self.rungs, place), self.language)
    }

    /// The tables that compare all subjects.
    pub fn ladder_tables(&self) -> Vec<Table> {
        ladder::tables(&self.rungs, self.language)
    }

    /// The experiments that were measured beside the ladder.
    pub fn experiments(&self) -> Vec<ExperimentAccount> {
        let language = self.language;
        let lines = self.order_lines.as_ref().map(|measured| ExperimentAccount::of_order_lines(measured, language));
        let balancing = self.balancing.as_ref().map(|measured| ExperimentAccount::of_balancing(measured, language));
        lines.into_iter().chain(balancing).collect()
    }

    /// The conditions of the lab in a few lines: load, store, database, machine.
    pub fn setting(&self) -> Vec<String> {
        explanation::setting(&self.conditions, &self.rungs, self.language)
    }

    /// All subjects that were measured, with the measurement that is shown.
    fn measured(&self) -> impl Iterator<Item = (&SubjectAccount, &Measurement)> {
        self.rungs.iter().filter_map(|subject| Some((subject, subject.shown.as_ref()?)))
    }

    /// Whether every subject was measured and no measurement failed.
    pub fn is_complete(&self) -> bool {
        let measured = |subject: &SubjectAccount| subject.state == SubjectState::Measured && subject.reason.is_none();
        self.rungs.iter().all(measured) && self.broken_experiments.is_empty()
    }

    /// Whether the load generator was the bottleneck of any load test, whose figures are therefore not those of the store.
    pub fn is_generator_limited(&self) -> bool {
        let measured = self.rungs.iter().filter_map(|subject| subject.shown.as_ref());
        let balanced = self.balancing.iter().flat_map(|balancing| &balancing.runs);
        measured
            .map(|shown| shown.load.verdict)
            .chain(balanced.map(|run| run.verdict))
            .any(|verdict| verdict == Verdict::GeneratorLimited)
    }
}
