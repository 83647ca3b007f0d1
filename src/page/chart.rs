//! One chart as inline SVG, drawn by plotters: lines over an axis, or bars over names.

use plotters::prelude::*;

use super::bars::{self, Bars};
use super::canvas::{Drawn, SIZE};
use super::color::{self, Color};
use super::lines::{self, Axis, Marks, Series};
use super::value_axis::{Bounds, Scale, ValueAxis};
use crate::units::{self, escaped};

/// A chart with its title; a page holds it as a figure.
#[derive(Clone, Debug)]
pub struct Chart {
    title: String,
    form: Form,
    /// Marked stretches of the x axis.
    marks: Marks,
    /// The scale of the y axis.
    pub(super) scale: Scale,
    /// Writes a y value on the axis and above bars.
    format: fn(f64) -> String,
}

#[derive(Clone, Debug)]
enum Form {
    Lines(Axis, Vec<Series>),
    Bars(Vec<String>, Vec<Bars>),
}

impl Chart {
    /// A chart of lines over an axis. The title says what is shown, and in which unit.
    pub fn lines(title: impl Into<String>, axis: Axis, series: Vec<Series>) -> Self {
        Self::of(title.into(), Form::Lines(axis, series))
    }

    /// A chart of bars over names: each group has a bar for each name.
    pub fn bars(title: impl Into<String>, names: Vec<String>, groups: Vec<Bars>) -> Self {
        Self::of(title.into(), Form::Bars(names, groups))
    }

    fn of(title: String, form: Form) -> Self {
        Self { title, form, marks: Marks::default(), scale: Scale::Linear, format: units::significant_short }
    }

    /// Uses a logarithmic scale if the values cannot be told apart on a linear one.
    #[must_use]
    pub fn on_fitting_scale(self) -> Self {
        Self { scale: self.bounds().fitting_scale(), ..self }
    }

    /// Marks stretches of the x axis of a line chart, and names them in the legend; nothing if there are none.
    #[must_use]
    pub fn marked(self, name: impl Into<String>, stretches: Vec<(f64, f64)>) -> Self {
        Self { marks: Marks { name: name.into(), stretches }, ..self }
    }

    /// Writes values with `format` instead of with three digits.
    #[must_use]
    pub fn written_as(self, format: fn(f64) -> String) -> Self {
        Self { format, ..self }
    }

    fn bounds(&self) -> Bounds {
        match &self.form {
            Form::Lines(_, series) => {
                Bounds::of(series.iter().flat_map(|line| line.points.iter().filter_map(|(_, value)| *value)))
            }
            Form::Bars(_, groups) => Bounds::of(groups.iter().flat_map(|group| group.values.iter().filter_map(|v| *v))),
        }
    }

    /// The drawing with its title and, if there is more than one name, its legend.
    pub(super) fn figure(&self) -> String {
        let legend = match self.colors() {
            named if named.len() > 1 => format!("<p class=\"legend\">{}</p>\n", named.map(swatch).collect::<String>()),
            _ => String::new(),
        };
        // A chart that cannot be drawn is replaced by its error, so that the rest of the page is kept.
        let drawing = self.draw().unwrap_or_else(|error| format!("<p class=\"bad\">{}</p>", escaped(&error)));
        format!("<figure>\n<figcaption>{}</figcaption>\n{legend}{drawing}\n</figure>\n", escaped(&self.title))
    }

    fn colors(&self) -> impl ExactSizeIterator<Item = (&str, Color)> {
        let mut colors: Vec<_> = match &self.form {
            Form::Lines(_, series) => series.iter().map(|line| (line.name.as_str(), line.color)).collect(),
            Form::Bars(_, groups) => groups.iter().map(|group| (group.name.as_str(), group.color)).collect(),
        };
        if !self.marks.stretches.is_empty() {
            colors.push((self.marks.name.as_str(), Marks::COLOR));
        }
        colors.into_iter()
    }

    /// The drawing, without its title and legend.
    pub(super) fn draw(&self) -> Result<String, String> {
        let mut text = String::new();
        self.draw_into(&mut text).map_err(|error| format!("the chart {:?} cannot be drawn: {error}", self.title))?;
        let colored = color::replace(&text);
        // Inside a page the name space is known, and the page sets the size.
        let drawing = colored.find("viewBox").map_or("", |start| &colored[start..]);
        let drawing = drawing.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        Ok(format!("<svg role=\"img\" aria-label=\"{}\" {drawing}", escaped(&self.title)))
    }

    fn draw_into<'a>(&self, text: &'a mut String) -> Drawn<'a> {
        let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
        let value_axis = ValueAxis { scale: self.scale, bounds: self.bounds(), format: self.format };
        match &self.form {
            Form::Lines(axis, series) => lines::draw(&value_axis, axis, series, &self.marks, &area)?,
            Form::Bars(names, groups) => bars::draw(&value_axis, names, groups, &area)?,
        }
        area.present()?;
        Ok(())
    }
}

fn swatch((name, color): (&str, Color)) -> String {
    // A swatch is drawn, not styled, so that it has the color of its line even without style sheets.
    let square = format!("<rect width=\"10\" height=\"10\" fill=\"{}\"/>", color.value());
    format!("<span><svg class=\"swatch\" viewBox=\"0 0 10 10\">{square}</svg>{}</span>\n", escaped(name))
}
