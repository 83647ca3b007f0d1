//! Numbers of pieces, as clients write them.
//!
//! A quantity is a whole number however it is written: `2`, `2.0` and `2e0` are the same one. As a float
//! `0.9999999999999999999` would be 1, and it is not. So what is written with a fraction or an exponent, which hardly
//! anybody does, is read a second time, from its text.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON number where a whole number from 0 is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// It is one.
    Whole(u64),
    /// It is negative.
    Negative,
    /// It has a fraction or an exponent, or more digits than 64 bits hold: only its text tells.
    Decimal,
}

impl Count {
    /// The number, when it is whole and written as such.
    pub(super) fn whole(self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(number),
            Self::Negative | Self::Decimal => None,
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Numbers)
    }
}

struct Numbers;

impl Visitor<'_> for Numbers {
    type Value = Count;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Count, E> {
        Ok(Count::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Count, E> {
        Ok(u64::try_from(number).map_or(Count::Negative, Count::Whole))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Count, E> {
        Ok(Count::Decimal)
    }
}

/// The text of a quantity.
#[derive(Deserialize)]
pub(super) struct QuantityText {
    quantity: Box<RawValue>,
}

impl QuantityText {
    pub(super) fn whole(&self) -> Option<u64> {
        whole(self.quantity.get())
    }
}

/// The text of a change.
#[derive(Deserialize)]
pub(super) struct ChangeText {
    change: Box<RawValue>,
}

impl ChangeText {
    pub(super) fn whole(&self) -> Option<i64> {
        signed(self.change.get())
    }
}

/// The whole number that a JSON number is, exactly; nothing when it is none or does not fit.
fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(rest) => i64::try_from(whole(rest)?).ok().map(|number| -number),
        None => i64::try_from(whole(text)?).ok(),
    }
}

/// The whole number from 0 that a JSON number is, exactly; nothing when it is none.
fn whole(text: &str) -> Option<u64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{integer}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    // An exponent that is too long for 64 bits is too large, or leaves a fraction.
    let exponent: i64 = exponent.parse().ok()?;
    let dropped = (digits.len() - significant.len()) as i64;
    let zeros = exponent.checked_sub(fraction.len() as i64)?.checked_add(dropped)?;
    let power = 10_u64.checked_pow(u32::try_from(zeros).ok()?)?;
    let number = significant.parse::<u64>().ok()?.checked_mul(power)?;
    (!negative).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_however_they_are_written() {
        for (text, number) in [
            ("0", 0),
            ("2", 2),
            ("2.0", 2),
            ("2e0", 2),
            ("2.50e1", 25),
            ("1e3", 1_000),
            ("120e-1", 12),
            ("-0", 0),
            ("0.0e99", 0),
        ] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
        let most = u64::MAX.to_string();
        assert_eq!(whole(&most), Some(u64::MAX));
    }

    #[test]
    fn changes_have_a_sign() {
        for (text, change) in [("-5", Some(-5)), ("5.0", Some(5)), ("-2e2", Some(-200)), ("-0", Some(0))] {
            assert_eq!(signed(text), change, "{text}");
        }
        for text in ["-0.5", "--5", "1e30", "-9223372036854775808"] {
            assert_eq!(signed(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_rounded() {
        for text in [
            "0.9999999999999999999",
            "1.0000000000000000001",
            "1.5",
            "1e-1",
            "-1",
            "-1.0",
            "1e400",
            "1e99999999999999999999",
            "18446744073709551616",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for (text, count) in
            [("7", Count::Whole(7)), ("-7", Count::Negative), ("7.0", Count::Decimal), ("1e999", Count::Decimal)]
        {
            assert_eq!(serde_json::from_str::<Count>(text).ok(), (text != "1e999").then_some(count), "{text}");
        }
        assert!(serde_json::from_str::<Count>("\"7\"").unwrap_err().is_data());
    }
}
