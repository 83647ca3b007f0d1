//! Whom the stores of a deployment let in, by what their images are told.

use super::files::{Files, Service, Store, store_of};
use super::secrets::{Weakness, weakness};

/// Whether a store is told a password by a variable that its image takes one from.
fn is_told_password(service: &Service, store: Store) -> bool {
    let takes = |name: &str| match name {
        "REDIS_PASSWORD" | "VALKEY_PASSWORD" => takes_redis_password(service),
        // These are arguments of any kind.
        "REDIS_ARGS" => service.environment.get(name).is_some_and(|arguments| arguments.contains("requirepass")),
        "NEO4J_AUTH" => service.environment.get(name).is_none_or(|account| account != "none"),
        _ => true,
    };
    password_variables(store).iter().any(|name| is_told(service, name) && takes(name))
}

/// Whether the image of a Redis reads its password from a variable. The official ones do not; what an image that is built
/// here does is not known.
pub(super) fn takes_redis_password(service: &Service) -> bool {
    service.image.as_deref().is_none_or(|image| image.contains("bitnami"))
}

/// Who may log in to a store.
#[derive(Debug)]
pub(super) enum Access {
    /// Anybody who reaches it.
    Open(How),
    /// Who knows a password.
    Guarded,
    Unknown,
}

/// How it comes that anybody may log in.
#[derive(Debug)]
pub(super) struct How {
    pub(super) says: String,
    /// The variable that says so; `None` if nothing is said.
    pub(super) variable: Option<String>,
    /// Whether it was switched off, and not only left out.
    pub(super) on_purpose: bool,
}

/// The variables by which images are told a password, for each kind of store.
fn password_variables(store: Store) -> &'static [&'static str] {
    match store {
        Store::MySql => &[
            "MYSQL_ROOT_PASSWORD",
            "MARIADB_ROOT_PASSWORD",
            "MYSQL_PASSWORD",
            "MARIADB_PASSWORD",
            "MYSQL_ROOT_PASSWORD_HASH",
            "MARIADB_ROOT_PASSWORD_HASH",
            "MARIADB_PASSWORD_HASH",
        ],
        Store::Postgres => &["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD", "POSTGRESQL_POSTGRES_PASSWORD", "PGPASSWORD"],
        Store::Mongo => &["MONGO_INITDB_ROOT_PASSWORD", "MONGODB_ROOT_PASSWORD"],
        Store::Redis => &["REDIS_PASSWORD", "VALKEY_PASSWORD", "REDIS_ARGS"],
        Store::RabbitMq => &["RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD"],
        Store::Other => &[
            "ELASTIC_PASSWORD",
            "OPENSEARCH_INITIAL_ADMIN_PASSWORD",
            "MINIO_ROOT_PASSWORD",
            "CLICKHOUSE_PASSWORD",
            "NEO4J_AUTH",
        ],
    }
}

fn is_yes(value: &str) -> bool {
    !["", "0", "no", "false", "off"].contains(&value.to_lowercase().as_str())
}

/// Whether a variable of a service is set, itself or by a file.
fn is_told(service: &Service, name: &str) -> bool {
    let with_file = [name.to_owned(), format!("{name}_FILE")];
    with_file.iter().any(|name| {
        let value = service.environment.get(name);
        // A variable of compose without a value is told by env-complete.
        let asked = service.variables.get(name).is_some_and(|variable| variable.written.contains('$'));
        value.is_some_and(|value| !value.is_empty()) || asked
    })
}

