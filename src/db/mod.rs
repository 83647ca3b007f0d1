//! MySQL and MariaDB: the only place that knows SQL and the driver's errors. No business rule lives here.

mod config;

pub use config::Address;
