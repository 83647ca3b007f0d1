//! Any text as one file of a deployment: every check gives a result. The first byte chooses the file.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use storemgr::deploy_check::{self, CATALOG, Check, Files, Location, Locations};
use storemgr_fuzz::runtime;
use tokio::runtime::Runtime;

/// Checks that start programs or look at the ports of this machine.
const LEFT_OUT: [&str; 3] = ["nginx-valid", "prometheus-valid", "ports-free"];

struct Place {
    runtime: Runtime,
    folder: PathBuf,
    checks: Vec<Check>,
}

thread_local! {
    static PLACE: Place = {
        let folder = PathBuf::from(format!("/dev/shm/storemgr-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let checks = CATALOG.iter().filter(|check| !LEFT_OUT.contains(&check.id)).copied().collect();
        Place { runtime: runtime(), folder, checks }
    };
}

fuzz_target!(|input: &[u8]| {
    let Some((&which, text)) = input.split_first() else { return };
    PLACE.with(|place| {
        let mut locations = sound();
        let file = place.folder.join(
            [
                "nginx.conf",
                ".env",
                "rules.yml",
                "board.json",
                "Dockerfile",
                "prometheus.yml",
                "compose.yml",
                "workflow.yml",
            ][usize::from(which) % 8],
        );
        std::fs::write(&file, text).expect("a file");
        let chosen = Location { path: file, named: true };
        match which % 8 {
            0 => locations.nginx = chosen,
            1 => locations.env_file = chosen,
            2 => locations.rules = chosen,
            3 => locations.dashboards = chosen,
            4 => locations.dockerfile = chosen,
            5 => locations.prometheus = chosen,
            6 => locations.compose = vec![chosen],
            _ => locations.workflows = chosen,
        }
        let verdict = place.runtime.block_on(deploy_check::before(&place.checks, Files::load(&locations)));
        for finding in &verdict.checks {
            assert!(!finding.seen.starts_with("the check itself failed"), "{finding:?}");
        }
    });
});

/// The deployment in this repository.
fn sound() -> Locations {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let at = |path: &str| Location { path: root.join(path), named: true };
    Locations {
        env_file: at(".env.example"),
        compose: vec![at("ops/compose.yml")],
        project_directory: None,
        dockerfile: at("ops/Dockerfile"),
        nginx: at("nginx/nginx.conf"),
        prometheus: at("monitoring/prometheus.yml"),
        rules: at("monitoring/rules"),
        dashboards: at("monitoring/grafana"),
        workflows: at(".github/workflows"),
        environment: BTreeMap::new(),
    }
}
