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

/// A client's name for one attempt to place an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// A header value that is not an idempotency key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an Idempotency-Key is 1 to 255 visible ASCII characters, bare or in double quotes")]
pub struct InvalidIdempotencyKey;

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

    /// The key without quotes, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The content of an order in 32 bytes. Two requests with the same key must have the same fingerprint.
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
