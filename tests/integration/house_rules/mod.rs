//! Tests that compare the documents with the code, and the code with its own rules.
//!
//! A module imports only from layers strictly below its own, a room of the load tester only from rooms strictly below
//! it, and no files use each other in a circle. The tables here are those in ARCHITECTURE.md.

mod imports;
mod texts;

use std::path::{Path, PathBuf};

use imports::{FileUses, Tests, circle, file_uses};
use storemgr::deploy_check::{CATALOG, Phase};

/// The number of each layer and its modules, the lowest first. A layer may have a second storey.
const LAYERS: &[(usize, &[&str])] = &[
    (0, &["domain", "metrics", "units"]),
    (1, &["wire", "stats", "table", "page", "files", "net", "process"]),
    (2, &["db", "cache", "observe", "promql"]),
    (3, &["orders", "catalog", "read_models", "run_result"]),
    (3, &["explain"]),
    (4, &["http", "seed", "loadtest", "report", "deploy_check", "stack"]),
    (5, &["lab"]),
];

/// The rooms of the load tester, the lowest first.
const LOADTEST_LAYERS: &[&[&str]] = &[
    &["control", "scenario"],
    &["recording"],
    &["engine"],
    &["collect"],
    &["judge"],
    &["output"],
    &["run"],
    &["search"],
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { source_files(&path) } else { vec![path] }).collect()
}

/// The part of a folder that a file belongs to: the folder or the file directly below it; `None` for the root of a
/// module.
fn room<'a>(file: &'a Path, folder: &str) -> Option<&'a str> {
    let below = Path::new(file.strip_prefix(folder).ok()?.iter().next()?).file_stem()?.to_str()?;
    (!matches!(below, "lib" | "mod")).then_some(below)
}

/// Each use of a room by another one that is not in a higher layer.
fn violations(uses: &FileUses, folder: &str, layers: &[&[&str]]) -> Vec<String> {
    let layer = |room: &str| {
        let found = layers.iter().position(|rooms| rooms.contains(&room));
        found.unwrap_or_else(|| panic!("{room} stands in no layer of src/{folder}: add it to the table"))
    };
    let mut found = Vec::new();
    for (file, used) in uses {
        for other in used {
            let (Some(from), Some(to)) = (room(file, folder), room(other, folder)) else { continue };
            if from != to && layer(to) >= layer(from) {
                found.push(format!("{} uses {}", file.display(), other.display()));
            }
        }
    }
    found
}

#[test]
fn a_module_imports_only_from_layers_below() {
    let uses = file_uses(&root().join("src"), Tests::Included);
    let storeys: Vec<_> = LAYERS.iter().map(|(_, modules)| *modules).collect();
    assert_eq!(violations(&uses, "", &storeys), Vec::<String>::new());
}

#[test]
fn inside_the_load_tester_a_room_imports_only_from_rooms_below() {
    let uses = file_uses(&root().join("src"), Tests::LeftOut);
    assert_eq!(violations(&uses, "loadtest", LOADTEST_LAYERS), Vec::<String>::new());
    // The engine is below it, but must not be used: a run is steered through `control`, which is below both.
    let engine = Path::new("loadtest/engine");
    for (file, used) in uses.iter().filter(|(file, _)| file.starts_with("loadtest/output")) {
        assert!(!used.iter().any(|other| other.starts_with(engine)), "{} uses the engine", file.display());
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    for folder in ["src", "cli", "benches/store"] {
        let uses = file_uses(&root().join(folder), Tests::LeftOut);
        if let Some(circle) = circle(&uses) {
            let circle: Vec<_> = circle.iter().chain(circle.first()).map(|file| file.display().to_string()).collect();
            panic!("files in {folder} use each other in a circle: {}", circle.join(" -> "));
        }
    }
}

#[test]
fn the_library_knows_no_command_line() {
    let source = root().join("src");
    for file in source_files(&source) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("clap"), "{} speaks of clap", file.display());
    }
}

#[test]
fn only_db_knows_the_driver_and_sql() {
    let source = root().join("src");
    for file in source_files(&source) {
        // What watches a server reads the server's own tables, and knows nothing of the store's.
        if ["db", "observe/mysql"].iter().any(|folder| file.starts_with(source.join(folder))) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("mysql_async"), "{} speaks of the driver", file.display());
    }
}

#[test]
fn the_architecture_document_holds_the_same_table() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(document).unwrap();
    for (number, modules) in LAYERS {
        let row = text.lines().find(|line| line.starts_with(&format!("| {number} |"))).unwrap();
        for module in *modules {
            assert!(row.contains(&format!("`{module}`")), "layer {number} misses {module}: {row}");
        }
    }
}

#[test]
fn the_document_on_metrics_lists_every_metric_as_it_is_declared() {
    use storemgr::metrics::{BACKUP_DECLARED, DECLARED, FRONT_DECLARED, LOADTEST_DECLARED};
    let document = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")).unwrap();
    let mut rows = 0;
    for metric in DECLARED.iter().chain(LOADTEST_DECLARED).chain(BACKUP_DECLARED).chain(FRONT_DECLARED) {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let row = format!("| `{}` | {} | {} | {} |", metric.name, metric.kind, labels.join(", "), metric.help);
        assert!(document.lines().any(|line| line == row), "docs/metrics.md misses: {row}");
        rows += 1;
    }
    let listed = document.lines().filter(|line| line.starts_with("| `storemgr_")).count();
    assert_eq!(listed, rows, "docs/metrics.md lists a metric that is not declared");
}

#[test]
fn the_document_on_deploy_check_lists_every_check_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy-check.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut listed = text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 3).count();
    for check in CATALOG {
        let row = format!("| `{}` | {} |", check.id, check.expected);
        assert!(text.lines().any(|line| line == row), "docs/deploy-check.md misses: {row}");
        listed -= 1;
    }
    assert_eq!(listed, 0, "docs/deploy-check.md lists a check that does not exist");
    let count = format!("{} independent checks.", CATALOG.len());
    assert!(text.contains(&count), "docs/deploy-check.md does not say: {count}");
}

#[test]
fn the_document_names_a_check_for_every_mistake() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy-check.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, table) = text.split_once("|---|---|---|\n").unwrap();
    let mut mistakes = 0;
    for row in table.lines().take_while(|line| line.starts_with('|')) {
        let columns: Vec<_> = row.split('|').collect();
        let [_, _, before, after, _] = columns[..] else { panic!("not three columns: {row}") };
        let mut named = 0;
        for (column, phase) in [(before, Phase::Before), (after, Phase::After)] {
            for name in column.split('`').skip(1).step_by(2) {
                let check = CATALOG.iter().find(|check| check.id == name);
                let check = check.unwrap_or_else(|| panic!("there is no check {name}: {row}"));
                assert_eq!(check.phase(), phase, "{name} in: {row}");
                named += 1;
            }
        }
        assert!(named > 0, "no check tells of: {row}");
        mistakes += 1;
    }
    assert!(mistakes > 25, "only {mistakes} mistakes are listed");
}
