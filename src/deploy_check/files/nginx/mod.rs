//! The configuration of an nginx.

mod configuration;
mod doors;
mod load;
mod reader;

pub(in crate::deploy_check) use configuration::{Nginx, Pass, address, all_of};
pub(in crate::deploy_check) use doors::{Lookup, Shown};
pub(in crate::deploy_check) use reader::Directive;
