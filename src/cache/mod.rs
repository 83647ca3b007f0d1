//! Redis: an adapter with short time limits. A cache may be slow or away; it must never cost a request more than the
//! limit, and it never decides anything.

use crate::units::Secret;

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct Address {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The number of the database.
    pub database: u32,
    /// The password, if one is asked for.
    pub password: Option<Secret>,
}
