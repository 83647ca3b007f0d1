//! The results: printed as soon as they are known, and kept for the JSON file.

use serde_json::{Value, json};
use storemgr::table::{Align, Table, terminal_width};

/// Prints a line on standard output.
#[expect(clippy::print_stdout, reason = "a benchmark is a program of its own, and this is its output")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// The setting and all tables of one run.
pub(crate) struct Outcome {
    setting: Value,
    tables: Vec<Value>,
}

impl Outcome {
    pub(crate) fn new(setting: Value) -> Self {
        say(&format!("setting: {setting}\n"));
        Self { setting, tables: Vec::new() }
    }

    /// Prints and keeps a table. The first column names the row, the others are numbers or text.
    pub(crate) fn table(&mut self, title: &str, columns: &[&str], rows: &[(String, Vec<String>)]) {
        let heads: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(place, &name)| (name, if place == 0 { Align::Left } else { Align::Right }))
            .collect();
        let mut table = Table::new(title, &heads);
        for (name, cells) in rows {
            table.row(std::iter::once(name.clone()).chain(cells.iter().cloned()));
        }
        say(&table.render(terminal_width().or(Some(100)), false));
        let rows: Vec<_> = rows.iter().map(|(name, cells)| json!({"name": name, "cells": cells})).collect();
        self.tables.push(json!({"title": title, "columns": columns, "rows": rows}));
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"setting": self.setting, "tables": self.tables})
    }
}

/// The median; for an even number of values, the lower of the two middle ones.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// A number for a table, with fewer decimals the larger it is.
pub(crate) fn figure(value: f64) -> String {
    match value {
        _ if value.is_nan() => "-".to_owned(),
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
