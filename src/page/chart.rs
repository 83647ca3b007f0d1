//! One chart as inline SVG, drawn by plotters: lines over an axis, or bars over names.

use plotters::prelude::*;

use super::bars::{self, Bars};
use super::canvas::{Drawn, SIZE};
use super::color::{self, Color};
use super::lines::{self, Axis, Divisions, Marks, Room, Series};
use super::panels;
use super::readings::Readings;
use super::value_axis::{Bounds, Scale, ValueAxis};
use crate::units::{self, Language, escaped};

/// A chart with its title; a page holds it as a figure.
#[derive(Clone, Debug)]
pub struct Chart {
    title: String,
    form: Form,
    /// Marked stretches of the x axis.
    marks: Marks,
    /// Marked places of the x axis.
    divisions: Divisions,
    /// The scale of the y axis.
    pub(super) scale: Scale,
    /// Writes a y value on the axis and above bars.
    format: fn(f64) -> String,
    /// The language in which numbers are written.
    language: Language,
}

#[derive(Clone, Debug)]
enum Form {
    Lines(Axis, Vec<Series>),
    Panels(Axis, Vec<Series>),
    Bars(Vec<String>, Vec<Bars>),
}

impl Chart {
    /// A chart of lines over an axis. The title says what is shown, and in which unit.
    pub fn lines(title: impl Into<String>, axis: Axis, series: Vec<Series>) -> Self {
        Self::of(title.into(), Form::Lines(axis, series))
    }

    /// A chart of lines over an axis, each in a panel of its own with the others faintly behind it.
    pub fn panels(title: impl Into<String>, axis: Axis, series: Vec<Series>) -> Self {
        Self::of(title.into(), Form::Panels(axis, series))
    }

    /// A chart of bars over names: each group has a bar for each name.
    pub fn bars(title: impl Into<String>, names: Vec<String>, groups: Vec<Bars>) -> Self {
        Self::of(title.into(), Form::Bars(names, groups))
    }

    fn of(title: String, form: Form) -> Self {
        let (marks, format, language) = (Marks::default(), units::significant_short, Language::English);
        Self { title, form, marks, divisions: Divisions::default(), scale: Scale::Linear, format, language }
    }

    /// Writes numbers as this language does.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
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

    /// Draws a line across at places of the x axis of a line chart, and names them in the legend; nothing if there are none.
    #[must_use]
    pub fn divided(self, name: impl Into<String>, places: Vec<f64>) -> Self {
        Self { divisions: Divisions { name: name.into(), places }, ..self }
    }

    /// Writes values with `format` instead of with three digits.
    #[must_use]
    pub fn written_as(self, format: fn(f64) -> String) -> Self {
        Self { format, ..self }
    }

    fn bounds(&self) -> Bounds {
        match &self.form {
            Form::Lines(_, series) | Form::Panels(_, series) => {
                Bounds::of(series.iter().flat_map(|line| line.points.iter().filter_map(|(_, value)| *value)))
            }
            Form::Bars(_, groups) => Bounds::of(groups.iter().flat_map(|group| group.values.iter().filter_map(|v| *v))),
        }
    }

    /// The drawing as a figure, with its title and, if there is more than one name, its legend.
    pub fn to_html(&self) -> String {
        let legend = match self.keys() {
            named if named.len() > 1 => {
                format!("<p class=\"legend\">{}</p>\n", named.iter().map(swatch).collect::<String>())
            }
            _ => String::new(),
        };
        // A chart that cannot be drawn is replaced by its error, so that the rest of the page is kept.
        let drawing = self.draw().unwrap_or_else(|error| format!("<p class=\"bad\">{}</p>", escaped(&error)));
        let (title, behind) = (escaped(&self.title), self.readings().behind(&self.title));
        format!("<figure>\n<figcaption>{title}</figcaption>\n{legend}{drawing}\n{behind}</figure>\n")
    }

    /// The drawing, without its title and legend, with its values as titles of its slices.
    pub(super) fn draw(&self) -> Result<String, String> {
        let (width, height) = self.size();
        let (content, title) = (self.content()?, escaped(&self.title));
        let slices = match &self.form {
            Form::Lines(axis, _) => self.readings().slices(axis, (width, height)),
            Form::Panels(..) | Form::Bars(..) => String::new(),
        };
        // Inside a page the name space is known, and the page sets the size.
        Ok(format!(
            "<svg role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {width} {height}\">{content}{slices}</svg>\n"
        ))
    }

