//! Which variables hold secrets, and which secrets are too weak.

/// The least number of characters; shorter secrets can be found by trying.
const SHORTEST: usize = 12;

/// Below this one, trying takes no time at all.
const SHORTEST_OF_ALL: usize = 8;

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

/// Further ones, of other images and their documentation; only files are compared with them.
const OF_OTHERS: [&str; 14] = [
    "postgres",
    "guest",
    "mongo",
    "mongodb",
    "rabbitmq",
    "minioadmin",
    "qwerty",
    "letmein",
    "welcome",
    "pass",
    "grafana",
    "user",
    "postgresql",
    "default",
];

/// Words of a name that say it is about a secret, and holds none: a file, a duration, a length, a kind.
const ABOUT: [&str; 31] = [
    "FILE",
    "RANDOM",
    "ALLOW",
    "EXPIRE",
    "EXPIRES",
    "EXPIRY",
    "EXPIRATION",
    "LENGTH",
    "TTL",
    "LIFETIME",
    "AGE",
    "PATH",
    "SOURCE",
    "URL",
    "URI",
    "NAME",
    "ID",
    "TYPE",
    "ALGORITHM",
    "ALG",
    "ENABLED",
    "DISABLED",
    "REQUIRED",
    "ISSUER",
    "AUDIENCE",
    "HEADER",
    "PREFIX",
    "LIMIT",
    "COUNT",
    "MIN",
    "MAX",
];

/// Whether a variable of this name holds a secret. One that ends in `_FILE` holds the name of a file.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<_> = name.split(['_', '-', '.']).collect();
    let secret = ["PASSWORD", "PASSWD", "PASS", "PWD", "SECRET", "TOKEN", "CREDENTIALS"];
    let public = words.contains(&"PUBLIC") || words.contains(&"PUBLISHABLE") || words.contains(&"SITE");
    // A key may be one of a keyboard or a table; with one of these words it is a secret.
    let kinds = [
        "API",
        "SECRET",
        "ACCESS",
        "PRIVATE",
        "ENCRYPTION",
        "SIGNING",
        "AUTH",
        "JWT",
        "MASTER",
        "SERVICE",
        "APP",
        "SESSION",
        "COOKIE",
    ];
    let is_key = words.contains(&"KEY") && words.iter().any(|word| kinds.contains(word));
    words.len() < 12
        && (is_key || words.iter().any(|word| secret.contains(word)))
        && !words.iter().any(|word| ABOUT.contains(word))
        && name != "PWD"
        && name != "OLDPWD"
        && !public
}

/// How weak a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weakness {
    /// Anybody finds it.
    Open(&'static str),
    /// It can be found by trying for long.
    Short(&'static str),
}

impl Weakness {
    /// Why, for a sentence.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Open(why) | Self::Short(why) => why,
        }
    }
}

/// Why a secret is too weak, without showing it; `None` if it is strong enough.
pub(super) fn weakness(value: &str, users: &[&str]) -> Option<Weakness> {
    let lower = value.to_lowercase();
    // A year or an exclamation mark after a common password does not make it stronger.
    let word = lower.trim_end_matches(|end: char| end.is_ascii_digit() || end.is_ascii_punctuation());
    let different: std::collections::BTreeSet<_> = lower.chars().collect();
    let length = value.chars().count();
    if value.is_empty() {
        Some(Weakness::Open("is empty"))
    } else if PLACEHOLDERS.iter().any(|part| lower.contains(part)) || lower.starts_with(['<', '…']) {
        Some(Weakness::Open("is a placeholder"))
    } else if [lower.as_str(), word].iter().any(|one| COMMON.contains(one) || OF_OTHERS.contains(one)) {
        Some(Weakness::Open("is a common password"))
    } else if users.contains(&value) {
        Some(Weakness::Open("is the name of the account"))
    } else if length < SHORTEST_OF_ALL {
        Some(Weakness::Open("has fewer than 12 characters"))
    } else if different.len() < FEWEST_DIFFERENT {
        Some(Weakness::Open("has fewer than 5 different characters"))
    } else if length < SHORTEST {
        Some(Weakness::Short("has fewer than 12 characters"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "DB_PASSWORD",
            "DB_PASS",
            "DB_USER_PASSWORD",
            "JWT_SECRET",
            "GF_SECURITY_ADMIN_PASSWORD",
            "API_TOKEN",
            "secret",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "DB_USER",
            "DB_PASSWORD_FILE",
            "MYSQL_RANDOM_ROOT_PASSWORD",
            "COMPASS",
            "KEYBOARD",
            "TOKEN_TTL",
            "JWT_SECRET_EXPIRES_IN",
            "SSL_KEY_PATH",
            "AWS_CREDENTIALS_SOURCE",
            "AWS_ACCESS_KEY_ID",
        ] {
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
            assert!(found.why().contains(reason), "{value}: {found:?}");
        }
        assert_eq!(weakness("3f0c6f0d9b5a4e7780aa", &["store"]), None);
    }
}
