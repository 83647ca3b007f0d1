//! Which variables hold secrets, and which secrets are too weak.

/// The least number of characters; shorter secrets can be found by trying.
const SHORTEST: usize = 12;

/// The least number of different characters; fewer are a key that was held down.
const FEWEST_DIFFERENT: usize = 5;

/// Parts of values that examples contain to be replaced.
const PLACEHOLDERS: [&str; 9] =
    ["changeme", "change-me", "change_me", "change this", "replace", "example", "placeholder", "your-", "dummy"];

/// Common passwords, and those that the original program and the documentation of the images use.
pub(super) const COMMON: [&str; 16] = [
    "password",
    "passw0rd",
    "admin",
    "root",
    "toor",
    "mysql",
    "mariadb",
    "redis",
    "store",
    "storemgr",
    "store_manager",
    "labo04",
    "secret",
    "test",
    "123456",
    "my-secret-pw",
];

/// Whether a variable of this name holds a secret. One that ends in `_FILE` holds the name of a file.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<_> = name.split(['_', '-', '.']).collect();
    let secret = ["PASSWORD", "PASSWD", "PASS", "SECRET", "TOKEN", "KEY", "CREDENTIALS"];
    let about = ["FILE", "RANDOM", "ALLOW", "EXPIRE", "LENGTH"];
    words.iter().any(|word| secret.contains(word)) && !words.iter().any(|word| about.contains(word))
}

/// Why a secret is too weak, without showing it; `None` if it is strong enough.
pub(super) fn weakness(value: &str, users: &[&str]) -> Option<String> {
    let lower = value.to_lowercase();
    // A year or an exclamation mark after a common password does not make it stronger.
    let word = lower.trim_end_matches(|end: char| end.is_ascii_digit() || end.is_ascii_punctuation());
    let different: std::collections::BTreeSet<_> = lower.chars().collect();
    let reason = if value.is_empty() {
        "is empty"
    } else if PLACEHOLDERS.iter().any(|part| lower.contains(part)) || lower.starts_with(['<', '…']) {
        "is a placeholder"
    } else if COMMON.contains(&lower.as_str()) || COMMON.contains(&word) {
        "is a common password"
    } else if users.contains(&value) {
        "is the name of the account"
    } else if value.chars().count() < SHORTEST {
        "has fewer than 12 characters"
    } else if different.len() < FEWEST_DIFFERENT {
        "has fewer than 5 different characters"
    } else {
        return None;
    };
    Some(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in ["DB_PASSWORD", "DB_PASS", "GF_SECURITY_ADMIN_PASSWORD", "API_TOKEN", "secret"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["DB_USER", "DB_PASSWORD_FILE", "MYSQL_RANDOM_ROOT_PASSWORD", "COMPASS", "KEYBOARD"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_weak_secret_is_told_why_and_never_shown() {
        for (value, reason) in [
            ("", "empty"),
            ("changeme-changeme", "placeholder"),
            ("<put it here>", "placeholder"),
            ("Labo04", "common password"),
            ("Password-2026!", "common password"),
            ("shopkeeper-account", "name of the account"),
            ("k3uV9x", "12 characters"),
            ("aaaaaaaabbbbbbbb", "5 different"),
        ] {
            let found = weakness(value, &["shopkeeper-account"]).unwrap();
            assert!(found.contains(reason), "{value}: {found}");
        }
        assert_eq!(weakness("3f0c6f0d9b5a4e7780aa", &["store"]), None);
    }
}
