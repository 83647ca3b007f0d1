//! The tasks of a scenario in compiled form: texts are split at their placeholders, so that rendering a request only
//! writes into buffers that its user reuses.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderName};
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use super::captured::Captured;
use super::check::Check;
use super::fits::{header_text, path_text};
use super::hosts::Host;
use super::journeys::{Client, Journey};
use super::secrets::Secrets;
use super::table::Rows;
use super::template::Template;
use super::think_time::ThinkTime;
use super::value::{Draws, Who};
use super::when::When;
use crate::net::Target;
use crate::run_result::{JourneyOutline, ScenarioSummary, TaskSummary};
use crate::units::{self, Secret};

/// A scenario that was read and checked: weighted tasks, ready to be rendered.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    /// The tasks, or the requests of all steps of all journeys: a file has the one or the other.
    tasks: Vec<Task>,
    groups: Vec<Group>,
    pub(super) journeys: Vec<Journey>,
    pub(super) client: Client,
    /// The services beside that of the run.
    pub(super) hosts: Vec<Host>,
    pub(super) tables: Vec<Rows>,
    /// The files that it was read from.
    pub(super) files: Vec<PathBuf>,
    /// The ranges from which numbers are drawn, by the variable that ends them.
    pub(super) ranges: BTreeMap<String, (i64, i64)>,
    /// What was taken from the environment.
    pub(super) secrets: Secrets,
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
    /// Whether it accepts compressed answers, which are then decoded and counted.
    pub(in crate::loadtest) decodes: bool,
    /// Whether something of the body of a good answer is used later.
    pub(in crate::loadtest) reads: bool,
    /// The service that it is sent to: 0 for that of the run.
    pub(in crate::loadtest) host: usize,
    pub(super) path: Template,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) body: Template,
    /// A body of several parts, if it has bytes that are no text; the body is then empty.
    pub(super) parts: Vec<BodyPart>,
}

impl Task {
    /// Whether its path begins with what was captured, which may be a whole URL.
    pub(in crate::loadtest) fn is_captured(&self) -> bool {
        self.path.begins_with_a_captured_value()
    }
}

/// A part of a body.
#[derive(Clone, Debug)]
pub(super) enum BodyPart {
    Text(Template),
    /// The content of a file, as it is.
    Bytes(Arc<[u8]>),
}

/// Requests that are counted together: the tasks with the same method and route. There are few groups, however many
/// paths are requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::loadtest) struct Group {
    pub(in crate::loadtest) method: Method,
    /// The name that the scenario gives it, or the path as written there, without the query and with the name of each
    /// placeholder in braces.
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
    /// The body, if it has several parts.
    bytes: Vec<u8>,
    draws: Draws,
}

/// Why a request could not be rendered: what is wrong with its values, as a sentence without a full stop.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::loadtest) struct Unsendable(pub(in crate::loadtest) String);

