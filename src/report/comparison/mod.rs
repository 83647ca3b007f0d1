//! Two reports side by side: what was before, what is after, and the difference.

mod document;
mod figure;
mod figures;
mod reservations;
mod run_comparison;

pub use document::comparison_document;
pub use figure::{Figure, Section};
pub use run_comparison::RunComparison;
