//! Money: integer cents in the program, a JSON number with two decimals on the wire.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

/// An amount of money in whole cents; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cents(u64);

/// The reason why a text is not an amount of money.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// The text has a sign, an exponent, or characters that are not part of a plain decimal number.
    #[error("an amount is a plain decimal number such as 12.50")]
    NotANumber,
    /// It has a third decimal that is not zero and would be lost.
    #[error("an amount has at most two decimals")]
    TooPrecise,
    /// The amount in cents does not fit into 64 bits.
    #[error("the amount is too large")]
    TooLarge,
}

impl Cents {
    /// Takes whole cents.
    pub const fn new(cents: u64) -> Self {
        Self(cents)
    }

    /// Returns whole cents.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The amount times a count; `None` if the result does not fit into 64 bits.
    pub fn checked_mul(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }

    /// The sum of two amounts; `None` if the result does not fit into 64 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Reads a decimal number such as `12`, `12.5` or `12.50`. It is exact, because no float is involved.
    pub fn parse(text: &str) -> Result<Self, InvalidAmount> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(InvalidAmount::NotANumber);
        }
        let (cents, rest) = fraction.split_at(fraction.len().min(2));
        if rest.bytes().any(|byte| byte != b'0') {
            return Err(InvalidAmount::TooPrecise);
        }
        let scale = if cents.len() == 1 { 10 } else { 1 };
        let cents = cents.parse::<u64>().map_err(|_| InvalidAmount::NotANumber)? * scale;
        let whole = whole.parse::<u64>().map_err(|_| InvalidAmount::TooLarge)?;
        let total = whole.checked_mul(100).and_then(|whole| whole.checked_add(cents));
        total.map(Self).ok_or(InvalidAmount::TooLarge)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), Add::add)
    }
}

impl Serialize for Cents {
    /// Writes a JSON number with exactly two decimals. Works with serde_json only.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(|error| de::Error::custom(format!("{error}, not {}", raw.get())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_plain_decimals_exactly() {
        for (text, cents) in [("0", 0), ("12", 1200), ("12.5", 1250), ("12.50", 1250), ("0.29", 29), ("7.100", 710)] {
            assert_eq!(Cents::parse(text), Ok(Cents::new(cents)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_an_amount_and_says_why() {
        for text in ["", "-1", "+1", "1e3", "1.", ".5", "abc", "\"5\"", "null", "1.2.3"] {
            assert_eq!(Cents::parse(text), Err(InvalidAmount::NotANumber), "{text}");
        }
        assert_eq!(Cents::parse("1.005"), Err(InvalidAmount::TooPrecise));
        assert_eq!(Cents::parse("999999999999999999999"), Err(InvalidAmount::TooLarge));
        assert_eq!(Cents::parse("184467440737095516.16"), Err(InvalidAmount::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cents in any::<u64>()) {
            let json = serde_json::to_string(&Cents::new(cents)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Cents>(&json).unwrap(), Cents::new(cents));
        }
    }

    #[test]
    fn sums_and_products_are_exact_or_none() {
        let most = Cents::new(u64::MAX);
        assert_eq!(Cents::new(250).checked_mul(3), Some(Cents::new(750)));
        assert_eq!(most.checked_mul(2), None);
        assert_eq!(Cents::new(250).checked_add(Cents::new(7)), Some(Cents::new(257)));
        assert_eq!(most.checked_add(Cents::new(1)), None);
        assert_eq!(Cents::new(1) + Cents::new(2), Cents::new(3));
        assert_eq!([5, 7].map(Cents::new).into_iter().sum::<Cents>(), Cents::new(12));
        assert_eq!([Cents::new(5), Cents::new(1_230)].map(|cents| cents.to_string()), ["0.05", "12.30"]);
        assert_eq!(Cents::parse("184467440737095516.15"), Ok(most));
    }
}
