//! What is to be watched, as it is typed: `mysql://user@host:port/database`, `redis://host:port`, `pid:NUMBER`.

use std::fmt;
use std::str::FromStr;

use super::observed::Role;
use crate::net::host_and_port;
use crate::units::Secret;

/// Something to be watched.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A MySQL or MariaDB server.
    Database(DatabaseSubject),
    /// A Redis server.
    Redis(RedisSubject),
    /// A process with its children.
    Process(ProcessSubject),
}

/// A MySQL or MariaDB server, and the account to use.
#[derive(Clone, Debug)]
pub struct DatabaseSubject {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The database of the service; without it, all of the server is watched.
    pub database: Option<String>,
    /// The account of the observer.
    pub user: String,
    /// Its password.
    pub password: Option<Secret>,
}

/// A Redis server.
#[derive(Clone, Debug)]
pub struct RedisSubject {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The account; the default one if none is named.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
}

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessSubject {
    /// Its number.
    pub pid: u32,
    /// What it is.
    pub role: Role,
}

/// Why a text names nothing that can be watched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSubject {
    /// It has another form.
    #[error("{0:?} cannot be observed: write mysql://user@host:port/database, redis://host:port or pid:NUMBER")]
    Form(String),
    /// It contains a password.
    #[error(
        "a password is never part of a command line: leave it out and set {0} (or {0}_FILE to the name of a file with it)"
    )]
    Password(&'static str),
}

/// The variables of the passwords.
impl Subject {
    /// The variable that holds the password of databases.
    pub const DATABASE_PASSWORD: &str = "OBSERVE_DB_PASSWORD";
    /// The variable that holds the password of Redis servers.
    pub const REDIS_PASSWORD: &str = "OBSERVE_REDIS_PASSWORD";
}

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        let invalid = || InvalidSubject::Form(text.to_owned());
        if let Some(pid) = text.strip_prefix("pid:") {
            let pid = pid.parse().ok().filter(|pid| *pid > 0).ok_or_else(invalid)?;
            return Ok(Self::Process(ProcessSubject { pid, role: Role::Service }));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
        let (account, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        let (address, path) = place.split_once('/').unwrap_or((place, ""));
        let password = |variable| {
            let typed = account.is_some_and(|account| account.contains(':'));
            if typed { Err(InvalidSubject::Password(variable)) } else { Ok(()) }
        };
        let user = account.filter(|user| !user.is_empty()).map(ToOwned::to_owned);
        match scheme {
            "mysql" | "mariadb" => {
                password(Self::DATABASE_PASSWORD)?;
                let (host, port) = host_and_port(address, 3306).map_err(|_| invalid())?;
                let is_name = !path.contains(['/', '?', '#']);
                let database = Some(path.to_owned()).filter(|path| !path.is_empty());
                let user = user.filter(|_| is_name).ok_or_else(invalid)?;
                Ok(Self::Database(DatabaseSubject { host, port, database, user, password: None }))
            }
            "redis" => {
                password(Self::REDIS_PASSWORD)?;
                let (host, port) = host_and_port(address, 6379).map_err(|_| invalid())?;
                // All databases of a server are watched together; a number is accepted and changes nothing.
                if !path.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(invalid());
                }
                Ok(Self::Redis(RedisSubject { host, port, user, password: None }))
            }
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for DatabaseSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, database, user, .. } = self;
        write!(formatter, "mysql://{user}@{host}:{port}")?;
        database.as_ref().map_or(Ok(()), |database| write!(formatter, "/{database}"))
    }
}

impl fmt::Display for RedisSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "redis://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_and_shown_without_a_password() {
        let shown = |text: &str| match text.parse::<Subject>().unwrap() {
            Subject::Database(database) => database.to_string(),
            Subject::Redis(redis) => redis.to_string(),
            Subject::Process(process) => format!("{process:?}"),
        };
        assert_eq!(shown("mysql://store@db/shop"), "mysql://store@db:3306/shop");
        assert_eq!(shown("mariadb://a@[::1]:7"), "mysql://a@::1:7");
        assert_eq!(shown("redis://127.0.0.1:7000/3"), "redis://127.0.0.1:7000");
        assert_eq!(shown("pid:12"), "ProcessSubject { pid: 12, role: Service }");
    }

    #[test]
    fn what_cannot_be_watched_is_refused_with_what_to_write() {
        for text in
            ["", "pid:", "pid:0", "mysql://db", "mysql://a@:3", "redis://", "http://a", "mysql://a@b:x", "redis://a/b"]
        {
            let error = text.parse::<Subject>().unwrap_err();
            assert!(error.to_string().contains("pid:NUMBER"), "{text}: {error}");
        }
        let error = "mysql://a:b@c".parse::<Subject>().unwrap_err().to_string();
        assert!(error.contains("OBSERVE_DB_PASSWORD_FILE") && !error.contains(":b"), "{error}");
    }
}
