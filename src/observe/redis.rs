//! Watches a Redis server by what `INFO` tells: commands by kind and time, look-ups, evictions, clients, processor time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;

use super::observed::{Command, Missing, ObservedRedis};
use super::subject::RedisSubject;

/// The longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(2);

/// How many kinds of commands are told.
const TOLD_COMMANDS: usize = 20;

/// Watches one Redis.
#[derive(Debug)]
pub(super) struct RedisWatch {
    connection: MultiplexedConnection,
    began: Instant,
    first: Info,
    last: Info,
    last_at: Instant,
    seen: ObservedRedis,
}

/// An answer to `INFO`.
#[derive(Clone, Debug, Default)]
struct Info(BTreeMap<String, String>);

impl RedisWatch {
    /// Connects, and looks for the first time. `Err` says why that is not possible.
    pub(super) async fn open(subject: &RedisSubject) -> Result<Self, String> {
        let mut settings = redis::RedisConnectionInfo::default();
        if let Some(user) = &subject.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &subject.password {
            settings = settings.set_password(password.reveal());
        }
        let open = async {
            let address = redis::ConnectionAddr::Tcp(subject.host.clone(), subject.port);
            let info = redis::IntoConnectionInfo::into_connection_info(address)?.set_redis_settings(settings);
            redis::Client::open(info)?.get_multiplexed_async_connection().await
        };
        let failed = |error: &dyn std::fmt::Display| format!("{subject} cannot be observed: {error}");
        let connection = tokio::time::timeout(LIMIT, open).await.map_err(|_| failed(&"it does not answer"))?;
        let connection = connection.map_err(|error: redis::RedisError| failed(&error))?;
        let mut watch = Self {
            connection,
            began: Instant::now(),
            first: Info::default(),
            last: Info::default(),
            last_at: Instant::now(),
            seen: ObservedRedis { address: subject.to_string(), ..ObservedRedis::default() },
        };
        watch
            .look()
            .await
            .map_err(|error| failed(&format!("{error}. The account needs the right to INFO: ACL SETUSER … +info")))?;
        watch.first = watch.last.clone();
        Ok(watch)
    }

    /// Looks once.
    pub(super) async fn look(&mut self) -> Result<(), String> {
        let asked = Instant::now();
        let mut command = redis::cmd("INFO");
        command.arg("all");
        let answer = tokio::time::timeout(LIMIT, command.query_async::<String>(&mut self.connection)).await;
        let text = answer.map_err(|_| "it did not answer in time".to_owned())?.map_err(|error| error.to_string())?;
        self.seen.cost.add(asked.elapsed(), text.len() as u64);
        self.last = Info::parse(&text);
        self.last_at = Instant::now();
        let seen = &mut self.seen;
        seen.most_clients = seen.most_clients.max(self.last.number("connected_clients").saturating_sub(1));
        seen.most_keys = seen.most_keys.max(self.last.keys());
        Ok(())
    }

    /// Says that it could no longer be watched.
    pub(super) fn lost(&mut self, why: String) {
        let at = self.began.elapsed().as_secs();
        self.seen.missing.push(Missing {
            what: format!("everything from second {at} on"),
            why,
            remedy: "look at the log of Redis".to_owned(),
        });
    }

    /// What was seen so far.
    pub(super) fn so_far(&self) -> ObservedRedis {
        let (first, last) = (&self.first, &self.last);
        let rose = |name: &str| last.number(name).saturating_sub(first.number(name));
        let mut seen = self.seen.clone();
        last.text("redis_version").clone_into(&mut seen.version);
        (seen.hits, seen.misses) = (rose("keyspace_hits"), rose("keyspace_misses"));
        (seen.evicted, seen.expired) = (rose("evicted_keys"), rose("expired_keys"));
        (seen.keys, seen.refused) = (last.keys(), rose("rejected_connections"));
        (seen.memory_bytes, seen.max_memory_bytes) = (last.number("used_memory"), last.number("maxmemory"));
        let seconds = (self.last_at - self.began).as_secs_f64();
        let processor = |info: &Info| info.decimal("used_cpu_user") + info.decimal("used_cpu_sys");
        seen.cpu_cores = if seconds > 0.0 { (processor(last) - processor(first)).max(0.0) / seconds } else { 0.0 };
        seen.commands = commands(first, last);
        seen
    }
}

impl Info {
    fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.trim_end().split_once(':'));
        Self(lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    fn decimal(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap_or(0.0)
    }

    /// The keys of all databases: `db0:keys=3,expires=0,…`.
    fn keys(&self) -> u64 {
        let of_database = |name: &str| name.strip_prefix("db").is_some_and(|rest| rest.parse::<u32>().is_ok());
        let databases = self.0.iter().filter(|(name, _)| of_database(name));
        databases.filter_map(|(_, value)| field(value, "keys")).sum::<f64>() as u64
    }

    /// The calls and the microseconds of each command: `cmdstat_get:calls=3,usec=20,…`.
    fn commands(&self) -> impl Iterator<Item = (&str, f64, f64)> {
        self.0.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix("cmdstat_")?, field(value, "calls")?, field(value, "usec")?))
        })
    }
}

fn field(values: &str, name: &str) -> Option<f64> {
    values.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

fn commands(first: &Info, last: &Info) -> Vec<Command> {
    let before: BTreeMap<_, _> = first.commands().map(|(name, calls, time)| (name, (calls, time))).collect();
    let mut commands: Vec<Command> = last
        .commands()
        .filter(|(name, ..)| *name != "info")
        .map(|(name, calls, time)| {
            let (calls_before, time_before) = before.get(name).copied().unwrap_or_default();
            let calls = (calls - calls_before).max(0.0) as u64;
            Command { name: name.to_owned(), calls, time_s: (time - time_before).max(0.0) / 1e6 }
        })
        .filter(|command| command.calls > 0)
        .collect();
    commands.sort_by(|a, b| b.time_s.total_cmp(&a.time_s));
    commands.truncate(TOLD_COMMANDS);
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_since_the_first_look() {
        let first = Info::parse("cmdstat_get:calls=2,usec=10,usec_per_call=5.00\r\ncmdstat_info:calls=1,usec=9\r\n");
        let last =
            "cmdstat_get:calls=5,usec=40\r\ncmdstat_keys:calls=2,usec=9000\r\ncmdstat_info:calls=9,usec=90000\r\n";
        let last = Info::parse(&format!("{last}db0:keys=7,expires=0\r\ndb12:keys=1\r\nused_memory:12\r\n"));
        let expected = [("keys", 2, 9e-3), ("get", 3, 30e-6)];
        let found = commands(&first, &last);
        let found: Vec<_> =
            found.iter().map(|command| (command.name.as_str(), command.calls, command.time_s)).collect();
        assert_eq!(found, expected);
        assert_eq!((last.keys(), last.number("used_memory"), last.number("nothing")), (8, 12, 0));
    }
}
