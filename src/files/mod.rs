//! Files for results: each is written whole or not at all, and no two results share one.

mod draft;
mod identity;
mod output_file;

pub use identity::FileIdentity;
pub use output_file::{GrowingFile, OutputFile, write};
