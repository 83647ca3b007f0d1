//! The files of a deployment, read once, before the checks start.
//!
//! The compose files say which others there are: what is mounted, copied or configured into a container is read as that
//! container sees it. If a file does not exist, the checks that need it are skipped, unless it was named on the command
//! line. If it exists and cannot be read, `files-readable` alone reports that, and every other check skips it.

mod collect;
mod compose;
mod dashboards;
mod datasources;
mod dockerfile;
mod document;
mod fronts;
mod image;
mod interpolation;
mod location;
mod lookups;
mod nginx;
mod paths;
mod program;
mod project;
mod prometheus;
mod rules;
mod text;
mod usage;
mod variables;
mod view;
mod workflows;
mod yaml;

pub(super) use compose::{Compose, Health, Published, SecretSource, Service, Source};
pub(super) use fronts::Front;
pub(super) use image::{Store, data_of, store_of};
pub(super) use lookups::{places, port_of};
pub(super) use nginx::{Directive, Lookup, Nginx, Pass, Shown, address, all_of};
pub(super) use paths::whole;
pub(super) use program::{Bounds, NOBODY, find, run, run_bounded};
pub(super) use prometheus::{PrometheusConfig, Target};
pub(super) use text::read_text;
pub(super) use usage::{Use, names_in};
pub(super) use variables::Variables;

pub use collect::{Files, Piece, alert_names};
pub use location::{Location, Locations};
pub use project::{compose_files, compose_variables};