    /// The values in words.
    fn readings(&self) -> Readings<'_> {
        let write = |value: f64| self.language.number(&(self.format)(value));
        match &self.form {
            Form::Lines(axis, series) | Form::Panels(axis, series) => {
                Readings::of_lines(axis, series, write, self.language)
            }
            Form::Bars(names, groups) => {
                let groups = groups.iter().map(|group| (group.name.as_str(), &group.values[..]));
                Readings::of_bars(names, groups, write, self.language)
            }
        }
    }

    /// The entries of the legend; none where the drawing names its lines itself.
    pub(super) fn keys(&self) -> Vec<Key<'_>> {
        let mut keys: Vec<_> = match &self.form {
            Form::Lines(_, series) => {
                series.iter().map(|line| Key { name: &line.name, color: line.color, sign: Sign::Line }).collect()
            }
            Form::Panels(..) => Vec::new(),
            Form::Bars(_, groups) => {
                let signs = (0..).map(|place| Sign::Area { opacity: bars::opacity(place) });
                let named = groups.iter().zip(signs);
                named.map(|(group, sign)| Key { name: &group.name, color: group.color, sign }).collect()
            }
        };
        if !self.marks.stretches.is_empty() {
            keys.push(Key { name: &self.marks.name, color: Marks::COLOR, sign: Sign::Area { opacity: 1.0 } });
        }
        if !self.divisions.places.is_empty() {
            keys.push(Key { name: &self.divisions.name, color: Divisions::COLOR, sign: Sign::Line });
        }
        keys
    }

    /// The size of the drawing in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        match &self.form {
            Form::Lines(..) | Form::Bars(..) => SIZE,
            Form::Panels(_, series) => panels::size(series.len()),
        }
    }

    /// The elements of the drawing, in the colors of the page.
    pub(super) fn content(&self) -> Result<String, String> {
        let mut text = String::new();
        self.draw_into(&mut text).map_err(|error| format!("the chart {:?} cannot be drawn: {error}", self.title))?;
        let colored = color::replace(&text);
        let inner = colored.find('>').map_or("", |end| &colored[end + 1..]);
        Ok(inner.trim_end().trim_end_matches("</svg>").to_owned())
    }

    fn draw_into<'a>(&self, text: &'a mut String) -> Drawn<'a> {
        let area = SVGBackend::with_string(text, self.size()).into_drawing_area();
        let (scale, bounds, format) = (self.scale, self.bounds(), self.format);
        let value_axis = ValueAxis { scale, bounds, format, language: self.language };
        match &self.form {
            Form::Lines(axis, series) => {
                lines::draw(&value_axis, axis, series, (&self.marks, &self.divisions), Room::WHOLE, &area)?;
            }
            Form::Panels(axis, series) => panels::draw(&value_axis, axis, series, &area)?,
            Form::Bars(names, groups) => bars::draw(&value_axis, names, groups, &area)?,
        }
        area.present()?;
        Ok(())
    }
}

/// An entry of a legend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    /// What it names.
    pub(super) name: &'a str,
    color: Color,
    sign: Sign,
}

#[derive(Clone, Copy, Debug)]
enum Sign {
    Line,
    Area { opacity: f64 },
}

/// The size of the sign in a legend, in pixels.
pub(super) const SIGN: (u32, u32) = (24, 10);

impl Key<'_> {
    /// The sign as an element of a drawing: it is drawn, not styled, so that it looks like what it names even without style
    /// sheets.
    pub(super) fn sign(&self) -> String {
        let color = self.color.value();
        let ((width, height), dashes) = (SIGN, self.color.dashes());
        match self.sign {
            Sign::Line => {
                let ends = format!("x1=\"0\" y1=\"{y}\" x2=\"{width}\" y2=\"{y}\"", y = height / 2);
                format!("<line {ends} stroke=\"{color}\" stroke-width=\"2\"{dashes}/>")
            }
            Sign::Area { opacity } => {
                format!("<rect width=\"{width}\" height=\"{height}\" fill=\"{color}\" opacity=\"{opacity}\"/>")
            }
        }
    }
}

fn swatch(key: &Key<'_>) -> String {
    let (width, height) = SIGN;
    let sign = key.sign();
    format!("<span><svg class=\"swatch\" viewBox=\"0 0 {width} {height}\">{sign}</svg>{}</span>\n", escaped(key.name))
}
