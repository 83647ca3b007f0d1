//! `planned-connections`: the pools of all services leave a database some connections for tools and administrators.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::defaults::{CONNECTIONS, MAX_CONNECTIONS, POOL_SIZE, RESERVE, TOOLS};
use crate::deploy_check::endpoints::{Endpoint, endpoints};
use crate::deploy_check::files::{Compose, Files, Service, Store, store_of};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "planned-connections",
    expected: "the pools of all services, 10 connections for tools and 5 in reserve, within max_connections",
    probe: Probe::Files(|files| finished(check(files))),
};

/// The default of `max_connections` in PostgreSQL.
const OF_POSTGRES: u64 = 100;

/// The variables by which programs are told the size of their pool.
const POOLS: [&str; 16] = [
    "DB_POOL_SIZE",
    "DB_POOL",
    "DB_POOL_MAX",
    "DB_MAX_CONNECTIONS",
    "DB_MAX_OPEN_CONNS",
    "DB_CONNECTION_LIMIT",
    "DATABASE_POOL",
    "DATABASE_POOL_SIZE",
    "DATABASE_POOL_MAX",
    "DATABASE_MAX_CONNECTIONS",
    "PGPOOL_SIZE",
    "POOL_SIZE",
    "SQLALCHEMY_POOL_SIZE",
    "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE",
    "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE",
    "RAILS_MAX_THREADS",
];

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let is_database = |service: &&Service| matches!(store_of(service), Some(Store::MySql | Store::Postgres));
    let mut databases: Vec<_> = compose.services.iter().filter(is_database).collect();
    if let Ok(own) = files.database()
        && !databases.iter().any(|one| one.name == own.name)
    {
        databases.push(own);
    }
    let mut seen = Vec::new();
    let mut faults = Vec::new();
    for database in databases {
        let budget = Budget::of(files, compose, database)?;
        if budget.count > 0 {
            seen.push(budget.sentence());
            faults.extend(budget.fault(database));
        }
    }
    if seen.is_empty() {
        files.instances()?;
        return Err(CheckOutcome::skip(
            "no service with a known pool uses a database of the compose file",
            "nothing to do",
        ));
    }
    let advice = "lower the pools (STOREMGR_DB_POOL_SIZE), or raise max_connections";
    Ok(CheckOutcome::of(faults, advice, || seen.join("\n")))
}

/// The connections of one database.
struct Budget {
    pools: u64,
    count: u64,
    limit: u64,
}

impl Budget {
    fn of(files: &Files, compose: &Compose, database: &Service) -> Result<Self, CheckOutcome> {
        let usual = if store_of(database) == Some(Store::Postgres) { OF_POSTGRES } else { MAX_CONNECTIONS };
        let limit = match database.server_option("max-connections") {
            None => usual,
            Some(text) if text.contains('$') => usual,
            Some(text) => text.parse().map_err(|_| {
                CheckOutcome::fail(format!("max_connections of {} is {text:?}", database.name), "write a number")
            })?,
        };
        let mut budget = Self { pools: 0, count: 0, limit };
        for service in compose.services.iter().filter(|service| store_of(service).is_none()) {
            let Some(pool) = pool_of(files, compose, service, database)? else { continue };
            budget.pools = budget.pools.saturating_add(pool.saturating_mul(service.replicas));
            budget.count = budget.count.saturating_add(service.replicas);
        }
        Ok(budget)
    }

    fn sentence(&self) -> String {
        let Self { pools, count, limit } = self;
        format!("{pools} in {count} pools, {TOOLS} for tools, {RESERVE} in reserve; max_connections is {limit}")
    }

    fn fault(&self, database: &Service) -> Option<Fault> {
        if self.pools.saturating_add(TOOLS + RESERVE) <= self.limit {
            return None;
        }
        let most = self.limit.saturating_sub(TOOLS + RESERVE) / self.count.max(1);
        let place = Some(database.place.clone());
        let line = format!("a pool of {most} or less in each");
        // What is kept back is a matter of care; what is more than the server has is refused.
        let says = format!("{}: {}", database.name, self.sentence());
        Some(Fault::error(place, says).write(line))
    }
}

/// The connections that one container of a service may have at once; `None` if it does not use the database, or its pool
/// is not stated.
fn pool_of(
    files: &Files,
    compose: &Compose,
    service: &Service,
    database: &Service,
) -> Result<Option<u64>, CheckOutcome> {
    let is_instance = files.is_instance(service);
    let ways: Vec<_> = endpoints(service)
        .into_iter()
        .filter(|one| compose.service_for(service, &one.host).is_some_and(|target| target.name == database.name))
        .collect();
    // An instance that is not told a host here is held to use the store's own database.
    let told = service.environment.contains_key("DB_HOST");
    let uses = !ways.is_empty() || !told && files.database().is_ok_and(|own| own.name == database.name);
    if is_instance && uses {
        if CONNECTIONS.of(service) != CONNECTIONS.default {
            let seen = format!("{} opens a connection for every request, without a limit", service.name);
            return Err(CheckOutcome::fail(seen, "set STOREMGR_DB_CONNECTIONS=pool"));
        }
        let size = POOL_SIZE.of(service);
        return size
            .parse()
            .map(Some)
            .map_err(|_| CheckOutcome::fail(format!("the pool of {} is {size:?}", service.name), "write a number"));
    }
    if ways.is_empty() {
        return Ok(None);
    }
    let in_url = ways.iter().find_map(|way| in_url(service, way));
    let variable = POOLS.iter().find_map(|name| Some((*name, service.environment.get(*name)?)));
    let size: Option<u64> = match (in_url, variable) {
        (Some(size), _) => Some(size),
        (None, Some((name, text))) if !text.is_empty() => {
            let Ok(size) = text.parse() else {
                let seen = format!("{name} of {} is {text:?}", service.name);
                return Err(CheckOutcome::fail(seen, "write a number"));
            };
            Some(size)
        }
        _ => None,
    };
    let overflow: u64 =
        service.environment.get("SQLALCHEMY_MAX_OVERFLOW").and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(size.map(|size| size.saturating_add(overflow).saturating_mul(workers(service))))
}

/// `?connection_limit=10` and its like.
fn in_url(service: &Service, way: &Endpoint) -> Option<u64> {
    let value = service.environment.get(&way.variable)?;
    let (_, query) = value.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let names = ["connection_limit", "pool_size", "pool_max_conns", "pool", "maximumPoolSize", "max_connections"];
    pairs.find(|(name, _)| names.contains(name)).and_then(|(_, size)| size.parse().ok())
}

/// The processes of a service, each with a pool of its own.
fn workers(service: &Service) -> u64 {
    let variable = ["WEB_CONCURRENCY", "GUNICORN_WORKERS", "UVICORN_WORKERS"]
        .iter()
        .find_map(|name| service.environment.get(*name).cloned());
    let serves = service
        .words()
        .iter()
        .any(|word| ["gunicorn", "uvicorn", "puma", "hypercorn"].iter().any(|program| word.contains(program)));
    let flag = service.flag(&["--workers", "-w"]).filter(|_| serves);
    flag.or(variable).and_then(|text| text.parse().ok()).filter(|count| *count > 0).unwrap_or(1)
}
