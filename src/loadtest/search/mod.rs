//! Finds the load from which a service no longer meets its thresholds, by runs at rising loads.
//!
//! Each step is a load that is held, in whole runs with their own warm-up, until its figures are steady (`hold.rs`). A step is *good* when all criteria hold, nearly all requests were
//! answered in the end and the generator was not the bottleneck. After a bad step nothing is sent for a while, so that
//! requests that piled up do not count against the next one. The *knee* is the load at which throughput divided by
//! response time is greatest: below it more load brings more throughput, above it mostly more waiting (the power of a
//! system: L. Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in computer
//! communications", ICC 1979).

mod config;
mod connections;
mod find;
mod hold;
mod plan;
mod trial;

pub use config::{DEFAULT_CRITERIA, Search};
pub use find::{Found, find_limit};
