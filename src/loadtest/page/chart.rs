//! One chart as inline SVG, drawn by plotters.

use plotters::prelude::*;

use super::ink::{self, Ink};
use crate::table::escaped;

/// Pixels of a drawing; the page scales it. Small enough that its letters can be read on a telephone.
const SIZE: (u32, u32) = (520, 230);

/// The size of letters in it.
const LETTERS: u32 = 14;

/// A chart of lines.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    /// What it shows, and in which unit.
    pub(super) title: &'a str,
    /// The lines.
    pub(super) series: Vec<Series<'a>>,
    /// The first and the last x.
    pub(super) x: (f64, f64),
    /// How many labels the x axis has at most.
    pub(super) x_labels: usize,
    /// How an x is written.
    pub(super) x_format: fn(f64) -> String,
    /// How y values are spread.
    pub(super) scale: Scale,
    /// How a y is written.
    pub(super) y_format: fn(f64) -> String,
}

/// One line. Where it has no value it is broken.
#[derive(Debug)]
pub(super) struct Series<'a> {
    /// What it is called.
    pub(super) name: String,
    /// What it is drawn in.
    pub(super) ink: Ink,
    /// Whether the area under it is filled.
    pub(super) filled: bool,
    /// Its points.
    pub(super) points: std::borrow::Cow<'a, [(f64, Option<f64>)]>,
}

/// How values are spread over the height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Evenly, from zero.
    Linear,
    /// By their orders of magnitude.
    Logarithmic,
}

/// Values whose largest is more than so many times the smallest are spread by their orders of magnitude.
const WIDE: f64 = 30.0;

impl Scale {
    /// The scale on which the lines can be told apart.
    pub(super) fn fitting(series: &[Series<'_>]) -> Self {
        let (least, most) = bounds(series);
        if most / least > WIDE { Self::Logarithmic } else { Self::Linear }
    }

    fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
        }
    }

    fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Logarithmic => 10_f64.powf(place),
        }
    }

    /// The range of the axis, and how many labels it has at most.
    fn axis(self, series: &[Series<'_>]) -> (f64, f64, usize) {
        let (least, most) = bounds(series);
        match self {
            Self::Linear => (0.0, if most > 0.0 { most * 1.08 } else { 1.0 }, 5),
            Self::Logarithmic => {
                let (low, high) = (least.log10().floor(), most.log10().ceil());
                (low, high.max(low + 1.0), (high - low).max(1.0) as usize + 1)
            }
        }
    }
}

/// The smallest value above zero, and the largest.
fn bounds(series: &[Series<'_>]) -> (f64, f64) {
    let values = || series.iter().flat_map(|line| line.points.iter().filter_map(|(_, value)| *value));
    let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    (if least.is_finite() { least } else { 1.0 }, values().fold(0.0, f64::max))
}

impl Chart<'_> {
    /// The drawing, without its title and legend, which the page writes.
    pub(super) fn draw(&self) -> Result<String, String> {
        let mut text = String::new();
        self.draw_into(&mut text).map_err(|error| format!("the chart {:?} cannot be drawn: {error}", self.title))?;
        let inked = ink::replace(&text);
        // Inside of a page the name space is known, and the size is the page's to say.
        let drawing = inked.find("viewBox").map_or("", |start| &inked[start..]);
        let drawing = drawing.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        Ok(format!("<svg role=\"img\" aria-label=\"{}\" {drawing}", escaped(self.title)))
    }

    fn draw_into(&self, text: &mut String) -> Result<(), Box<dyn std::error::Error + '_>> {
        let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
        let (low, high, y_labels) = self.scale.axis(&self.series);
        let mut chart = ChartBuilder::on(&area)
            .margin_top(10)
            .margin_right(16)
            .x_label_area_size(26)
            .y_label_area_size(54)
            .build_cartesian_2d(self.x.0..self.x.1.max(self.x.0 + 1e-9), low..high)?;
        let ink = |ink: Ink| ink.stand_in();
        let letters = ("sans-serif", LETTERS).into_font().color(&ink(Ink::Text));
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(ink(Ink::Grid))
            .axis_style(ink(Ink::Grid))
            .label_style(letters)
            .x_labels(self.x_labels)
            .y_labels(y_labels)
            .x_label_formatter(&|x| (self.x_format)(*x))
            .y_label_formatter(&|place| (self.y_format)(self.scale.value(*place)))
            .draw()?;
        for line in &self.series {
            let colour = ink(line.ink);
            for part in line.points.split(|(_, value)| value.is_none()) {
                let places = part.iter().filter_map(|(x, value)| Some((*x, self.scale.place((*value)?).max(low))));
                if line.filled {
                    chart.draw_series(AreaSeries::new(places.clone(), low, colour.mix(0.15)))?;
                }
                if let [(x, Some(value))] = part {
                    // A line of one point would not be seen.
                    chart.draw_series([Circle::new((*x, self.scale.place(*value).max(low)), 2, colour.filled())])?;
                } else {
                    chart.draw_series(LineSeries::new(places, colour.stroke_width(2)))?;
                }
            }
        }
        area.present()?;
        drop(chart);
        Ok(())
    }
}
