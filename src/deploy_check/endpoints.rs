//! The addresses that containers are configured with: URLs, data source names, and variables such as `DB_HOST`.

use super::files::{Service, Store};
use super::place::Place;

/// An address in a variable of a container, with what else is said about the way to log in there.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) variable: String,
    pub(super) place: Place,
    pub(super) host: String,
    /// As it is written, otherwise that of the scheme; `None` if neither says it.
    pub(super) port: Option<u16>,
    /// What is expected there.
    pub(super) store: Option<Store>,
    /// Whether it is a URL that browsers, not containers, may be meant to use.
    pub(super) is_page: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
}

/// Makes an address of a host, a port and what is expected there.
type Base<'a> = dyn Fn(&str, Option<u16>, Option<Store>) -> Endpoint + 'a;

/// The names of variables that hold a host, by their ending.
const HOSTS: [&str; 3] = ["HOST", "HOSTNAME", "SERVER"];

/// Endings of variables with several `host:port`.
const LISTS: [&str; 8] = ["ADDR", "ADDRESS", "BROKERS", "SERVERS", "NODES", "HOSTS", "ENDPOINT", "ENDPOINTS"];

/// Words in a name that say what is expected there.
const WORDS: [(&str, Store); 17] = [
    ("MYSQL", Store::MySql),
    ("MARIADB", Store::MySql),
    ("POSTGRES", Store::Postgres),
    ("POSTGRESQL", Store::Postgres),
    ("PG", Store::Postgres),
    ("MONGO", Store::Mongo),
    ("MONGODB", Store::Mongo),
    ("REDIS", Store::Redis),
    ("RABBITMQ", Store::RabbitMq),
    ("AMQP", Store::RabbitMq),
    ("DB", Store::Other),
    ("DATABASE", Store::Other),
    ("CACHE", Store::Other),
    ("BROKER", Store::Other),
    ("KAFKA", Store::Other),
    ("ELASTICSEARCH", Store::Other),
    ("MEMCACHED", Store::Other),
];

/// Words in a name that say that browsers use the address.
const FOR_BROWSERS: [&str; 14] = [
    "PUBLIC", "EXTERNAL", "FRONTEND", "CORS", "ORIGIN", "ORIGINS", "CALLBACK", "REDIRECT", "DOMAIN", "SITE", "TRUSTED",
    "ALLOWED", "VITE", "REACT",
];

/// Every address in the variables of a service.
pub(super) fn endpoints(service: &Service) -> Vec<Endpoint> {
    let mut found = Vec::new();
    for (name, value) in &service.environment {
        let words: Vec<_> = name.split('_').collect();
        let for_browsers = words.iter().any(|word| FOR_BROWSERS.contains(word));
        if value.is_empty() || value.len() > 4096 {
            continue;
        }
        let base = |host: &str, port, store| Endpoint {
            variable: name.clone(),
            place: service.place_of_variable(name),
            host: host.to_owned(),
            port,
            store,
            is_page: for_browsers,
            user: None,
            password: None,
            database: None,
        };
        if value.contains("://") {
            for url in value.split(',').filter(|part| part.contains("://")).take(64) {
                // A list of servers within one URL belongs together.
                let whole = if value.matches("://").count() == 1 { value.trim() } else { url.trim() };
                found.extend(of_url(whole, &base).into_iter().map(|one| with_family(service, one)));
            }
        } else if let Some(one) = of_driver(value, &base) {
            found.push(one);
        } else if let Some(one) = of_pairs(value, &base) {
            found.push(one);
        } else if let Some(ending) = HOSTS.iter().find(|ending| name.ends_with(*ending)) {
            let prefix = &name[..name.len() - ending.len()];
            // A group of servers is a list.
            found.extend(value.split(',').take(64).filter_map(|one| of_host(service, prefix, one.trim(), &base)));
        } else if LISTS.iter().any(|ending| words.last() == Some(ending))
            && !name.contains("LISTEN")
            && !name.contains("BIND")
        {
            let parts = value.split(',').filter_map(|part| part.trim().rsplit_once(':')).take(64);
            let parts = parts.filter_map(|(host, port)| Some((host, port.parse().ok()?)));
            found.extend(parts.map(|(host, port)| base(host, Some(port), by_name(name))));
        }
    }
    found.retain(|one| is_host(&one.host));
    found
}

/// Whether a text may be a host that is known from the files.
fn is_host(host: &str) -> bool {
    let known = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    !host.is_empty() && host.chars().all(known) && !host.bytes().all(|byte| byte.is_ascii_digit()) && host != "0.0.0.0"
}

