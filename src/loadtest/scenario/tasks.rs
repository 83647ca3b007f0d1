//! The tasks of a scenario, compiled: texts are cut at their placeholders, so that rendering a request only writes into
//! buffers that its user keeps.

use hyper::Method;
use hyper::header::HeaderName;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use super::check::Check;
use super::template::Template;
use super::think_time::ThinkTime;
use super::value::{Draws, Rows, Who};
use crate::run_result::{ScenarioSummary, TaskSummary};
use crate::units;

/// The weighted tasks of a run.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    tasks: Vec<Task>,
    groups: Vec<Group>,
    pub(super) tables: Vec<Rows>,
    pub(super) total_weight: u32,
    /// What UUIDs are mixed with.
    run: u128,
}

/// One kind of request.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct Task {
    /// What the scenario calls it.
    pub(in crate::loadtest) name: String,
    /// The method.
    pub(in crate::loadtest) method: Method,
    /// The place of the group under which it is counted.
    pub(in crate::loadtest) group: usize,
    /// How often it is done, compared with the others.
    pub(in crate::loadtest) weight: u32,
    /// The pause after it.
    pub(in crate::loadtest) think_time: ThinkTime,
    /// What its answers must be.
    pub(in crate::loadtest) check: Check,
    pub(super) path: Template,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) body: Template,
}

/// What is counted together: tasks of one method and one route. However many paths are asked for, groups are few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::loadtest) struct Group {
    /// The method.
    pub(in crate::loadtest) method: Method,
    /// The path as the scenario has it, each placeholder as its name in braces, without a query.
    pub(in crate::loadtest) route: String,
}

/// One request, ready to be sent. A user has one and uses it for every request.
#[derive(Debug, Default)]
pub(in crate::loadtest) struct Rendered {
    /// The path, the values of the headers and the body, one behind the other.
    text: String,
    path_end: usize,
    /// Where each value of a header ends; it starts where the one before ended.
    header_ends: Vec<usize>,
    draws: Draws,
}

impl Scenario {
    /// A scenario without a task yet.
    pub(super) fn empty(name: String) -> Self {
        Self { name, tasks: Vec::new(), groups: Vec::new(), tables: Vec::new(), total_weight: 0, run: 0 }
    }

    /// Adds a task, which counts under a group.
    pub(super) fn add(&mut self, mut task: Task, group: Group) {
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
    pub(in crate::loadtest) fn begin_run(&mut self) {
        self.run = rand::random();
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tasks.
    pub(in crate::loadtest) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// What is counted apart, in the order of the tasks.
    pub(in crate::loadtest) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What users did, for the result of a run.
    pub(in crate::loadtest) fn summary(&self) -> ScenarioSummary {
        let task = |task: &Task| TaskSummary {
            name: task.name.clone(),
            weight: task.weight,
            method: task.method.to_string(),
            route: self.groups[task.group].route.clone(),
            think_time_min_ms: units::milliseconds(task.think_time.least),
            think_time_max_ms: units::milliseconds(task.think_time.most),
        };
        ScenarioSummary { name: self.name.clone(), tasks: self.tasks.iter().map(task).collect() }
    }

    /// Draws a task; gives its place.
    pub(in crate::loadtest) fn draw(&self, random: &mut Pcg64Mcg) -> usize {
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
    pub(in crate::loadtest) fn render(&self, place: usize, user: u64, random: &mut Pcg64Mcg, into: &mut Rendered) {
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
    pub(in crate::loadtest) fn path(&self) -> &str {
        &self.text[..self.path_end]
    }

    /// The headers of the task that was rendered, with their values.
    pub(in crate::loadtest) fn headers<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = (&'a str, &'a str)> {
        let starts = std::iter::once(self.path_end).chain(self.header_ends.iter().copied());
        let values = starts.zip(&self.header_ends).map(|(start, end)| &self.text[start..*end]);
        task.headers.iter().map(|(name, _)| name.as_str()).zip(values)
    }

    /// The body; empty for none.
    pub(in crate::loadtest) fn body(&self) -> &[u8] {
        &self.text.as_bytes()[self.header_ends.last().copied().unwrap_or(self.path_end)..]
    }
}
