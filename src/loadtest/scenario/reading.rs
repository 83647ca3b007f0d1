//! A scenario file that is being read: gives errors their line and their place, and reads what all requests have.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::error::ScenarioError;
use super::hosts::Host;
use super::journeys::Client;
use super::shapes::{CsvFile, CsvShape, Order, Plain};
use super::table::Table;
use super::template::{Fits, Names, Scope, Template};
use super::think_time::ThinkTime;
use crate::net::Target;

/// The highest weight: the sum of the weights of all tasks or journeys fits 32 bits.
const HIGHEST_WEIGHT: u32 = 1_000_000;

/// The most services beside that of the run: each may need a connection for every user.
const MOST_HOSTS: usize = 8;

/// The text of a scenario that is being read.
pub(super) struct Reading<'a> {
    origin: &'a str,
    text: &'a str,
    /// The folder that paths of files are relative to.
    pub(super) folder: &'a Path,
    /// The task, or the journey and the step, that is being read.
    pub(super) place: Option<String>,
    pub(super) hosts: Vec<Host>,
    pub(super) client: Client,
    /// Whether compressed answers are accepted.
    pub(super) compression: bool,
    /// Further files that were read.
    pub(super) files: Vec<PathBuf>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(origin: &'a str, text: &'a str, folder: &'a Path) -> Self {
        let (hosts, client, files) = (Vec::new(), Client::default(), Vec::new());
        Self { origin, text, folder, place: None, hosts, client, compression: false, files }
    }

    pub(super) fn wrong(&self, span: Option<Range<usize>>, what: String) -> ScenarioError {
        let line = span.map(|span| 1 + self.text[..span.start.min(self.text.len())].matches('\n').count());
        ScenarioError { origin: self.origin.to_owned(), line, place: self.place.clone(), what }
    }

    pub(super) fn think_time(&self, given: Option<&Spanned<Plain>>) -> Result<Option<ThinkTime>, ScenarioError> {
        let Some(given) = given else { return Ok(None) };
        let parsed = ThinkTime::parse(&given.as_ref().to_string());
        parsed.map(Some).map_err(|what| self.wrong(Some(given.span()), format!("think_time: {what}")))
    }

    pub(super) fn weight(&self, given: Option<&Spanned<u32>>) -> Result<u32, ScenarioError> {
        let weight = given.map_or(1, |weight| *weight.as_ref());
        if weight > HIGHEST_WEIGHT {
            let span = given.map(Spanned::span);
            return Err(self.wrong(span, format!("a weight must be at most {HIGHEST_WEIGHT}, not {weight}")));
        }
        Ok(weight)
    }

    pub(super) fn hosts(&mut self, given: &BTreeMap<Spanned<String>, Spanned<String>>) -> Result<(), ScenarioError> {
        if let Some((beyond, _)) = given.iter().nth(MOST_HOSTS) {
            let what = format!("there are {} [hosts] and at most {MOST_HOSTS} are allowed", given.len());
            return Err(self.wrong(Some(beyond.span()), what));
        }
        for (name, url) in given {
            let word = name.as_ref();
            if super::hosts::named(&format!("{word}:/")).is_none() || ["http", "https"].contains(&word.as_str()) {
                let what =
                    format!("{word:?} is not a name for a host: write letters, digits, - and _, and not http or https");
                return Err(self.wrong(Some(name.span()), what));
            }
            let target =
                Target::parse(url.as_ref()).map_err(|error| self.wrong(Some(url.span()), error.to_string()))?;
            self.hosts.push(Host { name: word.clone(), target });
        }
        Ok(())
    }

    pub(super) fn names(
        &self,
        variables: BTreeMap<String, Spanned<Plain>>,
        tables: &BTreeMap<String, Spanned<CsvShape>>,
        values: &[(String, String)],
    ) -> Result<Names, ScenarioError> {
        let mut names = Names::default();
        for (name, value) in variables {
            let value = value.into_inner();
            if matches!(value, Plain::Number(_)) {
                names.numbers.insert(name.clone());
            }
            names.variables.insert(name, value.to_string());
        }
        for (name, value) in values {
            let Some(variable) = names.variables.get_mut(name) else {
                let known: Vec<_> = names.variables.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(
                    self.wrong(None, format!("there is no variable {name} to set; its [variables] are: {known}"))
                );
            };
            variable.clone_from(value);
            if value.parse::<i64>().is_err() {
                names.numbers.remove(name);
            }
        }
        for (name, given) in tables {
            let (file, order) = match given.as_ref() {
                CsvShape::File(file) => (file, Order::default()),
                CsvShape::Ordered(CsvFile { file, order }) => (file, *order),
            };
            let table = Table::read(name, &self.folder.join(file), order == Order::Sequential);
            names.tables.push(table.map_err(|what| self.wrong(Some(given.span()), what))?);
        }
        Ok(names)
    }

    /// Compiles a text.
    pub(super) fn template(
        &self,
        given: &Spanned<String>,
        names: &mut Names,
        scope: &mut Scope,
        fits: Fits,
    ) -> Result<Template, ScenarioError> {
        let text = given.as_ref();
        Template::compile(text, names, scope, fits).map_err(|error| self.inside(given, error))
    }

    /// An error within a text, at this byte of it.
    pub(super) fn inside(&self, given: &Spanned<String>, (at, what): (usize, String)) -> ScenarioError {
        // A text of several lines has the same line breaks in the file.
        let inside = given.as_ref()[..at].matches('\n').count();
        let mut error = self.wrong(Some(given.span()), what);
        let written = &self.text[given.span()];
        let opening = written.starts_with("'''\n") || written.starts_with("\"\"\"\n");
        error.line = error.line.map(|line| line + inside + usize::from(opening));
        error
    }
}