/// What the name of a variable says is expected there.
fn by_name(name: &str) -> Option<Store> {
    let words: Vec<_> = name.split('_').collect();
    let named = WORDS.iter().find(|(word, _)| words.contains(word));
    named.or_else(|| WORDS.iter().find(|(word, _)| *word == "PG" && name.starts_with("PG"))).map(|(_, store)| *store)
}

/// What a scheme says is expected, and at which port.
fn by_scheme(scheme: &str) -> (Option<Store>, Option<u16>) {
    match scheme.split(['+', ':']).next().unwrap_or_default() {
        "mysql" | "mysql2" | "mariadb" | "mysqlx" => (Some(Store::MySql), Some(3306)),
        "postgres" | "postgresql" | "postgis" | "pgsql" | "psql" => (Some(Store::Postgres), Some(5432)),
        "mongodb" => (Some(Store::Mongo), Some(27017)),
        "redis" | "rediss" | "valkey" => (Some(Store::Redis), Some(6379)),
        "amqp" | "pyamqp" => (Some(Store::RabbitMq), Some(5672)),
        "amqps" => (Some(Store::RabbitMq), Some(5671)),
        "http" | "ws" => (None, Some(80)),
        "https" | "wss" => (None, Some(443)),
        "kafka" | "memcached" | "elasticsearch" | "nats" | "clickhouse" => (Some(Store::Other), None),
        _ => (None, None),
    }
}

/// The addresses of one URL: several where it lists several servers.
fn of_url(url: &str, base: &Base<'_>) -> Vec<Endpoint> {
    let url = url.strip_prefix("jdbc:").unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return Vec::new() };
    // An address of which the DNS says the servers.
    if scheme.contains("+srv") || scheme.contains([' ', '/', '=']) {
        return Vec::new();
    }
    let end = rest.find(['/', '?', '#', ';', ' ']).unwrap_or(rest.len());
    // A password may contain these; then the part before the last @ belongs to it.
    let end = rest
        .rfind('@')
        .filter(|at| *at > end && !rest[end..].contains(' '))
        .map_or(end, |at| rest[at..].find(['/', '?', '#', ';']).map_or(rest.len(), |more| at + more));
    let (authority, path) = rest.split_at(end);
    let (login, servers) =
        authority.rsplit_once('@').map_or((None, authority), |(login, servers)| (Some(login), servers));
    let (store, usual) = by_scheme(scheme);
    let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
        Some((user, password)) => (Some(decoded(user)), Some(decoded(password)).filter(|text| !text.is_empty())),
        None => (None, None),
    };
    let database =
        path.trim_start_matches('/').split(['?', '#', ';']).next().map(decoded).filter(|name| !name.is_empty());
    let one = |server: &str| {
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (server, usual),
        };
        let mut made = base(host, port, store);
        made.is_page |= scheme.starts_with("http") && matches!(host, "localhost" | "127.0.0.1");
        made.user = user.clone().filter(|user| !user.is_empty());
        made.password.clone_from(&password);
        made.database =
            database.clone().filter(|_| matches!(store, Some(Store::MySql | Store::Postgres | Store::Mongo)));
        Some(made)
    };
    servers.split(',').filter_map(one).take(64).collect()
}

/// The text with `%40` and its like replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `user:password@tcp(host:port)/database`, as Go's driver for MySQL has it.
fn of_driver(text: &str, base: &Base<'_>) -> Option<Endpoint> {
    let (login, rest) = text.rsplit_once("@tcp(")?;
    let (server, path) = rest.split_once(')')?;
    let (host, port) = server.split_once(':').unwrap_or((server, "3306"));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let mut made = base(host, port.parse().ok(), Some(Store::MySql));
    made.user = Some(user.to_owned()).filter(|user| !user.is_empty());
    made.password = Some(password.to_owned()).filter(|password| !password.is_empty());
    made.database = path.trim_start_matches('/').split('?').next().map(str::to_owned).filter(|name| !name.is_empty());
    Some(made)
}

