//! The pause of a user between an answer and the next request.

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use crate::units;

/// A pause drawn evenly from a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThinkTime {
    /// The shortest pause.
    pub least: Duration,
    /// The longest pause; equal to the shortest for a fixed one.
    pub most: Duration,
}

impl Default for ThinkTime {
    /// One to two seconds: a person who looks at a page before the next click.
    fn default() -> Self {
        Self { least: Duration::from_secs(1), most: Duration::from_secs(2) }
    }
}

impl ThinkTime {
    /// No pause: the next request follows the answer at once.
    pub const NONE: Self = Self { least: Duration::ZERO, most: Duration::ZERO };

    /// A pause, drawn evenly.
    pub(in crate::loadtest) fn draw(self, random: &mut Pcg64Mcg) -> Duration {
        let Self { least, most } = self;
        if least >= most { least } else { random.random_range(least..=most) }
    }

    /// Reads a range like `1s..2s` or a single duration.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let read = |text| units::parse_duration(text).map_err(|error| error.to_string());
        let (least, most) = (read(least)?, read(most)?);
        if least > most {
            return Err("the range must go from the shorter to the longer duration, e.g. 1s..2s".to_owned());
        }
        Ok(Self { least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn think_times_are_read_as_people_write_them() {
        let range = |least, most| ThinkTime { least: Duration::from_millis(least), most: Duration::from_millis(most) };
        assert_eq!(ThinkTime::parse("1s..2s"), Ok(range(1_000, 2_000)));
        assert_eq!(ThinkTime::parse("500ms"), Ok(range(500, 500)));
        assert_eq!(ThinkTime::parse("0"), Ok(range(0, 0)));
        assert!(ThinkTime::parse("2s..1s").is_err() && ThinkTime::parse("fast").is_err());
    }
}
