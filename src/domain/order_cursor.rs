//! The place in a list of orders, newest first, from which the next page goes on.
//!
//! Numbers of orders come from blocks and are not in the order of time, so a place is the instant of an order and, among
//! orders of one instant, its number. Clients get it as text that they are not meant to read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::OrderId;

/// The latest instant that the database can store: the last microsecond of the year 9999.
const LATEST_US: u64 = 253_402_300_799_999_999;

/// The place of an order in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderCursor {
    created_us: u64,
    id: OrderId,
}

impl OrderCursor {
    /// The place of an order, by its instant as RFC 3339; `None` if that is none.
    pub fn of(created_at: &str, id: OrderId) -> Option<Self> {
        let since = humantime::parse_rfc3339(created_at).ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self { created_us: u64::try_from(since.as_micros()).ok()?, id })
    }

    /// Reads what [`OrderCursor::encode`] has written; `None` if it is anything else.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (instant, id) = bytes.split_first_chunk()?;
        let [created_us, id] = [*instant, id.try_into().ok()?].map(u64::from_be_bytes);
        (created_us <= LATEST_US).then_some(Self { created_us, id: OrderId::new(id) })
    }

    /// Text for a query parameter.
    pub fn encode(&self) -> String {
        let bytes = [self.created_us.to_be_bytes(), self.id.get().to_be_bytes()].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Number of the order.
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// The instant, as SQL writes it.
    pub fn instant_in_sql(&self) -> String {
        let instant: SystemTime = UNIX_EPOCH + Duration::from_micros(self.created_us);
        humantime::format_rfc3339_micros(instant).to_string().replace('T', " ").replace('Z', "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (created_at, id) in [
            ("2026-11-28T11:43:00.123456Z", 7),
            ("1970-01-01T00:00:00.000000Z", 0),
            ("9999-12-31T23:59:59.999999Z", u64::MAX),
        ] {
            let cursor = OrderCursor::of(created_at, OrderId::new(id)).unwrap();
            assert_eq!(OrderCursor::decode(&cursor.encode()), Some(cursor), "{created_at}");
            assert_eq!(cursor.encode().len(), 22);
            let in_sql = created_at.replace('T', " ").replace('Z', "");
            assert_eq!((cursor.instant_in_sql(), cursor.id().get()), (in_sql, id));
        }
    }

    #[test]
    fn what_was_not_written_here_is_refused() {
        let far = URL_SAFE_NO_PAD.encode([0xff; 16]);
        for text in
            ["", "x", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAAA==", "'; --", &far]
        {
            assert_eq!(OrderCursor::decode(text), None, "{text}");
        }
        assert_eq!(OrderCursor::of("yesterday", OrderId::new(1)), None);
        assert_eq!(OrderCursor::of("1969-12-31T23:59:59.999999Z", OrderId::new(1)), None);
    }
}
