//! `.env.example` against what reads it: every variable of a deployment stands there, and is explained there or on a page.

use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The name at the beginning of a text, if a variable has such a name.
fn name_at(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let name = &text[..end];
    (name.contains('_') && !name.starts_with('_')).then_some(name)
}

/// The variables that follow each occurrence of a mark.
fn after(text: &str, mark: &str) -> BTreeSet<String> {
    text.split(mark).skip(1).filter_map(name_at).map(str::to_owned).collect()
}

/// The variables of `.env.example`, also those that are commented out, each with the comment above it.
fn example() -> Vec<(String, String)> {
    let text = read(".env.example");
    let (mut found, mut comment, mut was_variable) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        let bare = line.strip_prefix('#').unwrap_or(line);
        if let Some(name) = name_at(bare).filter(|name| bare[name.len()..].starts_with('=')) {
            found.push((name.to_owned(), comment.clone()));
            was_variable = true;
        } else {
            // A comment that follows variables is about the next ones, and so is what follows an empty line.
            if was_variable || line.is_empty() {
                comment.clear();
            }
            comment += bare;
            was_variable = false;
        }
    }
    found
}

#[test]
fn every_variable_of_the_deployment_stands_in_the_example() {
    let named: BTreeSet<_> = example().into_iter().map(|(name, _)| name).collect();
    let mut used = after(&(read("ops/compose.yml") + &read("ops/compose.tls.yml")), "${");
    used.extend(after(&read("ops/deploy"), "$(setting "));
    assert!(used.len() > 20, "{used:?}");
    let missing: Vec<_> = used.difference(&named).collect();
    assert!(missing.is_empty(), ".env.example does not name {missing:?}");
}

#[test]
fn every_variable_of_the_example_is_explained_and_used() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let pages: String = std::fs::read_dir(docs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let readers = read("ops/compose.yml") + &read("ops/compose.tls.yml") + &read("ops/deploy");
    let variables = example();
    assert!(variables.len() > 25, "{variables:?}");
    for (name, comment) in variables {
        assert!(
            comment.split_whitespace().count() > 5 || pages.contains(&format!("`{name}")),
            "{name} is not explained"
        );
        // Compose itself reads those of its own.
        assert!(readers.contains(&name) || name == "COMPOSE_FILE", "nothing reads {name}");
    }
}
