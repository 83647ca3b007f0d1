//! The documents against the code, and the code against its own rules.
//!
//! A module imports only from layers strictly below its own. The table here is the one in ARCHITECTURE.md.

use std::path::{Path, PathBuf};

use storemgr::deploy_check::{CATALOG, Phase};

/// The modules of each layer, the lowest first.
const LAYERS: &[&[&str]] = &[
    &["domain", "metrics", "units"],
    &["wire", "stats", "table", "page", "net", "process"],
    &["db", "cache", "promql"],
    &["orders", "catalog", "read_models", "run_result"],
    &["http", "seed", "loadtest", "report", "deploy_check", "stack"],
    &["lab"],
];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|modules| modules.contains(&module));
    found.unwrap_or_else(|| panic!("the module {module} stands in no layer: add it to the table"))
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { source_files(&path) } else { vec![path] }).collect()
}

/// The modules that a file names after `crate::`, alone or in braces, however deep the `use` stands.
fn imports(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let name = |rest: &str| rest.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.push(name(rest));
            continue;
        };
        let mut depth = 1;
        let mut start = 0;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if (depth == 1 && character == ',') || depth == 0 {
                found.push(name(&group[start..at]));
                start = at + 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn imports_are_found_alone_and_in_braces() {
    let text =
        "use crate::units;\nuse crate::{cache, db::{self, Session},\n    wire,\n};\n// crate::http\ncrate::net::x()";
    assert_eq!(imports(text), ["units", "cache", "db", "wire", "net"]);
}

#[test]
fn a_module_imports_only_from_layers_below() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut violations = Vec::new();
    for file in source_files(&source) {
        let relative = file.strip_prefix(&source).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap();
        if module == "lib.rs" {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for import in imports(&text) {
            if import != module && layer(&import) >= layer(module) {
                violations.push(format!("{}: {module} imports {import}", relative.display()));
            }
        }
    }
    assert_eq!(violations, Vec::<String>::new());
}

#[test]
fn the_library_knows_no_command_line() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in source_files(&source) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("clap"), "{} speaks of clap", file.display());
    }
}

#[test]
fn only_db_knows_the_driver_and_sql() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in source_files(&source) {
        if file.starts_with(source.join("db")) {
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
    for (number, modules) in LAYERS.iter().enumerate() {
        let row = text.lines().find(|line| line.starts_with(&format!("| {number} |"))).unwrap();
        for module in *modules {
            assert!(row.contains(&format!("`{module}`")), "layer {number} misses {module}: {row}");
        }
    }
}

#[test]
fn the_document_on_metrics_lists_every_metric_as_it_is_declared() {
    let document = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")).unwrap();
    let mut rows = 0;
    for metric in storemgr::metrics::DECLARED.iter().chain(storemgr::metrics::LOADTEST_DECLARED) {
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
