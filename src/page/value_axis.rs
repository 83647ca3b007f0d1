//! The value axis of a chart: its scale and the format of its values.

use crate::units::Language;

#[derive(Clone, Copy, Debug)]
pub(super) struct ValueAxis {
    /// The scale of the axis.
    pub(super) scale: Scale,
    /// The range of all values.
    pub(super) bounds: Bounds,
    pub(super) format: fn(f64) -> String,
    /// The language in which all numbers of the chart are written.
    pub(super) language: Language,
}

/// The scale of a value axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Linear, starting at zero.
    Linear,
    /// Logarithmic, for values of different orders of magnitude.
    Logarithmic,
}

/// If the largest value is more than this many times the smallest, the scale is logarithmic.
const WIDE: f64 = 30.0;

/// By how many powers of ten the smallest value is above the beginning of a logarithmic axis at least, since a bar without
/// height looks like none.
const ABOVE_THE_AXIS: f64 = 0.05;

/// The smallest value above zero, and the largest value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    least: f64,
    most: f64,
}

impl Bounds {
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        Self { least: if least.is_finite() { least } else { 1.0 }, most: values.fold(0.0, f64::max) }
    }

    /// The scale on which the values can be told apart.
    pub(super) fn fitting_scale(self) -> Scale {
        if self.most / self.least > WIDE { Scale::Logarithmic } else { Scale::Linear }
    }
}

impl ValueAxis {
    /// Writes a value.
    pub(super) fn write(&self, value: f64) -> String {
        self.language.number(&(self.format)(value))
    }

    /// The first and the last place on the axis, with a margin above the largest value, and the most labels.
    pub(super) fn range(&self, margin: f64) -> (f64, f64, usize) {
        let Bounds { least, most } = self.bounds;
        match self.scale {
            Scale::Linear => (0.0, if most > 0.0 { most * (1.0 + margin) } else { 1.0 }, 5),
            Scale::Logarithmic => {
                let (low, high) = ((least.log10() - ABOVE_THE_AXIS).floor(), most.log10().ceil());
                (low, high.max(low + 1.0), (high - low).max(1.0) as usize + 1)
            }
        }
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
}
