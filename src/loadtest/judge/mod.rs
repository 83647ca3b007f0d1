//! Judges a run: whether its thresholds hold, whether the generator had time to spare, how it differs from earlier
//! runs. Pure: it is given results and measures nothing.

mod baseline;
mod criteria;
mod generator;
mod standstill;
mod threshold;

pub use baseline::{Baseline, BaselineError};
pub use criteria::{Criteria, unjudged_ratio};
pub use threshold::{InvalidThreshold, Threshold};