/// `host=db port=5432 user=…`, or `Server=db;Port=3306;Uid=…`.
fn of_pairs(text: &str, base: &Base<'_>) -> Option<Endpoint> {
    let separator = if text.contains(';') { ';' } else { ' ' };
    let pairs: Vec<(String, &str)> = text
        .split(separator)
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.trim().to_lowercase(), value.trim()))
        .collect();
    if pairs.len() < 2 {
        return None;
    }
    let value = |names: &[&str]| {
        pairs.iter().find(|(key, _)| names.contains(&key.as_str())).map(|(_, value)| (*value).to_owned())
    };
    let server = value(&["host", "server", "data source"])?;
    let (host, port) = match server.split_once([',', ':']) {
        Some((host, port)) => (host.to_owned(), port.parse().ok()),
        None => (server, value(&["port"]).and_then(|port| port.parse().ok())),
    };
    let store = separator == ' ' && value(&["dbname"]).is_some();
    let mut made = base(&host, port, Some(if store { Store::Postgres } else { Store::Other }));
    made.user = value(&["user", "username", "uid", "user id"]);
    made.password = value(&["password", "pwd"]);
    made.database = value(&["dbname", "database", "initial catalog"]);
    Some(made)
}

/// `DB_HOST` with what else begins with `DB_`.
fn of_host(service: &Service, prefix: &str, value: &str, base: &Base<'_>) -> Option<Endpoint> {
    let port = service.environment.get(&format!("{prefix}PORT"));
    let store = by_name(prefix.trim_end_matches('_'));
    // Any other name of a host may be the service's own.
    if store.is_none() && (port.is_none() || prefix.is_empty() || prefix.contains("LISTEN") || prefix.contains("BIND"))
    {
        return None;
    }
    let (host, own) = match value.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (value, None),
    };
    let port = own.or_else(|| port.and_then(|port| port.parse().ok()));
    Some(with_family(service, base(host, port, store)))
}

/// With the user, the password and the database that variables of the same beginning say.
fn with_family(service: &Service, mut endpoint: Endpoint) -> Endpoint {
    let name = endpoint.variable.clone();
    let endings = ["HOSTNAME", "HOST", "SERVER", "URL", "URI", "DSN"];
    let Some(ending) = endings.iter().find(|ending| name.ends_with(**ending)) else { return endpoint };
    let prefix = &name[..name.len() - ending.len()];
    if prefix.is_empty() {
        return endpoint;
    }
    let value = |names: &[&str]| {
        names
            .iter()
            .find_map(|rest| service.environment.get(&format!("{prefix}{rest}")))
            .filter(|value| !value.is_empty())
            .cloned()
    };
    endpoint.user = endpoint.user.or_else(|| value(&["USER", "USERNAME", "DB_USER"]));
    endpoint.password = endpoint.password.or_else(|| value(&["PASSWORD", "PASS", "PWD", "PASSWD"]));
    endpoint.database = endpoint.database.or_else(|| value(&["NAME", "DATABASE", "DBNAME", "DB"]));
    endpoint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(host: &str, port: Option<u16>, store: Option<Store>) -> Endpoint {
        let place = Place::new(std::path::Path::new("c"), 1);
        let (variable, host) = ("X_URL".to_owned(), host.to_owned());
        Endpoint { variable, place, host, port, store, is_page: false, user: None, password: None, database: None }
    }

    #[test]
    fn addresses_are_read_in_all_their_notations() {
        for (text, expected) in [
            ("postgres://u:p%40@db:5433/shop?x=1", "db 5433 u p@ shop"),
            ("postgresql+asyncpg://u:a/b@db/shop", "db 5432 u a/b shop"),
            ("jdbc:mysql://db/shop?useSSL=false", "db 3306   shop"),
            ("redis://:secret@cache:6379/0", "cache 6379  secret "),
            ("mongodb://a:1,b:2/x", "a 1   x"),
            ("http://api", "api 80   "),
        ] {
            let one = &of_url(text, &base)[0];
            let text_of = |part: &Option<String>| part.clone().unwrap_or_default();
            let said = format!(
                "{} {} {} {} {}",
                one.host,
                one.port.unwrap(),
                text_of(&one.user),
                text_of(&one.password),
                text_of(&one.database)
            );
            assert_eq!(said, expected, "{text}");
        }
        assert_eq!(of_url("mongodb://a:1,b:2/x", &base).len(), 2);
        assert!(of_url("mongodb+srv://x.example/y", &base).is_empty());
        let go = of_driver("u:p@tcp(db:3306)/shop?parseTime=true", &base).unwrap();
        assert_eq!((go.host.as_str(), go.database.as_deref()), ("db", Some("shop")));
        let net = of_pairs("Server=db,1433;Database=shop;User Id=u;Password=p", &base).unwrap();
        assert_eq!((net.host.as_str(), net.port, net.password.as_deref()), ("db", Some(1433), Some("p")));
        let pg = of_pairs("host=db user=u dbname=shop", &base).unwrap();
        assert_eq!((pg.host.as_str(), pg.store), ("db", Some(Store::Postgres)));
    }
}
