//! One chart as inline SVG, drawn by plotters: lines over an axis, or bars over names.

use plotters::prelude::*;

use super::bars::{self, Bars};
use super::ink::{self, Ink};
use super::lines::{self, Axis, Series};
use crate::units::{self, escaped};

/// Pixels of a drawing; the page scales it. Small enough that its letters can be read on a telephone.
pub(super) const SIZE: (u32, u32) = (520, 230);

/// The size of letters in it.
pub(super) const LETTERS: u32 = 14;

/// Pixels left of the data, for the labels of the y axis.
pub(super) const LEFT: u32 = 54;

/// Pixels right of the data.
pub(super) const RIGHT: u32 = 16;

/// Where a drawing goes.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// What can go wrong with it.
pub(super) type Drawn<'a> = Result<(), Box<dyn std::error::Error + 'a>>;

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    title: String,
    form: Form,
    /// How y values are spread.
    pub(super) scale: Scale,
    /// How a y is written.
    pub(super) format: fn(f64) -> String,
}

#[derive(Clone, Debug)]
enum Form {
    Lines(Axis, Vec<Series>),
    Bars(Vec<String>, Vec<Bars>),
}

/// How values are spread over the height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly, from zero.
    Linear,
    /// By their orders of magnitude.
    Logarithmic,
}

/// Values whose largest is more than so many times the smallest are spread by their orders of magnitude.
const WIDE: f64 = 30.0;

/// The smallest value above zero of a drawing, and its largest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    least: f64,
    most: f64,
}

impl Bounds {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        Self { least: if least.is_finite() { least } else { 1.0 }, most: values.fold(0.0, f64::max) }
    }
}

impl Scale {
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
        }
    }

    pub(super) fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Logarithmic => 10_f64.powf(place),
        }
    }

    /// The range of the axis with a margin above the largest value, and how many labels it has at most.
    pub(super) fn axis(self, bounds: Bounds, margin: f64) -> (f64, f64, usize) {
        let Bounds { least, most } = bounds;
        match self {
            Self::Linear => (0.0, if most > 0.0 { most * (1.0 + margin) } else { 1.0 }, 5),
            Self::Logarithmic => {
                let (low, high) = (least.log10().floor(), most.log10().ceil());
                (low, high.max(low + 1.0), (high - low).max(1.0) as usize + 1)
            }
        }
    }
}

impl Chart {
    /// Lines over an axis. The title says what is shown, and in which unit.
    pub fn lines(title: impl Into<String>, axis: Axis, series: Vec<Series>) -> Self {
        Self::of(title.into(), Form::Lines(axis, series))
    }

    /// Bars over names: each group has a bar for each name.
    pub fn bars(title: impl Into<String>, names: Vec<String>, groups: Vec<Bars>) -> Self {
        Self::of(title.into(), Form::Bars(names, groups))
    }

    fn of(title: String, form: Form) -> Self {
        Self { title, form, scale: Scale::Linear, format: units::significant_short }
    }

    /// The same on the scale on which its values can be told apart.
    #[must_use]
    pub fn on_fitting_scale(self) -> Self {
        let Bounds { least, most } = self.bounds();
        let scale = if most / least > WIDE { Scale::Logarithmic } else { Scale::Linear };
        Self { scale, ..self }
    }

    /// The same with values written in another way than with three digits.
    #[must_use]
    pub fn written_as(self, format: fn(f64) -> String) -> Self {
        Self { format, ..self }
    }

    /// The range of all values.
    pub(super) fn bounds(&self) -> Bounds {
        match &self.form {
            Form::Lines(_, series) => {
                Bounds::of(series.iter().flat_map(|line| line.points.iter().filter_map(|(_, value)| *value)))
            }
            Form::Bars(_, groups) => Bounds::of(groups.iter().flat_map(|group| group.values.iter().filter_map(|v| *v))),
        }
    }

    /// The drawing with its title and, where there is more than the title says, its legend.
    pub(super) fn figure(&self) -> String {
        let legend = match self.inks() {
            named if named.len() > 1 => format!("<p class=\"legend\">{}</p>\n", named.map(swatch).collect::<String>()),
            _ => String::new(),
        };
        // A chart that cannot be drawn must not cost the page.
        let drawing = self.draw().unwrap_or_else(|error| format!("<p class=\"bad\">{}</p>", escaped(&error)));
        format!("<figure>\n<figcaption>{}</figcaption>\n{legend}{drawing}\n</figure>\n", escaped(&self.title))
    }

    fn inks(&self) -> impl ExactSizeIterator<Item = (&str, Ink)> {
        let inks: Vec<_> = match &self.form {
            Form::Lines(_, series) => series.iter().map(|line| (line.name.as_str(), line.ink)).collect(),
            Form::Bars(_, groups) => groups.iter().map(|group| (group.name.as_str(), group.ink)).collect(),
        };
        inks.into_iter()
    }

    /// The drawing, without its title and legend.
    pub(super) fn draw(&self) -> Result<String, String> {
        let mut text = String::new();
        self.draw_into(&mut text).map_err(|error| format!("the chart {:?} cannot be drawn: {error}", self.title))?;
        let inked = ink::replace(&text);
        // Inside of a page the name space is known, and the size is the page's to say.
        let drawing = inked.find("viewBox").map_or("", |start| &inked[start..]);
        let drawing = drawing.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        Ok(format!("<svg role=\"img\" aria-label=\"{}\" {drawing}", escaped(&self.title)))
    }

    fn draw_into<'a>(&self, text: &'a mut String) -> Drawn<'a> {
        let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
        match &self.form {
            Form::Lines(axis, series) => lines::draw(self, axis, series, &area)?,
            Form::Bars(names, groups) => bars::draw(self, names, groups, &area)?,
        }
        area.present()?;
        Ok(())
    }
}

fn swatch((name, ink): (&str, Ink)) -> String {
    // A swatch is drawn, not styled: the colour is the line's own.
    let square = format!("<rect width=\"10\" height=\"10\" fill=\"{}\"/>", ink.value());
    format!("<span><svg class=\"swatch\" viewBox=\"0 0 10 10\">{square}</svg>{}</span>\n", escaped(name))
}