/// Who may log in to a store.
pub(super) fn access_to(files: &Files, service: &Service) -> Access {
    let Some(store) = store_of(service) else { return Access::Unknown };
    let on_purpose = |variable: &str, says: &str| {
        Access::Open(How { says: says.to_owned(), variable: Some(variable.to_owned()), on_purpose: true })
    };
    if service.environment.get("POSTGRES_HOST_AUTH_METHOD").is_some_and(|method| method == "trust") {
        return on_purpose(
            "POSTGRES_HOST_AUTH_METHOD",
            "POSTGRES_HOST_AUTH_METHOD trust lets anyone in without a password",
        );
    }
    let allowed = service.environment.iter().find(|(name, value)| name.contains("ALLOW_EMPTY") && is_yes(value));
    let root_has_none =
        store == Store::MySql && !is_told(service, "MYSQL_ROOT_PASSWORD") && !is_told(service, "MARIADB_ROOT_PASSWORD");
    if let Some((name, _)) = allowed
        && (root_has_none || !is_told_password(service, store))
    {
        return on_purpose(name, &format!("{name} lets anyone in"));
    }
    if store == Store::MySql && service.words().iter().any(|word| word == "--skip-grant-tables") {
        return Access::Open(How {
            says: "--skip-grant-tables lets anyone in".to_owned(),
            variable: None,
            on_purpose: true,
        });
    }
    if service.environment.get("NEO4J_AUTH").is_some_and(|account| account == "none") {
        return on_purpose("NEO4J_AUTH", "NEO4J_AUTH none lets anyone in");
    }
    if is_told_password(service, store) {
        return Access::Guarded;
    }
    let left_out = |says: &str| Access::Open(How { says: says.to_owned(), variable: None, on_purpose: false });
    match store {
        Store::Redis if redis_password(service).is_some() || service.server_option("aclfile").is_some() => {
            Access::Guarded
        }
        // What its script or its configuration does is not known.
        Store::Redis
            if files.view(&service.name).is_some_and(|view| view.shows("/usr/local/etc"))
                && service
                    .words()
                    .iter()
                    .any(|word| std::path::Path::new(word).extension().is_some_and(|ending| ending == "conf")) =>
        {
            if service.mounts.iter().any(|mount| mount.path().is_some_and(std::path::Path::is_file)) {
                left_out("its configuration has no requirepass, so whoever reaches it may do everything")
            } else {
                Access::Unknown
            }
        }
        Store::Redis if service.words().iter().any(|word| word.contains("requirepass")) => Access::Guarded,
        Store::Mongo if service.words().iter().any(|word| word == "--auth" || word == "--keyFile") => Access::Guarded,
        Store::Redis | Store::Mongo => left_out("it asks for no password"),
        Store::RabbitMq
            if service.has("configs")
                || service.mount_of("/etc/rabbitmq/rabbitmq.conf").is_some()
                || service.mount_of("/etc/rabbitmq/definitions.json").is_some() =>
        {
            Access::Unknown
        }
        Store::RabbitMq => left_out("its account is guest with the password guest"),
        Store::MySql | Store::Postgres | Store::Other => Access::Unknown,
    }
}

/// The password of a Redis: of its command, or of its configuration.
pub(super) fn redis_password(service: &Service) -> Option<String> {
    service.server_option("requirepass").filter(|password| !password.is_empty() && password != "\"\"")
}

/// The variable that an image needs before it starts for the first time, if it is told none of those that it takes.
pub(super) fn never_starts(service: &Service) -> Option<&'static str> {
    let name = service.image_name();
    let official = ["mysql", "mariadb", "postgres", "percona", "postgis", "timescaledb", "pgvector"].contains(&name);
    if !official || !service.entrypoint.is_empty() {
        return None;
    }
    let told = |names: &[&str]| names.iter().any(|name| is_told(service, name));
    match store_of(service)? {
        Store::Postgres if !told(&["POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD"]) => Some("POSTGRES_PASSWORD"),
        Store::MySql
            if !told(&[
                "MYSQL_ROOT_PASSWORD",
                "MARIADB_ROOT_PASSWORD",
                "MYSQL_ALLOW_EMPTY_PASSWORD",
                "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
                "MYSQL_RANDOM_ROOT_PASSWORD",
                "MARIADB_RANDOM_ROOT_PASSWORD",
                "MARIADB_ROOT_PASSWORD_HASH",
                "MARIADB_ALLOW_EMPTY_PASSWORD",
            ]) =>
        {
            Some(if name == "mariadb" { "MARIADB_ROOT_PASSWORD" } else { "MYSQL_ROOT_PASSWORD" })
        }
        _ => None,
    }
}

/// Why anybody finds the password that the command of a Redis gives, if they do. Passwords in variables whose name says that
/// they hold a secret are judged by secrets-strong.
pub(super) fn weak_password(files: &Files, service: &Service) -> Option<&'static str> {
    if store_of(service) != Some(Store::Redis) {
        return None;
    }
    let password = redis_password(service)?;
    if password.contains('$') || files.is_value_of_a_secret(&password) {
        return None;
    }
    match weakness(&password, &[])? {
        Weakness::Open(why) => Some(why),
        Weakness::Short(_) => None,
    }
}
