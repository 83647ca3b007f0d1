//! The tasks of a scenario in compiled form: texts are split at their placeholders, so that rendering a request only
//! writes into buffers that its user reuses.

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

/// A scenario that was read and checked: weighted tasks, ready to be rendered.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    tasks: Vec<Task>,
    groups: Vec<Group>,
    pub(super) tables: Vec<Rows>,
    pub(super) total_weight: u32,
    /// A random number per run that UUIDs are combined with.
    run: u128,
}

/// A task: one kind of request.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct Task {
    /// The name in the scenario.
    pub(in crate::loadtest) name: String,
    pub(in crate::loadtest) method: Method,
    /// The index of the group under which it is counted.
    pub(in crate::loadtest) group: usize,
    /// How often it is done, relative to the others.
    pub(in crate::loadtest) weight: u32,
    /// The pause after its answer.
    pub(in crate::loadtest) think_time: ThinkTime,
    /// The check of its answers.
    pub(in crate::loadtest) check: Check,
    /// Whether the scenario gives it a check, beyond the rule that a status of 400 or more is a failure.
    pub(in crate::loadtest) checked: bool,
    pub(super) path: Template,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) body: Template,
}

/// Requests that are counted together: the tasks with the same method and route. There are few groups, however many
/// paths are requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::loadtest) struct Group {
    pub(in crate::loadtest) method: Method,
    /// The path as written in the scenario, without the query and with the name of each placeholder in braces.
    pub(in crate::loadtest) route: String,
}

/// A request that is ready to be sent. A user has one and reuses it for every request.
#[derive(Debug, Default)]
pub(in crate::loadtest) struct Rendered {
    /// The path, the values of the headers and the body, in this order.
    text: String,
    path_end: usize,
    /// The end of each header value; it starts where the one before ended.
    header_ends: Vec<usize>,
    draws: Draws,
}

impl Scenario {
    pub(super) fn empty(name: String) -> Self {
        Self { name, tasks: Vec::new(), groups: Vec::new(), tables: Vec::new(), total_weight: 0, run: 0 }
    }

    /// Adds a task that is counted under a group.
    pub(super) fn add(&mut self, mut task: Task, group: Group) {
        let known = self.groups.iter().position(|known| *known == group);
        task.group = known.unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        });
        self.total_weight += task.weight;
        self.tasks.push(task);
    }

    /// Replaces the think time of every task.
    pub fn set_think_time(&mut self, think_time: ThinkTime) {
        self.tasks.iter_mut().for_each(|task| task.think_time = think_time);
    }

    /// Starts a new run, whose UUIDs differ from those of any other run, whatever the seed. Everything else depends
    /// only on the seed.
    pub(in crate::loadtest) fn begin_run(&mut self) {
        self.run = rand::random();
    }

    /// The name of the scenario, as its file gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::loadtest) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The groups under which requests are counted, in the order of the tasks.
    pub(in crate::loadtest) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Whether a task that is counted under this group has a check.
    pub(in crate::loadtest) fn has_checks(&self, group: usize) -> bool {
        self.tasks.iter().any(|task| task.group == group && task.checked)
    }

    /// The description of the scenario in the result of a run.
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

    /// Draws a task by weight and gives its index.
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

    /// Renders the request of the task at `place` for a user, whose numbers start at 1.
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
    /// The path with its query.
    pub(in crate::loadtest) fn path(&self) -> &str {
        &self.text[..self.path_end]
    }

    /// The headers of the task that was rendered, as names and values.
    pub(in crate::loadtest) fn headers<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = (&'a str, &'a str)> {
        let starts = std::iter::once(self.path_end).chain(self.header_ends.iter().copied());
        let values = starts.zip(&self.header_ends).map(|(start, end)| &self.text[start..*end]);
        task.headers.iter().map(|(name, _)| name.as_str()).zip(values)
    }

    /// The body; empty if there is none.
    pub(in crate::loadtest) fn body(&self) -> &[u8] {
        &self.text.as_bytes()[self.header_ends.last().copied().unwrap_or(self.path_end)..]
    }
}
