//! A COMMIT whose outcome is not known yet.

use super::DbError;
use super::connector::SessionName;

/// A transaction whose COMMIT was not answered with OK.
#[derive(Debug)]
pub struct InterruptedCommit {
    pub(super) session: Option<SessionName>,
    pub(super) reason: DbError,
}
