//! `.storemgr/env`: the variables with which other commands and the instances find the services of the stack.

use std::fmt::Write;

use rand::RngExt;
use rand::distr::Alphanumeric;

use super::layout::Layout;
use super::ports::Ports;
use super::sentinel::MASTER;
use super::state::State;
use super::{ProcessName, StackError, files};
use crate::units::Secret;

/// The name of the database. It is fixed, because the server belongs to the stack alone.
pub(super) const DATABASE: &str = "store";
/// The name of the database account, fixed like [`DATABASE`].
pub(super) const ACCOUNT: &str = "store";
/// The name of the account that load tests use to watch the server. Its password is that of [`ACCOUNT`].
pub(super) const OBSERVER: &str = "observer";

/// The name of the account with which the members of a group are joined. Its password is that of [`ACCOUNT`].
pub(super) const GROUP_ACCOUNT: &str = "group_admin";

/// 32 letters and digits: 190 bits of entropy, and no character that a shell, SQL or a file of variables must quote.
const PASSWORD_LENGTH: usize = 32;

/// The variables for the services that an instance needs.
pub(super) fn services(ports: &Ports, password: &Secret, replicas: u8) -> Vec<(&'static str, String)> {
    let mut services = vec![
        ("DB_HOST", database_hosts(ports, replicas)),
        ("DB_PORT", ports.of(ProcessName::Database).to_string()),
        ("DB_NAME", DATABASE.to_owned()),
        ("DB_USER", ACCOUNT.to_owned()),
        ("DB_PASSWORD", password.reveal().to_owned()),
        ("REDIS_HOST", "127.0.0.1".to_owned()),
        ("REDIS_PORT", ports.of(ProcessName::Redis).to_string()),
        ("REDIS_DB", "0".to_owned()),
    ];
    if replicas > 1 {
        services.push(("REDIS_SENTINELS", format!("127.0.0.1:{}", ports.of(ProcessName::Sentinel))));
        services.push(("REDIS_SENTINEL_NAME", MASTER.to_owned()));
    }
    services
}

/// The host of the database, or all members of the group with their ports.
fn database_hosts(ports: &Ports, replicas: u8) -> String {
    if replicas <= 1 {
        return "127.0.0.1".to_owned();
    }
    let places = ProcessName::databases(replicas).map(|name| format!("127.0.0.1:{}", ports.of(name)));
    places.collect::<Vec<_>>().join(",")
}

/// Writes `.storemgr/env`.
pub(super) fn write(layout: &Layout, state: &State, password: &Secret) -> Result<(), StackError> {
    files::replace(&layout.environment(), &text(&state.ports, password, state.instances, state.replicas))
}

fn text(ports: &Ports, password: &Secret, instances: u8, replicas: u8) -> String {
    let url = |name| format!("http://127.0.0.1:{}", ports.of(name));
    let mut variables = services(ports, password, replicas);
    variables.push(("PROMETHEUS_URL", url(ProcessName::Prometheus)));
    variables.push(("STOREMGR_URL", url(ProcessName::Nginx)));
    let instances: Vec<_> = ProcessName::instances(instances).map(url).collect();
    variables.push(("STOREMGR_INSTANCES", instances.join(",")));
    let mut text = "# Written by `storemgr stack up`; `storemgr stack down` removes it.\n".to_owned();
    for (name, value) in variables {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{name}={value}");
    }
    text
}

/// The password of the database account. It is generated and stored on first use.
pub(super) fn password(layout: &Layout) -> Result<Secret, StackError> {
    let path = layout.password();
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() == PASSWORD_LENGTH => Ok(Secret::new(text.trim().to_owned())),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StackError::file(&path, "read")(error)),
        _ => {
            let random = rand::rng().sample_iter(Alphanumeric).take(PASSWORD_LENGTH).map(char::from);
            let password: String = random.collect();
            files::replace(&path, &format!("{password}\n"))?;
            Ok(Secret::new(password))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_everything_a_command_needs() {
        let ports = Ports::default().complete(ProcessName::all(2), None, |_, _| true).unwrap();
        let mut shown = text(&ports, &Secret::new("pass".to_owned()), 2, 1);
        for name in ProcessName::all(2) {
            shown = shown.replace(&ports.of(name).to_string(), &format!("({name})"));
        }
        insta::assert_snapshot!(shown, @r"
        # Written by `storemgr stack up`; `storemgr stack down` removes it.
        DB_HOST=127.0.0.1
        DB_PORT=(database)
        DB_NAME=store
        DB_USER=store
        DB_PASSWORD=pass
        REDIS_HOST=127.0.0.1
        REDIS_PORT=(redis)
        REDIS_DB=0
        PROMETHEUS_URL=http://127.0.0.1:(prometheus)
        STOREMGR_URL=http://127.0.0.1:(nginx)
        STOREMGR_INSTANCES=http://127.0.0.1:(serve-1),http://127.0.0.1:(serve-2)
        ");
    }
}
