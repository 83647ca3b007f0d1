//! Colors of a chart that follow the reader's light or dark preference.
//!
//! The charting library knows fixed colors only. A [`Color`] is drawn as a stand-in, and afterwards the stand-in is replaced by a
//! CSS variable, with the color of the light page as a fallback, so that a chart can be read even where a policy forbids
//! style sheets.

use plotters::style::RGBColor;

/// What something is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Labels and axes.
    Text,
    /// Lines behind the data.
    Grid,
    /// The first series, and the others in their order.
    Series(u8),
    /// What is bad.
    Bad,
}

/// Colors of the light page, in the order of [`all`].
const FALLBACK: [&str; 11] = [
    "#3d4450", "#dfe3ea", "#c8102e", "#1b66c9", "#b35c00", "#0f7b52", "#7a3fb8", "#0b7f8c", "#8c6d1f", "#b0327a",
    "#56606f",
];

fn all() -> impl Iterator<Item = Color> {
    [Color::Text, Color::Grid, Color::Bad].into_iter().chain((0..Color::SERIES).map(Color::Series))
}

impl Color {
    /// How many series have a color of their own.
    pub const SERIES: u8 = 8;

    /// The color that stands for it until the chart is done.
    pub(super) fn stand_in(self) -> RGBColor {
        RGBColor(1, 2, self.number())
    }

    /// Its value in an attribute of the page.
    pub(super) fn value(self) -> String {
        format!("var(--color-{}, {})", self.number(), FALLBACK[usize::from(self.number())])
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

/// Puts the colors where their stand-ins are.
pub(super) fn replace(drawing: &str) -> String {
    all().fold(drawing.to_owned(), |drawing, color| {
        let RGBColor(red, green, blue) = color.stand_in();
        drawing.replace(&format!("\"#{red:02X}{green:02X}{blue:02X}\""), &format!("\"{}\"", color.value()))
    })
}
