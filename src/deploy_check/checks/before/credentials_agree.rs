//! `credentials-agree`: whoever logs in to a store uses an account that the store is created with, and the secret files
//! hold the values of `.env`.

use crate::deploy_check::access::{redis_password, takes_redis_password};
use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{DB_NAME, DB_USER};
use crate::deploy_check::endpoints::{Endpoint, endpoints};
use crate::deploy_check::files::{Compose, Files, SecretSource, Service, Store, read_text, store_of};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;

pub(crate) const CHECK: Check = Check {
    id: "credentials-agree",
    expected: "user, password and database of every service are those that its database, Redis or broker is created with",
    probe: Probe::Files(|files| finished(check(files))),
};

/// An account that a store is created with; what is not known is `None`.
#[derive(Debug, Default)]
struct Account {
    user: Option<String>,
    password: Option<String>,
    /// The account that may do everything, and its password.
    root: Option<String>,
    root_password: Option<String>,
    database: Option<String>,
    /// Whether scripts, or whoever `x-accounts` names, make further accounts and databases.
    open_ended: bool,
}

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let mut faults = outdated(files);
    let mut compared = 0;
    for service in compose.services.iter().filter(|service| store_of(service).is_none()) {
        for endpoint in logins(files, service) {
            let Some(server) = compose.service_for(service, &endpoint.host) else { continue };
            let Some(store) = store_of(server) else { continue };
            let account = account(files, server, store);
            compared += compare(service, server, store, &endpoint, &account, &mut faults);
        }
    }
    if compared == 0 && faults.is_empty() {
        return Err(CheckOutcome::skip(
            "no service says with which account it logs in to another one",
            "see database-reachable",
        ));
    }
    let advice = "take both from the same variable or secret, and write the secret files again; a store that was created already keeps its old password";
    Ok(CheckOutcome::of(faults, advice, || format!("{compared} values agree")))
}

/// The ways in which a service logs in.
fn logins(files: &Files, service: &Service) -> Vec<Endpoint> {
    let mut found = endpoints(service);
    for one in &mut found {
        let prefix = one.variable.trim_end_matches("HOSTNAME").trim_end_matches("HOST").to_owned();
        // A password may lie in a file.
        if one.password.is_none() && one.variable != prefix {
            one.password =
                ["PASSWORD", "PASS"].iter().find_map(|name| files.secret(service, &format!("{prefix}{name}")));
        }
        if files.is_instance(service) && one.variable == "DB_HOST" {
            one.user =
                one.user.take().or_else(|| files.secret(service, "DB_USER")).or_else(|| Some(DB_USER.of(service)));
            one.database = one.database.take().or_else(|| Some(DB_NAME.of(service)));
            one.password = one.password.take().or_else(|| Some(String::new()));
        }
    }
    found
}

/// What a store is created with, by the variables of its image.
fn account(files: &Files, server: &Service, store: Store) -> Account {
    let made =
        |names: &[&str]| names.iter().find_map(|name| files.secret(server, name)).filter(|value| !value.is_empty());
    let open_ended = files.compose().is_ok_and(|compose| compose.further_accounts)
        || server.mount_of("/docker-entrypoint-initdb.d/x").is_some()
        || server.mounts.iter().any(|mount| mount.target.starts_with("/docker-entrypoint-initdb.d"))
        || server.build.is_some();
    let empty = Account { open_ended, ..Account::default() };
    match store {
        Store::MySql => Account {
            user: made(&["MYSQL_USER", "MARIADB_USER"]),
            password: made(&["MYSQL_PASSWORD", "MARIADB_PASSWORD"]),
            root: Some("root".to_owned()),
            root_password: made(&["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"]),
            database: made(&["MYSQL_DATABASE", "MARIADB_DATABASE"]),
            ..empty
        },
        Store::Postgres => {
            let user = made(&["POSTGRES_USER", "POSTGRESQL_USERNAME"]).unwrap_or_else(|| "postgres".to_owned());
            let database = made(&["POSTGRES_DB", "POSTGRESQL_DATABASE"]).unwrap_or_else(|| user.clone());
            Account {
                user: Some(user),
                password: made(&["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"]),
                database: Some(database),
                ..empty
            }
        }
        Store::Mongo => Account {
            root: made(&["MONGO_INITDB_ROOT_USERNAME"]),
            root_password: made(&["MONGO_INITDB_ROOT_PASSWORD"]),
            // Accounts are made by scripts, in any database.
            open_ended: true,
            ..empty
        },
        Store::Redis => {
            let told = ["REDIS_PASSWORD", "VALKEY_PASSWORD"].iter().find_map(|name| files.secret(server, name));
            let used = told.filter(|_| server.image.is_some() && takes_redis_password(server));
            Account { password: redis_password(server).filter(|text| !text.contains('$')).or(used), ..empty }
        }
        Store::RabbitMq => Account {
            user: made(&["RABBITMQ_DEFAULT_USER"]),
            password: made(&["RABBITMQ_DEFAULT_PASS"]),
            open_ended: server.mounts.iter().any(|mount| mount.target.starts_with("/etc/rabbitmq")),
            ..empty
        },
        Store::Other => empty,
    }
}

