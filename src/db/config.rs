//! Where the database is and how it may be used.

use crate::units::Secret;

/// Where the database is and who asks.
#[derive(Clone, Debug)]
pub struct Address {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The database (schema) inside the server.
    pub name: String,
    /// The account.
    pub user: String,
    /// The account's password; may be empty.
    pub password: Secret,
}
