//! Numbers that are compared exactly.

use std::cmp::Ordering;
use std::fmt;

/// A number of a scenario or of an answer. 1, 1.0 and 1e0 are the same number.
///
/// Integers of up to 64 bits are exact. Any other number is the nearest double, as in most services: 0.1 in an answer
/// is 0.1 in a scenario, and integers beyond 64 bits are equal if they are the same double.
#[derive(Clone, Copy, Debug)]
pub(in crate::loadtest::scenario) enum Number {
    Whole(i128),
    /// A number with a fraction, or beyond 127 bits. It is finite.
    Real(f64),
}

/// The first whole number beyond those of 127 bits.
const BEYOND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

impl Number {
    /// None if it is infinite or not a number.
    pub(super) fn of(value: f64) -> Option<Self> {
        let is_whole = value.fract() == 0.0 && value.abs() < BEYOND;
        value.is_finite().then_some(if is_whole { Self::Whole(value as i128) } else { Self::Real(value) })
    }

    pub(super) fn of_json(number: &serde_json::Number) -> Option<Self> {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map(Self::Whole).or_else(|| Self::of(number.as_f64()?))
    }

    /// Reads the number that a text is, such as the value of a header.
    pub(in crate::loadtest::scenario) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        text.parse().ok().map(Self::Whole).or_else(|| Self::of(text.parse().ok()?))
    }

    pub(super) fn is_whole(self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Real(value) => value.fract() == 0.0,
        }
    }

    pub(in crate::loadtest::scenario) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            (Self::Whole(whole), Self::Real(real)) => of_whole_to_real(whole, real),
            (Self::Real(real), Self::Whole(whole)) => of_whole_to_real(whole, real).reverse(),
            (Self::Real(one), Self::Real(other)) => one.total_cmp(&other),
        }
    }
}

/// Compares without rounding the whole number.
fn of_whole_to_real(whole: i128, real: f64) -> Ordering {
    if real.abs() >= BEYOND {
        return if real > 0.0 { Ordering::Less } else { Ordering::Greater };
    }
    let toward_zero = real.trunc() as i128;
    whole.cmp(&toward_zero).then_with(|| if real.fract() > 0.0 { Ordering::Less } else { Ordering::Greater })
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(formatter),
            Self::Real(real) => real.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Number {
        Number::of_json(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn integers_are_compared_exactly_and_other_numbers_as_doubles() {
        for (one, other, order) in [
            ("9223372036854775807", "9223372036854775806", Ordering::Greater),
            ("9223372036854775807", "9223372036854775808", Ordering::Less),
            ("9223372036854775807", "9223372036854775807.0", Ordering::Less),
            ("18446744073709551615", "18446744073709551614", Ordering::Greater),
            ("18446744073709551615", "18446744073709551616", Ordering::Less),
            ("123456789012345678901", "123456789012345678902", Ordering::Equal),
            ("-9223372036854775808", "-9223372036854775807", Ordering::Less),
            ("1", "1.0", Ordering::Equal),
            ("1", "1e0", Ordering::Equal),
            ("0", "-0.0", Ordering::Equal),
            ("1", "1.5", Ordering::Less),
            ("-1", "-1.5", Ordering::Greater),
            ("0", "0.5", Ordering::Less),
            ("0", "-0.5", Ordering::Greater),
            ("0.1", "0.10", Ordering::Equal),
            ("0.3", "0.30000000000000004", Ordering::Less),
            ("1", "1e300", Ordering::Less),
            ("1e300", "-1e300", Ordering::Greater),
        ] {
            assert_eq!(json(one).order(json(other)), order, "{one} {other}");
            assert_eq!(json(other).order(json(one)), order.reverse(), "{other} {one}");
        }
        assert!(Number::of(f64::NAN).is_none() && Number::of(f64::INFINITY).is_none());
        assert!(Number::of_text("inf").is_none() && Number::of_text("abc").is_none());
        assert_eq!(Number::of_text(" 17 ").unwrap().order(json("17")), Ordering::Equal);
    }
}
