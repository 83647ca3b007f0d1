//! Colors of a chart that follow the reader's light or dark preference.
//!
//! The charting library supports fixed colors only. So a [`Color`] is drawn as a stand-in color, which is afterwards
//! replaced by a CSS variable with the color of the light page as its fallback. The chart can then be read even where a
//! policy forbids style sheets.

use plotters::style::RGBColor;

/// A color of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Labels and axes.
    Text,
    /// The lines behind the data.
    Grid,
    /// The color of a series by its index; after [`Color::SERIES`] the colors repeat.
    Series(u8),
    /// The color of failures and other bad values.
    Bad,
}

/// Colors of the light page, in the order of [`all`].
const FALLBACK: [&str; 11] = [
    "#3d4450", "#dfe3ea", "#c8102e", "#1b66c9", "#b35c00", "#0f7b52", "#7a3fb8", "#0b7f8c", "#8c6d1f", "#b0327a",
    "#56606f",
];

/// How the line of a series is broken, in pixels drawn and left out, so that lines differ without their colors as well. The
/// first is whole.
const DASHES: [&str; 8] = ["", "7 3", "2 2", "9 3 2 3", "13 4", "5 2 1 2 1 2", "1 3", "3 5"];

/// How the line of failures is broken.
const BAD_DASHES: &str = "5 2";

fn all() -> impl Iterator<Item = Color> {
    [Color::Text, Color::Grid, Color::Bad].into_iter().chain((0..Color::SERIES).map(Color::Series))
}

impl Color {
    /// The number of series with a color of their own.
    pub const SERIES: u8 = 8;

    /// The fixed color that is drawn and replaced afterwards.
    pub(super) fn stand_in(self) -> RGBColor {
        RGBColor(1, 2, self.number())
    }

    /// The value for an attribute of the page.
    pub(super) fn value(self) -> String {
        format!("var(--color-{}, {})", self.number(), FALLBACK[usize::from(self.number())])
    }

    /// How a line of this color is broken, as an attribute with a space before it; empty for a whole line.
    pub(super) fn dashes(self) -> String {
        let dashes = match self {
            Self::Text | Self::Grid => "",
            Self::Bad => BAD_DASHES,
            Self::Series(place) => DASHES[usize::from(place % Self::SERIES)],
        };
        if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") }
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

/// Replaces the stand-ins in a drawing by the colors, and breaks the lines as those of their color are.
pub(super) fn replace(drawing: &str) -> String {
    all().fold(drawing.to_owned(), |drawing, color| {
        let RGBColor(red, green, blue) = color.stand_in();
        let (stand_in, value) = (format!("\"#{red:02X}{green:02X}{blue:02X}\""), format!("\"{}\"", color.value()));
        let lines = drawing.replace(&format!("stroke={stand_in}"), &format!("stroke={value}{}", color.dashes()));
        lines.replace(&stand_in, &value)
    })
}

/// Replaces the colors of the page by those of the light page, for a drawing that stands alone.
pub(super) fn fixed(drawing: &str) -> String {
    all().fold(drawing.to_owned(), |drawing, color| {
        drawing.replace(&color.value(), FALLBACK[usize::from(color.number())])
    })
}
