//! The file of tokens: who may use the store, and which part of it.
//!
//! A line per token: `name scope[,scope] sha256:HEX`. The file has only digests of tokens, so reading it lets nobody in.
//! Empty lines and lines that begin with `#` are passed over. Two lines may have one name: a client whose token is being
//! replaced, and who is the same client with both.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::Scope;
use crate::units::Secret;

/// The most bytes in a file of tokens, and the most tokens: each is compared with what a request has.
const MOST_BYTES: u64 = 1 << 20;
const MOST_TOKENS: usize = 1_000;

/// The longest name of a token; it is part of the stored idempotency keys.
const LONGEST_NAME: usize = 64;

/// How a token begins, so that one that was published by mistake can be searched for.
const PREFIX: &str = "storemgr_";

/// A token with its name and its scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The name, for people and logs.
    pub name: Arc<str>,
    scopes: Vec<Scope>,
    digest: [u8; 32],
}

/// All tokens of a file.
#[derive(Clone, Debug)]
pub struct Tokens(Vec<Grant>);

/// Why a file of tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTokens {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(std::io::Error),
    /// It is too large to be such a file.
    #[error("it is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// A line is not what a line of it is.
    #[error("line {line}: {reason}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong; never the text, in which a token could stand by mistake.
        reason: InvalidGrant,
    },
    /// It has no token, so nobody could use the store.
    #[error("it has no token: `storemgr token new NAME --scope SCOPE` makes a line")]
    Empty,
    /// It has more tokens than are compared.
    #[error("it has more than {MOST_TOKENS} tokens")]
    TooMany,
}

/// Why a line is not one of a file of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGrant {
    /// It has not three parts.
    #[error("a line is: name scope[,scope] sha256:HEX")]
    Parts,
    /// The name cannot be used.
    #[error("a name has 1 to {LONGEST_NAME} letters, digits, dots, hyphens and underscores")]
    Name,
    /// A scope does not exist.
    #[error("a scope is one of read, order, metrics, admin")]
    Scope,
    /// The digest is not one.
    #[error("the third part is sha256: and 64 hexadecimal digits, as `storemgr token new` writes it")]
    Digest,
    /// The same digest stands in a line before.
    #[error("the same token stands in a line before")]
    Repeated,
}

impl Grant {
    /// A new random token with these scopes, and its text, which is known only now.
    pub fn new(name: &str, scopes: &[Scope]) -> Result<(Self, Secret), InvalidGrant> {
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
        let mut scopes = scopes.to_vec();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(InvalidGrant::Scope);
        }
        Ok((Self { name: checked_name(name)?, scopes, digest: digest(text.as_bytes()) }, Secret::new(text)))
    }

    fn parse(line: &str) -> Result<Self, InvalidGrant> {
        let mut parts = line.split_ascii_whitespace();
        let (Some(name), Some(scopes), Some(hash), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidGrant::Parts);
        };
        let name = checked_name(name)?;
        let scopes = scopes.split(',').map(Scope::parse).collect::<Option<_>>().ok_or(InvalidGrant::Scope)?;
        let bytes = hash.strip_prefix("sha256:").and_then(|digits| hex::decode(digits).ok());
        let digest = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(InvalidGrant::Digest)?;
        Ok(Self { name, scopes, digest })
    }

    /// Whether it may be used for what needs this scope.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| *own == scope || *own == Scope::Admin)
    }
}

fn checked_name(name: &str) -> Result<Arc<str>, InvalidGrant> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if plain && (1..=LONGEST_NAME).contains(&name.len()) { Ok(name.into()) } else { Err(InvalidGrant::Name) }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl fmt::Display for Grant {
    /// Writes the line of the file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.name()).collect();
        write!(formatter, "{} {} sha256:{}", self.name, scopes.join(","), hex::encode(self.digest))
    }
}

