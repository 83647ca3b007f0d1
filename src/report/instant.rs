//! Parses times as users type them: `2026-11-24T12:00:00Z`, `14:05` (today), `-10m` (before now).
//!
//! Times without an offset are UTC, like every time that is printed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::units;

/// A text that is not a time. Holds the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a time: write 2026-11-24T12:00:00Z, 2026-11-24T13:00:00+01:00, 12:00 or 12:00:30 (today, UTC), -10m \
     (before now) or now"
)]
pub struct InvalidInstant(String);

const DAY_S: u64 = 86_400;

/// Reads a time. `now` determines what today and `-10m` mean.
pub fn parse_instant(text: &str, now: SystemTime) -> Result<SystemTime, InvalidInstant> {
    let text = text.trim();
    let read = match text.strip_prefix('-') {
        Some(ago) => units::parse_duration(ago).ok().and_then(|ago| now.checked_sub(ago)),
        None if text == "now" => Some(now),
        None if text.len() <= "12:00:00".len() => time_of_day(text, now),
        None => with_offset(text),
    };
    read.filter(|instant| *instant >= UNIX_EPOCH).ok_or_else(|| InvalidInstant(text.to_owned()))
}

fn time_of_day(text: &str, now: SystemTime) -> Option<SystemTime> {
    let parts: Vec<u64> = text.split(':').map(two_digits).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let of_day = (hours < 24 && minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)?;
    let today = now.duration_since(UNIX_EPOCH).ok()?.as_secs() / DAY_S * DAY_S;
    Some(UNIX_EPOCH + Duration::from_secs(today + of_day))
}

/// Reads RFC 3339. The offset is parsed here, because the library only reads UTC.
fn with_offset(text: &str) -> Option<SystemTime> {
    let offset_at = text.len().checked_sub("+01:00".len())?;
    let sign = text.as_bytes().get(offset_at).copied().filter(|sign| matches!(sign, b'+' | b'-'));
    // In a date without a time, a hyphen is at this place too.
    let Some(sign) = sign.filter(|_| text.contains(['T', 't', ' ']) && text.is_char_boundary(offset_at)) else {
        return units::parse_timestamp(text).ok();
    };
    let (local, offset) = (format!("{}Z", &text[..offset_at]), &text[offset_at + 1..]);
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let offset = (hours < 24 && minutes < 60).then(|| Duration::from_secs(hours * 3600 + minutes * 60))?;
    let local = units::parse_timestamp(&local).ok()?;
    if sign == b'+' { local.checked_sub(offset) } else { local.checked_add(offset) }
}

fn two_digits(text: &str) -> Option<u64> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reads(text: &str, expected: &str) {
        let now = units::parse_timestamp("2026-11-25T21:30:15.250Z").unwrap();
        let read = parse_instant(text, now).map(units::timestamp);
        assert_eq!(read.as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn instants_are_read_as_people_write_them() {
        assert_reads("2026-11-24T12:00:00Z", "2026-11-24T12:00:00.000Z");
        assert_reads("2026-11-24T12:00:00.250Z", "2026-11-24T12:00:00.250Z");
        assert_reads("2026-11-24T13:30:00+01:30", "2026-11-24T12:00:00.000Z");
        assert_reads("2026-11-24T23:00:00-05:00", "2026-11-25T04:00:00.000Z");
        assert_reads("14:05", "2026-11-25T14:05:00.000Z");
        assert_reads(" 00:00:59 ", "2026-11-25T00:00:59.000Z");
        assert_reads("-10m", "2026-11-25T21:20:15.250Z");
        assert_reads("-90", "2026-11-25T21:28:45.250Z");
        assert_reads("now", "2026-11-25T21:30:15.250Z");
    }

    #[test]
    fn anything_else_is_told_how_to_be_written() {
        let now = SystemTime::now();
        for text in [
            "",
            "noon",
            "25:00",
            "12:60",
            "1:30",
            "12",
            "-",
            "-soon",
            "2026-11-24",
            "2026-11-24T12:00:00+1:00",
            "é12:00+01:00",
        ] {
            let error = parse_instant(text, now).unwrap_err();
            assert!(error.to_string().starts_with(&format!("{text:?} is not a time: write")), "{error}");
        }
        assert!(parse_instant("-900000h", now).is_err());
    }
}
