//! Whether for each check there is a test in which it fails for its own reason, and no other check fails with it.
//!
//! Four functions assert just that, `only_fails`, `assert_only`, and `only_warns` and `assert_warns` for a check that only
//! warns; they take the name of the check, so the tests are read as text, and the names that stand in calls of these are counted.

use std::collections::BTreeSet;
use std::path::Path;

use storemgr::deploy_check::{CATALOG, Phase};

/// The names of checks in the calls of a test file, written there or in a variable `id` above.
fn names_asserted(text: &str) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    for test in text.split("#[tokio::test").skip(1) {
        let variable = test.split("let id = ").nth(1).and_then(quoted);
        for call in ["only_fails(", "only_warns(", "assert_only(", "assert_warns("] {
            for arguments in test.split(call).skip(1) {
                let arguments = within_parenthesis(arguments);
                let word = |text: &str| arguments.contains(&format!("\"{text}\""));
                names.extend(CATALOG.iter().map(|check| check.id).filter(|id| word(id)));
                if arguments.split([',', ' ']).any(|word| word == "id") {
                    names.extend(CATALOG.iter().map(|check| check.id).filter(|id| variable == Some(*id)));
                }
            }
        }
    }
    names
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.split('"').next()
}

/// Up to the parenthesis that closes the call; those in texts come in pairs or not at all.
fn within_parenthesis(text: &str) -> &str {
    let mut depth = 1;
    let end = text.char_indices().find(|(_, character)| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

#[test]
fn every_check_has_a_test_in_which_it_fails_alone() {
    for (phase, file) in [(Phase::Before, "before.rs"), (Phase::After, "after.rs")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/deploy_check").join(file);
        let asserted = names_asserted(&std::fs::read_to_string(path).unwrap());
        let all: BTreeSet<_> = CATALOG.iter().filter(|check| check.phase() == phase).map(|check| check.id).collect();
        let without: Vec<_> = all.difference(&asserted).collect();
        assert!(without.is_empty(), "{file}: no test in which these fail alone: {without:?}");
    }
}

#[test]
fn names_are_counted_where_they_are_asserted_and_nowhere_else() {
    let text = r#"#[tokio::test]
        async fn a() {
            let id = "metrics-exist";
            only_fails(A, "x (y)", id, "").await;
            assert_only(&found(&verdict, "x"), "images-pinned", "seen");
            found(&verdict, "nginx-valid");
        }"#;
    assert_eq!(names_asserted(text).into_iter().collect::<Vec<_>>(), ["images-pinned", "metrics-exist"]);
}
