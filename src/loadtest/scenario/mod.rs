//! What users do: weighted tasks, each a request with values drawn for it.
//!
//! A scenario is a TOML file (docs/scenarios.md); the store's own is one too, and built in. Everything that can be done
//! once is done when it is loaded: texts are cut at their placeholders, values of CSV files encoded, what cannot be sent
//! refused with the file, the line and the task. Rendering a request writes into buffers that its user keeps.

mod check;
mod error;
mod expression;
mod file;
mod table;
mod template;
mod value;

use std::path::Path;

use hyper::Method;
use hyper::header::HeaderName;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

pub(super) use check::{Check, Seen};
pub use error::ScenarioError;
use template::Template;
use value::{Draws, Rows, Who};

use super::ThinkTime;

/// The built-in scenario: the store's, as the original's load test had it.
pub const STORE_SCENARIO: &str = include_str!("../../../scenarios/store.toml");

/// The weighted tasks of a run.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    tasks: Vec<Task>,
    groups: Vec<Group>,
    tables: Vec<Rows>,
    total_weight: u32,
    /// What UUIDs are mixed with.
    run: u128,
}

/// One kind of request.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// What the scenario calls it.
    pub(super) name: String,
    /// The method.
    pub(super) method: Method,
    /// The place of the group under which it is counted.
    pub(super) group: usize,
    /// How often it is done, compared with the others.
    pub(super) weight: u32,
    /// The pause after it.
    pub(super) think_time: ThinkTime,
    /// What its answers must be.
    pub(super) check: Check,
    path: Template,
    headers: Vec<(HeaderName, Template)>,
    body: Template,
}

/// What is counted together: tasks of one method and one route. However many paths are asked for, groups are few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The method.
    pub(super) method: Method,
    /// The path as the scenario has it, each placeholder as its name in braces, without a query.
    pub(super) route: String,
}

/// One request, ready to be sent. A user has one and uses it for every request.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// The path, the values of the headers and the body, one behind the other.
    text: String,
    path_end: usize,
    /// Where each value of a header ends; it starts where the one before ended.
    header_ends: Vec<usize>,
    draws: Draws,
}

impl Scenario {
    /// The store's scenario, with so many products and customers, numbered from 1 as `seed` numbers them, and with other
    /// values for its variables.
    pub fn store(products: u64, customers: u64, values: &[(String, String)]) -> Result<Self, ScenarioError> {
        let counts = [("products", products), ("customers", customers)];
        let mut all = counts.map(|(name, count)| (name.to_owned(), count.to_string())).to_vec();
        all.extend_from_slice(values);
        Self::parse(STORE_SCENARIO, "the built-in scenario", Path::new("."), &all)
    }

    /// Reads a scenario file, with other values for some of its variables. Its CSV files are found from its own folder.
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

    /// Reads the text of a scenario, which errors call `origin`.
    pub fn parse(text: &str, origin: &str, folder: &Path, values: &[(String, String)]) -> Result<Self, ScenarioError> {
        file::read(text, origin, folder, values)
    }

    fn empty(name: String) -> Self {
        Self { name, tasks: Vec::new(), groups: Vec::new(), tables: Vec::new(), total_weight: 0, run: 0 }
    }

    /// Adds a task, which counts under a group.
    fn add(&mut self, mut task: Task, group: Group) {
        let known = self.groups.iter().position(|known| *known == group);
        task.group = known.unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        });
        self.total_weight += task.weight;
        self.tasks.push(task);
    }

    /// Gives every task another think time.
    pub fn set_think_time(&mut self, think_time: ThinkTime) {
        self.tasks.iter_mut().for_each(|task| task.think_time = think_time);
    }

    /// A new run begins: its UUIDs are none that any run had before, whatever the seed. All else stays what the seed
    /// says.
    pub(super) fn begin_run(&mut self) {
        self.run = rand::random();
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tasks.
    pub(super) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// What is counted apart, in the order of the tasks.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Draws a task; gives its place.
    pub(super) fn draw(&self, random: &mut Pcg64Mcg) -> usize {
        let mut left = random.random_range(0..self.total_weight.max(1));
        for (place, task) in self.tasks.iter().enumerate() {
            match left.checked_sub(task.weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// Makes the request of a task. `user` is the number of who sends it, from 1.
    pub(super) fn render(&self, place: usize, user: u64, random: &mut Pcg64Mcg, into: &mut Rendered) {
        let task = &self.tasks[place];
        let Rendered { text, path_end, header_ends, draws } = into;
        text.clear();
        header_ends.clear();
        draws.clear();
        let mut who = Who { user, random, tables: &self.tables, run: self.run };
        task.path.render(draws, &mut who, text);
        *path_end = text.len();
        for (_, value) in &task.headers {
            value.render(draws, &mut who, text);
            header_ends.push(text.len());
        }
        task.body.render(draws, &mut who, text);
    }
}

impl Rendered {
    /// The path, with its query.
    pub(super) fn path(&self) -> &str {
        &self.text[..self.path_end]
    }

    /// The headers of the task that was rendered, with their values.
    pub(super) fn headers<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = (&'a str, &'a str)> {
        let starts = std::iter::once(self.path_end).chain(self.header_ends.iter().copied());
        let values = starts.zip(&self.header_ends).map(|(start, end)| &self.text[start..*end]);
        task.headers.iter().map(|(name, _)| name.as_str()).zip(values)
    }

    /// The body; empty for none.
    pub(super) fn body(&self) -> &[u8] {
        &self.text.as_bytes()[self.header_ends.last().copied().unwrap_or(self.path_end)..]
    }
}

#[cfg(test)]
mod tests;
