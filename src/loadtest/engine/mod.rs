//! Sends the load: closed users who wait and think, or requests at a rate, on threads that share only the state of the
//! run. It records what happened to each request and knows neither results nor tables.

mod arrival_queue;
mod arrival_schedule;
mod channel;
mod clockwork;
mod config;
mod connection;
mod dispatcher;
mod generator;
mod handles;
mod journey;
mod pacer;
mod profile;
mod session;
mod state;
mod user;
mod worker;

pub(super) use clockwork::Gap;
pub use config::{Arrivals, Config, Load, Rate, Users};
pub(super) use generator::Generator;
pub(super) use handles::{handles_for, most_connections, raise_handles};
pub use profile::{InvalidStage, Stage};
pub(super) use state::{Reached, RunState, Taken};
