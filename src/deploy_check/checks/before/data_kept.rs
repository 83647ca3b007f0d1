//! `data-kept`: the data of every database lie in a volume or a folder with a name, and outlive their container.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service, Source, Store, data_of, store_of};
use crate::deploy_check::finding::{CheckOutcome, Fault};

pub(crate) const CHECK: Check = Check {
    id: "data-kept",
    expected: "every database keeps its data in a named volume or a folder of this machine",
    probe: Probe::Files(|files| finished(check(files))),
};

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let compose = files.compose()?;
    let keeps = |service: &&Service| match store_of(service) {
        Some(Store::MySql | Store::Postgres | Store::Mongo) => !data_of(service).is_empty(),
        // Others are caches, or can be filled again, as often as not.
        Some(Store::Other) => {
            ["cassandra", "influxdb", "couchdb", "neo4j", "clickhouse-server", "minio"].contains(&service.image_name())
        }
        _ => false,
    };
    let databases: Vec<_> = compose.services.iter().filter(keeps).filter(|one| !compose.is_one_shot(one)).collect();
    if databases.is_empty() {
        return Err(CheckOutcome::skip("no service is a database whose folder is known", "nothing to do"));
    }
    let faults: Vec<_> = databases.iter().filter_map(|service| fault(service)).collect();
    Ok(CheckOutcome::of(faults, "mount a named volume at that folder", || format!("{} databases", databases.len())))
}

fn fault(service: &Service) -> Option<Fault> {
    let folder = moved(service).unwrap_or_else(|| data_of(service).to_owned());
    let line = format!("volumes: [\"{}-data:{folder}\"]", service.name);
    // Data in memory are meant to be lost.
    match service.mount_of(&folder).map(|mount| &mount.source) {
        Some(Source::Path(_) | Source::Volume(_) | Source::Memory) => None,
        Some(Source::Anonymous) => {
            let says =
                format!("{} keeps its data in a volume without a name, which is lost with the container", service.name);
            Some(Fault::warning(Some(service.place_of("volumes")), says).write(line))
        }
        None if service.has("volumes_from") => None,
        None => {
            let near = service
                .mounts
                .iter()
                .find(|mount| matches!(mount.source, Source::Volume(_)) && mount.target.starts_with("/var/lib"));
            let place = near.map_or_else(|| service.place.clone(), |mount| mount.place.clone());
            let where_else = near.map(|mount| format!("; {} is not that folder", mount.target)).unwrap_or_default();
            let says =
                format!("{} keeps its data in {folder}, which is lost with the container{where_else}", service.name);
            Some(Fault::warning(Some(place), says).write(line))
        }
    }
}

/// The folder that a variable names.
fn moved(service: &Service) -> Option<String> {
    let named = service.environment.get("PGDATA").filter(|path| !path.is_empty()).cloned();
    let option = service.server_option("datadir").or_else(|| service.server_option("dbpath"));
    named.or(option).filter(|path| path.starts_with('/'))
}
