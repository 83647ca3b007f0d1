//! The format of a scenario file, and how a scenario is made of it.

use std::path::Path;

use toml::Spanned;

use super::error::ScenarioError;
use super::journey_file::read_journey;
use super::journeys::Client;
use super::malformed::malformed;
use super::reading::Reading;
use super::request_file::read_task;
use super::shapes::FileShape;
use super::table::Table;
use super::tasks::Scenario;

/// The built-in scenario for the store, with the requests of the original's load test, as the text of a scenario file.
pub const STORE_SCENARIO: &str = include_str!("../../../scenarios/store.toml");

/// The most tasks, or steps of all journeys: each may need its own line in every table and its own histograms in memory.
const MOST_TASKS: usize = 200;

/// The most redirects of one request: browsers give up after twenty.
const MOST_REDIRECTS: u32 = 20;

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
            place: None,
            what: format!("the scenario cannot be read: {error}"),
        })?;
        let mut scenario = Self::parse(&text, &origin, path.parent().unwrap_or(Path::new(".")), values)?;
        scenario.files.push(path.to_owned());
        Ok(scenario)
    }

    /// Reads a scenario file that is offered beside another one: of the `values` for variables it takes those that it has.
    pub fn load_beside(path: &Path, values: &[(String, String)]) -> Result<Self, ScenarioError> {
        #[derive(serde::Deserialize)]
        struct Known {
            #[serde(default)]
            variables: toml::Table,
        }
        // What is wrong with the file is told when all of it is read.
        let known = std::fs::read_to_string(path).ok().and_then(|text| toml::from_str::<Known>(&text).ok());
        let known = known.map(|known| known.variables).unwrap_or_default();
        let own: Vec<_> = values.iter().filter(|(name, _)| known.contains_key(name)).cloned().collect();
        Self::load(path, &own)
    }

    /// Reads the text of a scenario. Errors call it `origin`; paths of CSV files are relative to `folder`.
    pub fn parse(text: &str, origin: &str, folder: &Path, values: &[(String, String)]) -> Result<Self, ScenarioError> {
        read(text, origin, folder, values)
    }
}

/// Reads a scenario. Errors call it `origin`; paths of CSV files are relative to `folder`; `values` are other values
/// for its variables.
fn read(text: &str, origin: &str, folder: &Path, values: &[(String, String)]) -> Result<Scenario, ScenarioError> {
    let mut reading = Reading::new(origin, text, folder);
    let file: FileShape = toml::from_str(text).map_err(|error| malformed(&reading, text, &error))?;
    let think_time = reading.think_time(file.think_time.as_ref())?.unwrap_or_default();
    reading.hosts(&file.hosts)?;
    reading.client = client(&reading, &file)?;
    reading.compression = file.client.compression;
    let mut names = reading.names(file.variables, &file.csv, values)?;
    let steps = file.journey.iter().map(|journey| journey.as_ref().step.len()).sum::<usize>();
    let (tasks, journeys) = (file.task.len(), file.journey.len());
    if tasks > 0 && journeys > 0 {
        let what = "a scenario has tasks or journeys, and this one has both: write each task as a journey of one step";
        return Err(reading.wrong(Some(file.task[0].span()), what.to_owned()));
    }
    if tasks + journeys == 0 {
        return Err(reading.wrong(
            None,
            "there is no task: write [[task]] with a name and a path, or [[journey]] with steps".to_owned(),
        ));
    }
    let beyond = file.task.get(MOST_TASKS).map(Spanned::span);
    let beyond_of_steps = file.journey.iter().flat_map(|journey| &journey.as_ref().step).nth(MOST_TASKS);
    for (count, word, beyond) in [(tasks, "tasks", beyond), (steps, "steps", beyond_of_steps.map(Spanned::span))] {
        if count > MOST_TASKS {
            let what = format!("there are {count} {word} and at most {MOST_TASKS} are allowed");
            return Err(reading.wrong(beyond, what));
        }
    }
    let first = file.task.first().map(Spanned::span).or_else(|| file.journey.first().map(Spanned::span));
    let mut scenario = Scenario::empty(file.name);
    for shape in file.task {
        let (task, group) = read_task(&mut reading, shape, think_time, &mut names)?;
        scenario.add(task, group);
    }
    for shape in file.journey {
        let journey = read_journey(&mut reading, shape, think_time, &mut names, &mut scenario)?;
        scenario.journeys.push(journey);
    }
    reading.place = None;
    let weights = scenario.total_weight + scenario.journeys.iter().map(|journey| journey.weight).sum::<u32>();
    if weights == 0 {
        let word = if tasks > 0 { "task" } else { "journey" };
        let what = format!("the weight of every {word} is 0: give at least one {word} a weight above 0");
        return Err(reading.wrong(first, what));
    }
    scenario.client = reading.client;
    scenario.tables = names.tables.iter().map(Table::rows).collect();
    scenario.ranges = names.ranges;
    scenario.secrets = names.secrets;
    scenario.files =
        names.tables.into_iter().map(|table| table.path).chain(std::mem::take(&mut reading.files)).collect();
    scenario.hosts = reading.hosts;
    Ok(scenario)
}

fn client(reading: &Reading<'_>, file: &FileShape) -> Result<Client, ScenarioError> {
    let given = file.client.redirects.as_ref();
    let redirects = given.map_or(0, |given| *given.as_ref());
    if redirects > MOST_REDIRECTS {
        let what =
            format!("client.redirects is {redirects}: at most {MOST_REDIRECTS} redirects of one request are followed");
        return Err(reading.wrong(given.map(Spanned::span), what));
    }
    Ok(Client { cookies: file.client.cookies, redirects })
}