/// Compares what a service uses with what the store is created with; returns how many values were compared.
fn compare(
    service: &Service,
    server: &Service,
    store: Store,
    endpoint: &Endpoint,
    account: &Account,
    faults: &mut Vec<Fault>,
) -> usize {
    let place = || Some(endpoint.place.clone());
    let (name, server_name) = (&service.name, &server.name);
    let mut compared = 0;
    let user = endpoint.user.as_deref();
    let is_root = user.is_some() && user == account.root.as_deref();
    if let (Some(user), Some(made), false) = (user, account.user.as_deref(), is_root) {
        compared += 1;
        if made != user {
            if !account.open_ended {
                faults.push(Fault::error(place(), format!("{name} logs in as {user}; {server_name} creates {made}")));
            }
            return compared;
        }
    }
    let (wanted, made) = if is_root {
        (endpoint.password.as_deref(), account.root_password.as_deref())
    } else {
        (endpoint.password.as_deref(), account.password.as_deref())
    };
    // Without a user nothing is known of a database's password; Redis has none but the one.
    let known = is_root || store == Store::Redis || user.is_some() && user == account.user.as_deref();
    if let (Some(used), Some(made), true) = (wanted, made, known) {
        compared += 1;
        if made != used {
            let says = format!("the password of {name} is not the one {server_name} is created with");
            faults.push(Fault::error(place(), says));
        }
    } else if store == Store::Redis && made.is_some() && wanted.is_none() && password_nowhere(service) {
        compared += 1;
        faults.push(Fault::error(place(), format!("{server_name} asks for a password, and {name} is told none")));
    }
    if let (Some(used), Some(made)) = (endpoint.database.as_deref(), account.database.as_deref()) {
        compared += 1;
        if made != used && !account.open_ended && !["postgres", "mysql", "template1"].contains(&used) {
            let says = format!("{name} uses the database {used}; {server_name} creates {made}");
            // The account that PostgreSQL is created with may create others; a migration often does.
            let may = is_root || store == Store::Postgres;
            faults.push(if may { Fault::warning(place(), says) } else { Fault::error(place(), says) });
        }
    }
    compared
}

/// Whether no variable and no secret of a service may be the password of a Redis.
fn password_nowhere(service: &Service) -> bool {
    !service.environment.keys().any(|name| {
        name.contains("PASS")
            || name.contains("AUTH")
            || name.contains("REDIS_URL") && service.environment[name].contains('@')
    }) && !service.has("secrets")
        && service.env_files.is_empty()
        && !service.words().iter().any(|word| word.contains("REDIS") || word.contains("redis"))
}

/// A sentence for each secret file that differs from the variable of the same name in `.env`: one of them was changed.
fn outdated(files: &Files) -> Vec<Fault> {
    let mut wrong = Vec::new();
    let compose: Option<&Compose> = files.compose().ok();
    for (name, source) in compose.map(|compose| &compose.secrets).into_iter().flatten() {
        let variable = name.to_uppercase();
        let expected = files.own_variables().find(|(own, value)| **own == variable && !value.is_empty());
        let (Some((_, expected)), SecretSource::File(path)) = (expected, source) else { continue };
        if read_text(path).is_ok_and(|text| text.trim_end_matches(['\r', '\n']) != expected) {
            let says = format!("{} is not the {variable} of .env", path.display());
            wrong.push(Fault::error(Some(Place::new(path, 0)), says));
        }
    }
    wrong
}
