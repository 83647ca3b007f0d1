//! A folder with anybody's deployment in it, as `deploy-check --before` finds it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use storemgr::deploy_check::{Files, Location, Locations, compose_files, compose_variables};

/// Writes files into a folder; those of variables can be read by their owner alone.
pub fn write_all(folder: &Path, files: &BTreeMap<String, String>) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        if name.contains(".env") {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// What is found in a folder, with nothing named.
pub fn files_of(folder: &Path) -> Files {
    Files::load(&locations_of(folder))
}

/// Where it is looked for.
pub fn locations_of(folder: &Path) -> Locations {
    let usual = |path: &str| Location { path: folder.join(path), named: false };
    let variables = compose_variables(&folder.join(".env"));
    let compose = compose_files(folder, &variables);
    Locations {
        env_file: usual(".env"),
        compose: compose.into_iter().map(|path| Location { path, named: false }).collect(),
        project_directory: None,
        dockerfile: usual("ops/Dockerfile"),
        nginx: usual("nginx/nginx.conf"),
        prometheus: usual("monitoring/prometheus.yml"),
        rules: usual("monitoring/rules"),
        dashboards: usual("monitoring/grafana"),
        workflows: usual(".github/workflows"),
        environment: BTreeMap::new(),
    }
}
