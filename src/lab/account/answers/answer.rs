//! The answer to one question.

use super::super::charts::NamedChart;
use super::super::subject_account::SubjectAccount;
use super::super::{Account, ExperimentAccount};
use crate::lab::Measurement;
use crate::page::Chart;
use crate::say;
use crate::table::Table;

/// The answer to one question.
#[derive(Clone, Debug)]
pub(in super::super) struct Answer {
    /// The question, in the language of the account.
    pub(in super::super) question: String,
    /// What the figures say, one sentence each.
    pub(in super::super) sentences: Vec<String>,
    /// The figures.
    pub(in super::super) tables: Vec<Table>,
    /// Their charts, each with the name of its files.
    pub(in super::super) charts: Vec<NamedChart>,
}

/// A rung that was measured, and its measurement.
pub(super) type Measured<'a> = (&'a SubjectAccount, &'a Measurement);

impl Answer {
    /// An answer without anything yet. `question` is in English.
    pub(super) fn to(account: &Account, question: &'static str) -> Self {
        let question = account.language.text(question).to_owned();
        Self { question, sentences: Vec::new(), tables: Vec::new(), charts: Vec::new() }
    }

    /// Says that nothing was measured for it, and which options of `lab` do that.
    pub(super) fn not_measured(mut self, account: &Account, options: &str) -> Self {
        self.sentences.push(say!(
            account.language,
            "This was not measured here. `storemgr lab {options}` measures it, and with `--resume FOLDER` adds it to this lab.",
            options
        ));
        self
    }

    /// Answers with an experiment beside the ladder; its charts get this name, and a number from the second one on.
    pub(super) fn by(mut self, experiment: ExperimentAccount, name: &str) -> Self {
        self.sentences.extend(experiment.findings);
        self.tables.extend(experiment.tables);
        for chart in experiment.charts {
            self.chart(name, chart);
        }
        self
    }

    /// Adds a chart. The first one has this name, the second one the name with a 2, and so on.
    pub(super) fn chart(&mut self, name: &str, chart: Chart) {
        let name = match self.charts.len() {
            0 => name.to_owned(),
            before => format!("{name}-{}", before + 1),
        };
        self.charts.push((name, chart));
    }

    /// Adds a table, unless it is empty.
    pub(super) fn table(&mut self, table: Table) {
        self.tables.extend(Some(table).filter(|table| !table.is_empty()));
    }
}

/// The rung with this number, if it was measured.
pub(super) fn rung(account: &Account, number: u8) -> Option<Measured<'_>> {
    account.measured().find(|(subject, _)| subject.rung == Some(number))
}

/// What the questions about the failing store are answered for: another service, if one was measured, and the first rung.
pub(super) fn failing(account: &Account) -> Vec<Measured<'_>> {
    let others = account.measured().filter(|(subject, _)| subject.rung.is_none());
    let rungs = account.measured().filter(|(subject, _)| subject.rung.is_some()).take(1);
    others.chain(rungs).collect()
}
