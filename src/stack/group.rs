//! Joins the database servers of a stack to a group.

use std::time::Duration;

use super::environment::{DATABASE, GROUP_ACCOUNT};
use super::ports::Ports;
use super::{ProcessName, StackError};
use crate::db::{self, Address, Servers};
use crate::units::Secret;

/// Joins those that are not in the group yet. All of them must answer.
pub(super) async fn join(ports: &Ports, replicas: u8, password: &Secret, limit: Duration) -> Result<(), StackError> {
    let member = |name| Address {
        servers: Servers::on_loopback(std::iter::once(ports.of(name))),
        tls: None,
        name: DATABASE.to_owned(),
        user: GROUP_ACCOUNT.to_owned(),
        password: password.clone(),
    };
    let members: Vec<_> = ProcessName::databases(replicas).map(member).collect();
    db::form_group(&members, limit).await.map_err(StackError::Group)
}
