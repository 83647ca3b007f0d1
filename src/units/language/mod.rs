//! The languages in which results are shown, and how each of them writes numbers.
//!
//! A text stands where it is used, in English, inside [`say!`](crate::say) or [`text!`](crate::text), and is its own key
//! in the catalogue of every other language (`french/`). A test reads the texts out of the code and names each that a
//! catalogue lacks, that differs in its placeholders, or that nobody uses any more. Formats for programs (JSON, CSV,
//! Prometheus) are always in English; what people read of them is said again by [`Language::retold`].

mod french;
mod retold;

use std::fmt::{self, Display};
use std::str::FromStr;

/// A language of tables, sentences, pages and charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, in which the texts stand in the code.
    #[default]
    English,
    /// French.
    French,
}

/// Why a text is not the name of a language.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language: write en or fr")]
pub struct UnknownLanguage(String);

/// A text with values in place of its placeholders: `say!(language, "{share} of {count} failed", share = …, count)`.
///
/// The values are texts already, with numbers as the language writes them. A placeholder without a value, and a value
/// without a placeholder, are errors of the compiler.
#[macro_export]
macro_rules! say {
    (@value $name:ident) => { $name };
    (@value $name:ident $value:expr) => { $value };
    ($language:expr, $english:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::units::Language::filled(
            $language,
            {
                const _: fn() -> String = || format!($english $(, $name = "")*);
                $english
            },
            &[$((stringify!($name), &$crate::say!(@value $name $($value)?) as &dyn ::std::fmt::Display)),*],
        )
    };
}

/// A text without placeholders that is translated where it is shown, by [`Language::text`](crate::units::Language::text).
#[macro_export]
macro_rules! text {
    ($english:literal) => {
        $english
    };
}

/// The units that stand behind a number.
const UNITS: [&str; 13] = ["%", "pp", "µs", "ms", "s", "h", "B", "KiB", "MiB", "GiB", "TiB", "k", "M"];

/// The space between groups of digits and before units in French: narrow, and no line is broken there.
const NARROW_SPACE: &str = "\u{202f}";

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// The code of the language, as in BCP 47.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// All texts of its catalogue, each with its translation; none for English, which is the language of the code.
    pub fn catalogue(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let rooms = match self {
            Self::English => &[][..],
            Self::French => french::ROOMS,
        };
        rooms.iter().flat_map(|room| room.iter().copied())
    }

    /// The templates of sentences that are kept in English, each with its translation ([`retold`](Self::retold)).
    pub fn kept_texts(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let texts = match self {
            Self::English => &[][..],
            Self::French => french::KEPT,
        };
        texts.iter().copied()
    }

    /// A text in this language. One that is in no catalogue, such as the name that a user gave to something, stays as it is.
    pub fn text(self, english: &str) -> &str {
        self.catalogue().find(|(key, _)| *key == english).map_or(english, |(_, translation)| translation)
    }

    /// Names with something that belongs to each, such as the columns of a table, with the names in this language.
    pub fn names<T, const N: usize>(self, names: [(&'static str, T); N]) -> [(&'static str, T); N] {
        names.map(|(name, with)| (self.text(name), with))
    }

    /// A text in this language, with values in place of its placeholders. [`say!`](crate::say) is the way to call it.
    pub fn filled(self, english: &'static str, values: &[(&str, &dyn Display)]) -> String {
        let mut filled = String::new();
        let mut rest = self.text(english);
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            filled.push_str(before);
            filled.extend(values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string()));
            rest = after;
        }
        filled + rest
    }

    /// A colon, with the space before it that the language has there.
    pub fn colon(self) -> &'static str {
        match self {
            Self::English => ":",
            Self::French => "\u{a0}:",
        }
    }

    /// A number, written in English, as this language writes it. The text may contain a unit.
    pub fn number(self, english: &str) -> String {
        match self {
            Self::English => english.to_owned(),
            Self::French => {
                let written = english.chars().map(|letter| match letter {
                    ',' | ' ' => NARROW_SPACE.to_owned(),
                    '.' => ",".to_owned(),
                    other => other.to_string(),
                });
                written.collect()
            }
        }
    }

    /// A whole number with separated thousands.
    pub fn count(self, number: u64) -> String {
        self.number(&super::count(number))
    }

    /// A share as a percentage.
    pub fn percent(self, ratio: f64) -> String {
        self.number(&super::percent(ratio))
    }

    /// A number with three significant digits, but never fewer digits than its whole part has, and thousands separated.
    pub fn significant(self, value: f64) -> String {
        if value >= 999.5 {
            return self.count(value.round() as u64);
        }
        self.number(&super::significant(value))
    }

    /// A number with this many digits behind the decimal sign.
    pub fn decimals(self, value: f64, digits: usize) -> String {
        self.number(&super::decimals(value, digits))
    }

    /// A number of bytes in binary units.
    pub fn bytes(self, bytes: u64) -> String {
        let written = self.number(&super::bytes(bytes));
        match self {
            Self::English => written,
            // An octet is an octet.
            Self::French => written.replace('B', "o"),
        }
    }
}

/// Whether a text is a number as English writes it, with a sign and a unit or without.
pub(crate) fn is_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['<', '>', '+', '-', '×']);
    let unit = unsigned.trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ','));
    let has_digits = unsigned.starts_with(|letter: char| letter.is_ascii_digit());
    let unit = unit.trim_start_matches(' ');
    // An address of four numbers is none.
    has_digits && unsigned.matches('.').count() < 2 && (unit.is_empty() || UNITS.contains(&unit))
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|language| language.code() == text);
        known.ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}

impl Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        assert_eq!(Language::French.count(1_234_567), "1\u{202f}234\u{202f}567");
        let french = Language::French;
        assert_eq!(french.percent(0.123_456), "12,35\u{202f}%");
        assert_eq!([french.significant(3.5), french.decimals(-0.25, 2)], ["3,50", "-0,25"]);
        assert_eq!(french.bytes(1536), "1,50\u{202f}Kio");
        assert_eq!([Language::English.count(1_234), Language::English.bytes(1536)], ["1,234", "1.50 KiB"]);
    }

    #[test]
    fn a_number_is_told_from_a_text_with_numbers_in_it() {
        for number in ["7", "1,234", "<0.01 %", "-0.25 pp", "1.43 s", "+12.0 %", "512 MiB", "×12.5", "3.5k"] {
            assert!(is_number(number), "{number}");
        }
        for text in ["", "-", "7 of 8", "503 too many", "1,5\u{202f}s", "p95", "127.0.0.1", "127.0.0.1:5000", "2m 05s"]
        {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn a_text_is_filled_and_what_no_catalogue_has_stays() {
        let (share, requests) = ("5,00 %", 40);
        let values: [(&str, &dyn Display); 2] = [("share", &share), ("requests", &requests)];
        assert_eq!(Language::English.filled("{share} of {requests} failed.", &values), "5,00 % of 40 failed.");
        assert_eq!(Language::French.text("a name of somebody"), "a name of somebody");
    }

    #[test]
    fn languages_are_read_by_their_code() {
        assert_eq!(Language::ALL.map(|language| language.code().parse()), Language::ALL.map(Ok));
        assert_eq!("de".parse::<Language>().unwrap_err().to_string(), "\"de\" is not a language: write en or fr");
    }
}
