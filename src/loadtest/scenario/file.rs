//! The format of a scenario file, and how a scenario is made of it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::error::ScenarioError;
use super::table::Table;
use super::tasks::{Group, Scenario, Task};
use super::template::{Fits, Names, Scope, Template};
use super::think_time::ThinkTime;
use crate::wire;

/// The built-in scenario for the store, with the requests of the original's load test, as the text of a scenario file.
pub const STORE_SCENARIO: &str = include_str!("../../../scenarios/store.toml");

/// The most tasks: each may need its own line in every table and its own histograms in memory.
const MOST_TASKS: usize = 200;

/// The highest weight: the sum of the weights of all tasks fits 32 bits.
const HIGHEST_WEIGHT: u32 = 1_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    name: String,
    think_time: Option<Spanned<Plain>>,
    #[serde(default)]
    variables: BTreeMap<String, Spanned<Plain>>,
    #[serde(default)]
    csv: BTreeMap<String, Spanned<CsvShape>>,
    #[serde(default)]
    task: Vec<Spanned<TaskShape>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text or a whole number was expected")]
enum Plain {
    Number(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write the path of a CSV file, or { file = \"users.csv\", order = \"sequential\" }")]
enum CsvShape {
    File(String),
    Ordered(CsvFile),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvFile {
    file: String,
    #[serde(default)]
    order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    #[default]
    Random,
    Sequential,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskShape {
    name: String,
    weight: Option<Spanned<u32>>,
    method: Option<Spanned<String>>,
    path: Spanned<String>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, Spanned<String>>,
    body: Option<Spanned<String>>,
    think_time: Option<Spanned<Plain>>,
    check: Option<Spanned<toml::Table>>,
}

impl std::fmt::Display for Plain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

/// The text of a scenario that is being read, to give errors their line and task.
struct Reading<'a> {
    origin: &'a str,
    text: &'a str,
    task: Option<String>,
}

impl Scenario {
    /// The store's scenario. Products and customers are numbered from 1 to these counts, as `seed` numbers them;
    /// `values` are other values for its variables.
    pub fn store(products: u64, customers: u64, values: &[(String, String)]) -> Result<Self, ScenarioError> {
        let counts = [("products", products), ("customers", customers)];
        let mut all = counts.map(|(name, count)| (name.to_owned(), count.to_string())).to_vec();
        all.extend_from_slice(values);
        Self::parse(STORE_SCENARIO, "the built-in scenario", Path::new("."), &all)
    }

    /// Reads a scenario file. `values` are other values for its variables. Paths of CSV files are relative to its
    /// folder.
    pub fn load(path: &Path, values: &[(String, String)]) -> Result<Self, ScenarioError> {
        let origin = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ScenarioError {
            origin: origin.clone(),
            line: None,
            task: None,
            what: format!("the scenario cannot be read: {error}"),
        })?;
        Self::parse(&text, &origin, path.parent().unwrap_or(Path::new(".")), values)
    }

    /// Reads the text of a scenario. Errors call it `origin`; paths of CSV files are relative to `folder`.
    pub fn parse(text: &str, origin: &str, folder: &Path, values: &[(String, String)]) -> Result<Self, ScenarioError> {
        read(text, origin, folder, values)
    }
}

/// Reads a scenario. Errors call it `origin`; paths of CSV files are relative to `folder`; `values` are other values
/// for its variables.
fn read(text: &str, origin: &str, folder: &Path, values: &[(String, String)]) -> Result<Scenario, ScenarioError> {
    let mut reading = Reading { origin, text, task: None };
    let file: FileShape = toml::from_str(text).map_err(|error| {
        // The parser's own message would be that a map is not a sequence.
        if let Ok(table) = toml::from_str::<toml::Table>(text)
            && table.get("task").is_some_and(toml::Value::is_table)
        {
            let what = "a scenario has a list of tasks: write [[task]] in double brackets";
            return reading.wrong(error.span(), what.to_owned());
        }
        let message = error.message().trim_end_matches('.').replace('\n', ", ");
        reading.wrong(error.span(), message)
    })?;
    let think_time = reading.think_time(file.think_time.as_ref())?.unwrap_or_default();
    let mut names = reading.names(file.variables, &file.csv, folder, values)?;
    if file.task.is_empty() {
        return Err(reading.wrong(None, "there is no task: write [[task]] with a name and a path".to_owned()));
    }
    if file.task.len() > MOST_TASKS {
        return Err(
            reading.wrong(None, format!("there are {} tasks and at most {MOST_TASKS} are allowed", file.task.len()))
        );
    }
    let mut scenario = Scenario::empty(file.name);
    for shape in file.task {
        reading.task = Some(shape.as_ref().name.clone());
        let (task, label) = reading.task(shape.into_inner(), think_time, &mut names)?;
        scenario.add(task, label);
    }
    reading.task = None;
    if scenario.total_weight == 0 {
        return Err(
            reading.wrong(None, "the weight of every task is 0: give at least one task a weight above 0".to_owned())
        );
    }
    scenario.tables = names.tables.iter().map(Table::rows).collect();
    Ok(scenario)
}

impl Reading<'_> {
    fn wrong(&self, span: Option<Range<usize>>, what: String) -> ScenarioError {
        let line = span.map(|span| 1 + self.text[..span.start.min(self.text.len())].matches('\n').count());
        ScenarioError { origin: self.origin.to_owned(), line, task: self.task.clone(), what }
    }

