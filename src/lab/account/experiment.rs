//! The account of one experiment beside the ladder.

use crate::page::Chart;
use crate::table::Table;

/// Everything that is shown of one experiment.
#[derive(Clone, Debug)]
pub struct ExperimentAccount {
    /// The heading.
    pub title: String,
    /// The question that the figures answer.
    pub question: String,
    /// What the tables show, one sentence each.
    pub findings: Vec<String>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The charts.
    pub charts: Vec<Chart>,
}