impl Tokens {
    /// Reads a file of tokens.
    pub fn read(path: &Path) -> Result<Self, InvalidTokens> {
        use std::io::Read as _;
        let file = std::fs::File::open(path).map_err(InvalidTokens::Unreadable)?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(InvalidTokens::Unreadable)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(InvalidTokens::TooLarge);
        }
        Self::parse(&String::from_utf8_lossy(&bytes))
    }

    fn parse(text: &str) -> Result<Self, InvalidTokens> {
        let mut grants: Vec<Grant> = Vec::new();
        // Some editors begin a file with a byte order mark.
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let refuse = |reason| InvalidTokens::Line { line: index + 1, reason };
            let grant = Grant::parse(line).map_err(refuse)?;
            if grants.iter().any(|other| other.digest == grant.digest) {
                return Err(refuse(InvalidGrant::Repeated));
            }
            if grants.len() == MOST_TOKENS {
                return Err(InvalidTokens::TooMany);
            }
            grants.push(grant);
        }
        if grants.is_empty() { Err(InvalidTokens::Empty) } else { Ok(Self(grants)) }
    }

    /// The grant of a token. Every token is compared, and each whole, so the time tells nothing about any of them.
    pub(super) fn grant_of(&self, token: &[u8]) -> Option<&Grant> {
        let given = digest(token);
        let mut place = 0_u32;
        let mut found = Choice::from(0);
        for (index, grant) in self.0.iter().enumerate() {
            let same = grant.digest.ct_eq(&given);
            place.conditional_assign(&(index as u32), same);
            found |= same;
        }
        bool::from(found).then(|| self.0.get(place as usize)).flatten()
    }

    /// How many tokens there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, scopes: &str, token: &str) -> String {
        format!("{name} {scopes} sha256:{}\n", hex::encode(digest(token.as_bytes())))
    }

    #[test]
    fn a_new_token_is_found_by_its_text_and_stands_nowhere_else() {
        let (grant, text) = Grant::new("shop", &[Scope::Order, Scope::Read]).unwrap();
        let written = format!("{grant}\n");
        assert!(!written.contains(text.reveal()) && text.reveal().starts_with(PREFIX), "{written}");
        let tokens = Tokens::parse(&format!("# who may\n\n{written}{}", line("ops", "admin", "x"))).unwrap();
        assert_eq!(tokens.count(), 2);
        assert_eq!(tokens.grant_of(text.reveal().as_bytes()), Some(&grant));
        assert_eq!(tokens.grant_of(b"x").map(|grant| &*grant.name), Some("ops"));
        for wrong in [&b""[..], b"X", &text.reveal().as_bytes()[1..]] {
            assert_eq!(tokens.grant_of(wrong), None);
        }
        assert_ne!(Grant::new("shop", &[Scope::Read]).unwrap().1.reveal(), text.reveal());
    }

    #[test]
    fn scopes_allow_what_they_say_and_admin_all() {
        let all = [Scope::Read, Scope::Order, Scope::Metrics, Scope::Admin];
        for own in all {
            let (grant, _) = Grant::new("a", &[own]).unwrap();
            for asked in all {
                assert_eq!(grant.allows(asked), own == asked || own == Scope::Admin, "{own:?} {asked:?}");
            }
        }
        assert_eq!(Grant::new("a", &[]).unwrap_err(), InvalidGrant::Scope);
    }

    #[test]
    fn a_name_may_have_two_tokens_and_a_token_one_line() {
        let two = line("shop", "read", "old") + &line("shop", "order,read", "new");
        let tokens = Tokens::parse(&format!("\u{feff}{two}")).unwrap();
        assert!(tokens.grant_of(b"new").unwrap().allows(Scope::Order));
        assert!(!tokens.grant_of(b"old").unwrap().allows(Scope::Order));
        let refused = Tokens::parse(&(two.clone() + &line("other", "read", "old"))).unwrap_err();
        assert_eq!(refused.to_string(), "line 3: the same token stands in a line before");
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused_by_line_and_without_its_text() {
        let good = line("a", "read", "t");
        let hash = hex::encode([7; 32]);
        let secret = "storemgr_geheim";
        for (text, why) in [
            (String::new(), "it has no token"),
            ("# nothing\n\n".to_owned(), "it has no token"),
            (format!("{good}{secret}\n"), "line 2: a line is"),
            (format!("{good}b read {secret}\n"), "line 2: the third part"),
            (format!("b read sha256:{}\n", &hash[1..]), "line 1: the third part"),
            (format!("b read md5:{hash}\n"), "line 1: the third part"),
            (format!("b read sha256:{hash} more\n"), "line 1: a line is"),
            (format!("b write sha256:{hash}\n"), "line 1: a scope is"),
            (format!("b read,,order sha256:{hash}\n"), "line 1: a scope is"),
            (format!("b READ sha256:{hash}\n"), "line 1: a scope is"),
            (format!("ü read sha256:{hash}\n"), "line 1: a name has"),
            (format!("{} read sha256:{hash}\n", "n".repeat(65)), "line 1: a name has"),
            ((0..=MOST_TOKENS).map(|n| line("a", "read", &n.to_string())).collect(), "it has more than 1000"),
        ] {
            let refused = Tokens::parse(&text).unwrap_err().to_string();
            assert!(refused.starts_with(why) && !refused.contains("geheim"), "{refused}");
        }
    }

    #[test]
    fn a_file_without_an_end_is_not_read_to_the_end() {
        assert!(matches!(Tokens::read(Path::new("/dev/zero")), Err(InvalidTokens::TooLarge)));
        assert!(matches!(Tokens::read(Path::new("/nowhere")), Err(InvalidTokens::Unreadable(_))));
        assert!(matches!(Tokens::read(Path::new("/")), Err(InvalidTokens::Unreadable(_))));
    }
}