impl Scenario {
    pub(super) fn empty(name: String) -> Self {
        Self {
            name,
            tasks: Vec::new(),
            groups: Vec::new(),
            journeys: Vec::new(),
            client: Client::default(),
            hosts: Vec::new(),
            tables: Vec::new(),
            files: Vec::new(),
            ranges: BTreeMap::new(),
            secrets: Secrets::default(),
            total_weight: 0,
            run: 0,
        }
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

    /// Adds the request of a step, which no draw gives. Gives its index.
    pub(super) fn add_step(&mut self, task: Task, group: Group) -> usize {
        self.add(Task { weight: 0, ..task }, group);
        self.tasks.len() - 1
    }

    /// Replaces the think time of every task.
    pub fn set_think_time(&mut self, think_time: ThinkTime) {
        self.tasks.iter_mut().for_each(|task| task.think_time = think_time);
    }

    /// Sends a token with every request.
    pub fn authorize(&mut self, token: &Secret) {
        for task in &mut self.tasks {
            task.headers.push((AUTHORIZATION, Template::constant(&format!("Bearer {}", token.reveal()))));
        }
        self.secrets.add_form("STOREMGR_TOKEN", token.reveal().to_owned());
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

    /// The files that it was read from: the scenario and its CSV tables. None for the built-in scenario.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// A text that may be shown: without what was taken from the environment, which a service may have sent back.
    pub(in crate::loadtest) fn without_secrets(&self, text: String) -> String {
        self.secrets.hidden_in(text)
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
        let tasks = self.tasks.iter().map(task).collect();
        let journeys = self.journeys.iter().map(|journey| JourneyOutline {
            name: journey.name.clone(),
            weight: journey.weight,
            steps: journey.steps.iter().map(|step| self.tasks[step.task].name.clone()).collect(),
        });
        let journeys = journeys.collect();
        ScenarioSummary { name: self.name.clone(), tasks, journeys, ranges: self.ranges.clone() }
    }

    /// What to do about a failure which says that something asked for does not exist: the scenario may draw numbers from a
    /// range that the data of the service do not fill. None if the failure is another one.
    pub(in crate::loadtest) fn advice(&self, message: &str) -> Option<String> {
        let said = message.to_lowercase();
        let is_absent = ["404 ", "422 "].iter().any(|status| said.starts_with(status))
            && ["no ", "unknown", "not found", "not exist", "missing"].iter().any(|word| said.contains(word));
        let (variable, (least, most)) =
            self.ranges.iter().find(|(variable, _)| is_absent && is_about(&said, variable))?;
        // A scenario of a file has no options of its own for its variables.
        let option = if self.files.is_empty() { format!("--{variable} ") } else { format!("--var {variable}=") };
        let (least, most) = (units::count(least.unsigned_abs()), units::count(most.unsigned_abs()));
        Some(format!(
            "{message:?}: the scenario asks for {variable} from {least} to {most}, and the service has not all of them; say \
             how many it has with {option}COUNT."
        ))
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

    /// Draws a journey by weight and gives its index.
    pub(in crate::loadtest) fn draw_journey(&self, random: &mut Pcg64Mcg) -> usize {
        let all: u32 = self.journeys.iter().map(|journey| journey.weight).sum();
        let mut left = random.random_range(0..all.max(1));
        for (place, journey) in self.journeys.iter().enumerate() {
            match left.checked_sub(journey.weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// The journeys; empty in a scenario of tasks.
    pub(in crate::loadtest) fn journeys(&self) -> &[Journey] {
        &self.journeys
    }

    /// Whether it has journeys, and not tasks.
    pub fn has_journeys(&self) -> bool {
        !self.journeys.is_empty()
    }

    /// What users do of themselves.
    pub(in crate::loadtest) fn client(&self) -> Client {
        self.client
    }

    /// The addresses of the services beside that of the run.
    pub fn other_services(&self) -> Vec<&Target> {
        self.hosts.iter().map(|host| &host.target).collect()
    }

    /// The services beside that of the run.
    pub(in crate::loadtest) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Whether there is one service, and users keep nothing from one request to the next, so that each is sent by itself.
    pub(in crate::loadtest) fn is_plain(&self) -> bool {
        self.journeys.is_empty() && self.hosts.is_empty() && !self.client.cookies && self.client.redirects == 0
    }

    /// Renders the request of the task at `place` for a user, whose numbers start at 1.
    pub(in crate::loadtest) fn render(&self, place: usize, user: u64, random: &mut Pcg64Mcg, into: &mut Rendered) {
        into.draws.clear_rows();
        self.write(place, user, random, &Captured::default(), into);
    }

    /// Begins a journey: other rows are drawn from the tables.
    pub(in crate::loadtest) fn begin_journey(into: &mut Rendered) {
        into.draws.clear_rows();
    }

    /// Renders the request of a step, with what its journey has captured.
    pub(in crate::loadtest) fn render_step(
        &self,
        place: usize,
        user: u64,
        random: &mut Pcg64Mcg,
        captured: &Captured,
        into: &mut Rendered,
    ) -> Result<(), Unsendable> {
        self.write(place, user, random, captured, into);
        if let Some(slot) = into.draws.missing {
            let names = self.journeys.iter().find(|journey| journey.steps.iter().any(|step| step.task == place));
            let name = names.and_then(|journey| journey.captures.get(slot)).map_or("a value", String::as_str);
            return Err(Unsendable(format!("{name} was not captured, because the step that captures it was left out")));
        }
        let task = &self.tasks[place];
        if let Err(why) = path_text(into.path()) {
            return Err(Unsendable(format!("the path {why}")));
        }
        for (name, value) in into.headers(task) {
            header_text(value).map_err(|why| Unsendable(format!("the header {name} {why}")))?;
        }
        Ok(())
    }

    /// Renders what decides whether a step is left out, and gives the decision.
    pub(in crate::loadtest) fn is_left_out(
        &self,
        when: &When,
        user: u64,
        random: &mut Pcg64Mcg,
        captured: &Captured,
        into: &mut Rendered,
    ) -> bool {
        let draws = &mut into.draws;
        draws.clear();
        !when.holds(draws, &mut Who { user, random, tables: &self.tables, run: self.run, captured })
    }

    fn write(&self, place: usize, user: u64, random: &mut Pcg64Mcg, captured: &Captured, into: &mut Rendered) {
        let task = &self.tasks[place];
        let Rendered { text, path_end, header_ends, bytes, draws } = into;
        text.clear();
        header_ends.clear();
        bytes.clear();
        draws.clear();
        let mut who = Who { user, random, tables: &self.tables, run: self.run, captured };
        task.path.render(draws, &mut who, text);
        *path_end = text.len();
        for (_, value) in &task.headers {
            value.render(draws, &mut who, text);
            header_ends.push(text.len());
        }
        task.body.render(draws, &mut who, text);
        for part in &task.parts {
            match part {
                BodyPart::Bytes(content) => bytes.extend_from_slice(content),
                BodyPart::Text(template) => {
                    let start = text.len();
                    template.render(draws, &mut who, text);
                    bytes.extend_from_slice(&text.as_bytes()[start..]);
                    text.truncate(start);
                }
            }
        }
    }
}

/// Whether a message, in lower case, speaks of what a variable counts: of a product, if it is `products`.
fn is_about(message: &str, variable: &str) -> bool {
    let name = variable.to_lowercase();
    let one = name.trim_end_matches('s');
    // The store calls its customers users.
    let other = if one == "customer" { "user" } else { one };
    let mut words = message.split(|c: char| !c.is_alphanumeric() && c != '_');
    !one.is_empty() && words.any(|word| [one, other].iter().any(|known| word.trim_end_matches('s') == *known))
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
        if !self.bytes.is_empty() {
            return &self.bytes;
        }
        &self.text.as_bytes()[self.header_ends.last().copied().unwrap_or(self.path_end)..]
    }
}
