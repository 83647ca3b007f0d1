//! Idempotency keys: a client names an attempt, so that a repeated request gets the first answer and is not executed
//! again.
//!
//! The rules follow the IETF draft "The Idempotency-Key HTTP Header Field"
//! (draft-ietf-httpapi-idempotency-key-header-07): the value may be bare or a quoted structured-field string, and the
//! same key with another body is refused.

use sha2::{Digest, Sha256};

use super::NewOrder;

/// The longest key that is accepted, in bytes: the limit of Stripe, and the size of the table's column.
const MAX_KEY_LENGTH: usize = 255;

/// A client's name for one attempt at a write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// A header value that is not an idempotency key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an Idempotency-Key is 1 to 255 visible ASCII characters, bare or in double quotes")]
pub struct InvalidIdempotencyKey;

/// A key that stands for another request already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this Idempotency-Key was used for another request: use a new key for a new one")]
pub struct KeyReused;

impl IdempotencyKey {
    /// Reads the value of the header, bare or in double quotes.
    pub fn parse(value: &[u8]) -> Result<Self, InvalidIdempotencyKey> {
        let text = std::str::from_utf8(value).map_err(|_| InvalidIdempotencyKey)?.trim();
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let visible = bare.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if bare.is_empty() || bare.len() > MAX_KEY_LENGTH || !visible {
            return Err(InvalidIdempotencyKey);
        }
        Ok(Self(bare.to_owned()))
    }

    /// The key of a write for which the client gave none. No client can send it, because it has a space.
    pub fn unnamed(number: u128) -> Self {
        Self(format!(" {number:032x}"))
    }

    /// The same key as the key of one client: other clients may use the same words. No client can send it, because it has
    /// a space.
    #[must_use]
    pub fn of_client(&self, client: &str) -> Self {
        Self(format!("{client} {}", hex::encode(Sha256::digest(self.0.as_bytes()))))
    }

    /// The key without quotes, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The content of a write in 32 bytes. Two requests with the same key must have the same fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Computes SHA-256 over the user and the merged lines, so that white space and the order of the items do not
    /// matter.
    pub fn of(order: &NewOrder) -> Self {
        let mut hash = Sha256::new();
        hash.update(order.user_id().get().to_le_bytes());
        for line in order.lines() {
            hash.update(line.product_id.get().to_le_bytes());
            hash.update(line.quantity.get().to_le_bytes());
        }
        Self(hash.finalize().into())
    }

    /// Computes SHA-256 over the kind of a write and its parts, each with its length, so that no two contents are alike.
    pub fn of_parts(kind: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in [kind.as_bytes()].iter().chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The digest, as it is stored.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ProductId, UserId};

    #[test]
    fn a_quoted_key_is_the_bare_key() {
        assert_eq!(IdempotencyKey::parse(b"\"abc-1\""), IdempotencyKey::parse(b"abc-1"));
    }

    #[test]
    fn refuses_what_cannot_be_stored_or_compared() {
        let long = vec![b'a'; MAX_KEY_LENGTH + 1];
        for value in [&b""[..], b"\"\"", b"a b", b"a\"b", "é".as_bytes(), b"\xff", &long] {
            assert_eq!(IdempotencyKey::parse(value), Err(InvalidIdempotencyKey), "{value:?}");
        }
    }

    #[test]
    fn the_longest_key_is_accepted_and_kept_as_it_is() {
        let key = "k".repeat(MAX_KEY_LENGTH);
        assert_eq!(IdempotencyKey::parse(key.as_bytes()).unwrap().as_str(), key);
    }

    #[test]
    fn keys_of_clients_are_their_own_and_no_client_can_send_one_of_another() {
        let key = IdempotencyKey::parse(&[b'k'; MAX_KEY_LENGTH]).unwrap();
        let (ada, eve) = (key.of_client("ada"), key.of_client("eve"));
        assert_ne!(ada, eve);
        assert_eq!(ada, key.of_client("ada"));
        for stored in [&ada, &key.of_client(&"n".repeat(64)), &IdempotencyKey::unnamed(u128::MAX)] {
            assert!(stored.as_str().len() <= MAX_KEY_LENGTH, "{stored:?}");
            assert_ne!(IdempotencyKey::parse(stored.as_str().as_bytes()).as_ref(), Ok(stored));
        }
    }

    #[test]
    fn the_parts_of_a_content_are_kept_apart() {
        let one = Fingerprint::of_parts("user", &[b"ab", b"c"]);
        assert_eq!(one, Fingerprint::of_parts("user", &[b"ab", b"c"]));
        for (kind, parts) in [("user", [&b"a"[..], b"bc"]), ("product", [b"ab", b"c"]), ("user", [b"ab", b"d"])] {
            assert_ne!(one, Fingerprint::of_parts(kind, &parts), "{kind} {parts:?}");
        }
    }

    #[test]
    fn a_fingerprint_is_the_content_and_not_how_it_is_written() {
        let order = |user, items: &[(u64, u64)]| {
            let items: Vec<_> = items.iter().map(|&(id, pieces)| (ProductId::new(id), pieces)).collect();
            Fingerprint::of(&NewOrder::new(UserId::new(user), &items).unwrap())
        };
        let one = order(1, &[(1, 2), (2, 1)]);
        assert_eq!(one, order(1, &[(2, 1), (1, 1), (1, 1)]));
        assert_eq!(one.as_bytes(), &one.0);
        for other in [order(2, &[(1, 2), (2, 1)]), order(1, &[(1, 2)]), order(1, &[(1, 1), (2, 2)])] {
            assert_ne!(one, other);
        }
    }
}
