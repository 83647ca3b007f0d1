//! Colours of a chart that follow the reader's light or dark preference.
//!
//! The charting library knows fixed colours only. Each ink is drawn in a colour that stands for it, and afterwards that
//! colour is replaced by a CSS variable, with the ink of the light page as a fallback, so that a chart can be read even
//! where a policy forbids style sheets.

use plotters::style::RGBColor;

/// What something is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Labels and axes.
    Text,
    /// Lines behind the data.
    Grid,
    /// The first series, and the others in their order.
    Series(u8),
    /// What is bad.
    Bad,
}

/// Inks of the light page, in the order of [`all`].
const FALLBACK: [&str; 9] =
    ["#3d4450", "#dfe3ea", "#c8102e", "#1b66c9", "#b35c00", "#0f7b52", "#7a3fb8", "#0b7f8c", "#8c6d1f"];

fn all() -> impl Iterator<Item = Ink> {
    [Ink::Text, Ink::Grid, Ink::Bad].into_iter().chain((0..Ink::SERIES).map(Ink::Series))
}

impl Ink {
    /// How many series have an ink of their own.
    pub const SERIES: u8 = 6;

    /// The colour that stands for it until the chart is done.
    pub(super) fn stand_in(self) -> RGBColor {
        RGBColor(1, 2, self.number())
    }

    /// Its value in an attribute of the page.
    pub(super) fn value(self) -> String {
        format!("var(--ink-{}, {})", self.number(), FALLBACK[usize::from(self.number())])
    }

    fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Grid => 1,
            Self::Bad => 2,
            Self::Series(place) => 3 + place % Self::SERIES,
        }
    }
}

/// Puts the inks where their stand-ins are.
pub(super) fn replace(drawing: &str) -> String {
    all().fold(drawing.to_owned(), |drawing, ink| {
        let RGBColor(red, green, blue) = ink.stand_in();
        drawing.replace(&format!("\"#{red:02X}{green:02X}{blue:02X}\""), &format!("\"{}\"", ink.value()))
    })
}
