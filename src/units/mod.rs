//! Reads and writes numbers and texts for people: durations, comparisons, counts, ratios, bytes, markup, languages.

mod language;
mod nearest;
mod relation;
mod secret;
mod spark;
mod text;

use std::time::{Duration, SystemTime};

pub(crate) use language::is_number;
pub use language::{Language, UnknownLanguage};
pub(crate) use nearest::nearest;
pub use relation::Relation;
pub use secret::Secret;
pub use spark::sparkline;
pub use text::{escaped, printable};

/// Why a text is not a duration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration: write 30 (seconds), 500ms, 30s or 1h30m")]
pub struct InvalidDuration(String);

/// Reads a duration: a bare integer is in seconds; otherwise `500ms`, `30s`, `1h30m`.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(u64::from(seconds)));
    }
    humantime::parse_duration(text).map_err(|_| InvalidDuration(text.to_owned()))
}

/// Reads a time with its unit, such as `200ms` or `1.5s`, in milliseconds.
pub fn parse_milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let milliseconds = match unit.trim() {
        "us" | "µs" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "m" | "min" => 6e4,
        _ => return None,
    };
    let number = text[..text.len() - unit.len()].parse::<f64>().ok()?;
    number.is_finite().then_some(number * milliseconds)
}

/// Writes a duration in the unit that reads best, with three significant digits: `850 µs`, `12.3 ms`, `4.56 s`, `2m
/// 05s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 0.001 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{} ms", significant(s * 1e3)),
        s if s < 120.0 => format!("{} s", significant(s)),
        s => format!("{}m {:02}s", (s / 60.0) as u64, (s % 60.0) as u64),
    }
}

/// A duration in milliseconds, with fractions.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A count per second; 0 if the time is zero.
pub fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

/// A part as a share of the whole, from 0 to 1; 0 if the whole is 0.
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Writes a number with three significant digits, but never fewer digits than its whole part has.
pub fn significant(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => decimals(value, 0),
        v if v >= 10.0 => decimals(value, 1),
        _ => decimals(value, 2),
    }
}

/// Writes a number with this many digits behind the point; zero has no sign, as the sum of nothing has in floating point.
pub fn decimals(value: f64, digits: usize) -> String {
    let written = format!("{value:.digits$}");
    match written.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| matches!(byte, b'0' | b'.')) => zero.to_owned(),
        _ => written,
    }
}

/// Writes a number for the label of an axis: three significant digits without trailing zeros, thousands as `k`: `0`,
/// `0.5`, `25`, `1.2k`.
pub fn significant_short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        v if v >= 999_500.0 => (value / 1e6, "M"),
        v if v >= 999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        v if v >= 99.95 => decimals(value, 0),
        v if v >= 9.995 => decimals(value, 1),
        v if v >= 0.0995 || v <= 0.0 => decimals(value, 2),
        _ => decimals(value, 3),
    };
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{digits}{unit}")
}

/// Writes a whole number with separated thousands: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a share as a percentage. A share above zero never shows as zero, one below all never as all.
pub fn percent(ratio: f64) -> String {
    match ratio * 100.0 {
        p if p > 0.0 && p < 0.01 => "<0.01 %".to_owned(),
        p if p < 100.0 && p > 99.99 => ">99.99 %".to_owned(),
        p => format!("{} %", decimals(p, 2)),
    }
}

/// Writes a number of bytes in binary units: `12.3 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{} {}", significant(value), UNITS[unit]) }
}

/// Writes an instant as RFC 3339 in UTC with milliseconds.
pub fn timestamp(instant: SystemTime) -> String {
    humantime::format_rfc3339_millis(instant).to_string()
}

/// Why a text is not a share of a whole.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShare {
    /// It is more than the whole. A number without a sign is not read as a percentage, although half of the people who
    /// write one mean it.
    #[error("{0:?} is more than 100 %: write 5% or 0.05")]
    MoreThanAll(String),
    /// It is not a number, or it is negative.
    #[error("{0:?} is not a share: write 5% or 0.05")]
    Malformed(String),
}

/// Reads a share of a whole, from 0 to 1: `1%` or `0.01`.
pub fn parse_share(text: &str) -> Result<f64, InvalidShare> {
    let text = text.trim();
    let (digits, whole) = text.strip_suffix('%').map_or((text, 1.0), |percent| (percent.trim_end(), 100.0));
    match digits.parse::<f64>() {
        Ok(number) if number > whole => Err(InvalidShare::MoreThanAll(text.to_owned())),
        Ok(number) if number >= 0.0 => Ok(number / whole),
        _ => Err(InvalidShare::Malformed(text.to_owned())),
    }
}

