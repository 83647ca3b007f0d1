//! Compares two reports: the values before and after, and the differences.

mod document;
mod figure;
mod figures;
mod reservations;
mod run_comparison;

pub use document::comparison_document;
pub use figure::{Figure, Section};
pub use run_comparison::RunComparison;