    fn think_time(&self, given: Option<&Spanned<Plain>>) -> Result<Option<ThinkTime>, ScenarioError> {
        let Some(given) = given else { return Ok(None) };
        let parsed = ThinkTime::parse(&given.as_ref().to_string());
        parsed.map(Some).map_err(|what| self.wrong(Some(given.span()), format!("think_time: {what}")))
    }

    fn names(
        &self,
        variables: BTreeMap<String, Spanned<Plain>>,
        tables: &BTreeMap<String, Spanned<CsvShape>>,
        folder: &Path,
        values: &[(String, String)],
    ) -> Result<Names, ScenarioError> {
        let mut names = Names::default();
        for (name, value) in variables {
            names.variables.insert(name, value.into_inner().to_string());
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
        }
        for (name, given) in tables {
            let (file, order) = match given.as_ref() {
                CsvShape::File(file) => (file, Order::default()),
                CsvShape::Ordered(CsvFile { file, order }) => (file, *order),
            };
            let table = Table::read(name, &folder.join(file), order == Order::Sequential);
            names.tables.push(table.map_err(|what| self.wrong(Some(given.span()), what))?);
        }
        Ok(names)
    }

    fn task(&self, shape: TaskShape, think_time: ThinkTime, names: &mut Names) -> Result<(Task, Group), ScenarioError> {
        let weight = shape.weight.as_ref().map_or(1, |weight| *weight.as_ref());
        if weight > HIGHEST_WEIGHT {
            let span = shape.weight.map(|weight| weight.span());
            return Err(self.wrong(span, format!("a weight must be at most {HIGHEST_WEIGHT}, not {weight}")));
        }
        let method = match &shape.method {
            None => Method::GET,
            Some(given) => self.method(given)?,
        };
        let mut scope = Scope::default();
        let path = self.template(&shape.path, names, &mut scope, path_text)?;
        if !shape.path.as_ref().starts_with('/') {
            return Err(self.wrong(Some(shape.path.span()), "the path must start with a slash".to_owned()));
        }
        let mut headers = Vec::new();
        for (name, value) in &shape.headers {
            headers.push((self.header_name(name)?, self.template(value, names, &mut scope, header_text)?));
        }
        let body = match &shape.body {
            None => Template::default(),
            Some(body) => self.template(body, names, &mut scope, |_| Ok(()))?,
        };
        add_default(&mut headers, "user-agent", concat!("storemgr/", env!("CARGO_PKG_VERSION")));
        if !body.is_empty() {
            add_default(&mut headers, "content-type", wire::JSON);
        }
        let check = match &shape.check {
            None => Check::default(),
            Some(rules) => Check::read(rules.as_ref()).map_err(|what| self.wrong(Some(rules.span()), what))?,
        };
        let think_time = self.think_time(shape.think_time.as_ref())?.unwrap_or(think_time);
        let label = path.label();
        let route = label.split('?').next().unwrap_or_default().to_owned();
        let group = Group { method: method.clone(), route };
        let checked = shape.check.is_some();
        Ok((
            Task { name: shape.name, method, group: 0, weight, think_time, check, checked, path, headers, body },
            group,
        ))
    }

    fn method(&self, given: &Spanned<String>) -> Result<Method, ScenarioError> {
        let name = given.as_ref();
        let known = name.bytes().all(|letter| letter.is_ascii_uppercase()) && name != "CONNECT";
        let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| known && !name.is_empty());
        let what = || format!("{name:?} is not a method: write GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS");
        method.ok_or_else(|| self.wrong(Some(given.span()), what()))
    }

    fn header_name(&self, given: &Spanned<String>) -> Result<HeaderName, ScenarioError> {
        let wrong = |what: String| self.wrong(Some(given.span()), what);
        let name: HeaderName = given
            .as_ref()
            .parse()
            .map_err(|_| wrong(format!("{:?} is not a valid name of a header", given.as_ref())))?;
        // Headers that frame the message are written by the sender; a second one would make the request ambiguous.
        if ["host", "content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
            return Err(wrong(format!("{name} is written by the load test itself: leave it out")));
        }
        Ok(name)
    }

    fn template(
        &self,
        given: &Spanned<String>,
        names: &mut Names,
        scope: &mut Scope,
        fits: Fits,
    ) -> Result<Template, ScenarioError> {
        let text = given.as_ref();
        Template::compile(text, names, scope, fits).map_err(|(at, what)| {
            // A text of several lines has the same line breaks in the file.
            let inside = text[..at].matches('\n').count();
            let mut error = self.wrong(Some(given.span()), what);
            let opening =
                self.text[given.span()].starts_with("'''\n") || self.text[given.span()].starts_with("\"\"\"\n");
            error.line = error.line.map(|line| line + inside + usize::from(opening));
            error
        })
    }
}

fn add_default(headers: &mut Vec<(HeaderName, Template)>, name: &'static str, value: &str) {
    if !headers.iter().any(|(known, _)| known == name) {
        headers.push((HeaderName::from_static(name), Template::constant(value)));
    }
}

fn path_text(text: &str) -> Result<(), &'static str> {
    let fine = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if fine {
        Ok(())
    } else {
        Err("has a character that is not allowed in a path: write %20 for a space, or add | url to a value")
    }
}

fn header_text(text: &str) -> Result<(), &'static str> {
    let fine = HeaderValue::from_str(text).is_ok();
    if fine { Ok(()) } else { Err("has a character that is not allowed in a header: add | url, or use another value") }
}