/// Why a text is not an instant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an instant: write it like 2026-11-24T12:00:00Z")]
pub struct InvalidTimestamp(String);

/// Reads an instant in RFC 3339, in UTC.
pub fn parse_timestamp(text: &str) -> Result<SystemTime, InvalidTimestamp> {
    humantime::parse_rfc3339(text.trim()).map_err(|_| InvalidTimestamp(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let read = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(read("90"), Ok(90_000));
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("1h30m"), Ok(5_400_000));
        assert_eq!(read("2m 5s"), Ok(125_000));
        for text in ["", "-1", "1.5", "fast", "10 parsecs"] {
            assert_eq!(parse_duration(text), Err(InvalidDuration(text.to_owned())));
        }
    }

    #[test]
    fn zero_has_no_sign() {
        let nothing: f64 = [0.0_f64; 0].iter().sum();
        for value in [nothing, -0.0, -0.000_1] {
            let written = [significant(value), significant_short(value), percent(value / 100.0), decimals(value, 1)];
            assert_eq!(written, ["0.00", "0", "0.00 %", "0.0"], "{value}");
        }
        assert_eq!([significant(-0.5), decimals(-10.0, 0)], ["-0.50", "-10"]);
    }

    #[test]
    fn times_with_a_unit_are_read_in_milliseconds() {
        for (text, value) in [("200ms", 200.0), ("1.5 s", 1_500.0), (" 10us ", 0.01), ("2min", 120_000.0)] {
            assert!((parse_milliseconds(text).unwrap() - value).abs() < 1e-9, "{text}");
        }
        for text in ["", "5", "ms", "-1ms", "1h", "1e3ms", "1..2s"] {
            assert_eq!(parse_milliseconds(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_written_in_the_unit_that_reads_best() {
        let written = |micros| duration(Duration::from_micros(micros));
        let all = [0, 850, 1_500, 12_345, 250_000, 4_560_000, 60_000_000, 125_000_000].map(written);
        assert_eq!(all, ["0 µs", "850 µs", "1.50 ms", "12.3 ms", "250 ms", "4.56 s", "60.0 s", "2m 05s"]);
    }

    #[test]
    fn labels_of_an_axis_are_short() {
        let all = [0.0, 0.05, 0.5, 3.0, 25.0, 100.0, 999.7, 1_250.0, 20_000.0, 3e6].map(significant_short);
        assert_eq!(all, ["0", "0.05", "0.5", "3", "25", "100", "1k", "1.25k", "20k", "3M"]);
    }

    #[test]
    fn counts_have_separated_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_share_above_zero_never_shows_as_zero() {
        assert_eq!(
            [0.0, 0.000_01, 0.123_456, 0.999_999, 1.0].map(percent),
            ["0.00 %", "<0.01 %", "12.35 %", ">99.99 %", "100.00 %"]
        );
    }

    #[test]
    fn shares_are_read_as_people_write_them_and_are_at_most_the_whole() {
        for (text, share) in [("1%", 0.01), (" 0.5 ", 0.5), ("100 %", 1.0), ("1", 1.0), ("0", 0.0), ("0%", 0.0)] {
            assert_eq!(parse_share(text), Ok(share), "{text}");
        }
        for text in ["5", "1.01", "150%", "inf"] {
            assert_eq!(parse_share(text), Err(InvalidShare::MoreThanAll(text.to_owned())));
        }
        for text in ["", "%", "-1%", "-0.1", "few", "NaN"] {
            assert_eq!(parse_share(text), Err(InvalidShare::Malformed(text.to_owned())));
        }
        assert_eq!(parse_share("5").unwrap_err().to_string(), "\"5\" is more than 100 %: write 5% or 0.05");
    }

    #[test]
    fn bytes_are_written_in_binary_units() {
        assert_eq!([0, 1023, 1536, 20 << 20].map(bytes), ["0 B", "1023 B", "1.50 KiB", "20.0 MiB"]);
    }

    #[test]
    fn instants_are_read_back() {
        let instant = parse_timestamp("2026-11-24T12:00:00.250Z").unwrap();
        assert_eq!(timestamp(instant), "2026-11-24T12:00:00.250Z");
        assert!(parse_timestamp("yesterday").is_err());
    }
}
