//! Judges a run: whether its thresholds hold, whether the generator had time to spare, how it differs from earlier
//! runs. Pure: it is given results and measures nothing.

mod baseline;
mod caveats;
mod criteria;
mod generator;
mod invalid_threshold;
mod metric;
mod threshold;

pub use baseline::{Baseline, BaselineError};
pub use criteria::{Criteria, unjudged_ratio};
pub use invalid_threshold::InvalidThreshold;
pub use threshold::Threshold;
