//! Reads a journey of a scenario file: its steps, and what they capture and wait for.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::capture::Capture;
use super::check::Check;
use super::error::ScenarioError;
use super::journeys::{Journey, Step, Until};
use super::reading::Reading;
use super::request_file::read_request;
use super::shapes::{CaptureShape, JourneyShape, Plain, RequestShape};
use super::tasks::Scenario;
use super::template::{Names, Scope};
use super::think_time::ThinkTime;
use super::when::When;
use crate::units::{self, printable};

/// The most repetitions of one step.
const MOST_REPETITIONS: u32 = 10_000;

/// The longest name of a journey, in bytes: it stands in the tables of a terminal, and in thresholds.
pub(super) const LONGEST_NAME: usize = 60;

/// Words that placeholders know, so that no capture can have them as its name.
const KNOWN_WORDS: [&str; 6] = ["random", "distinct", "sequence", "choice", "uuid", "user"];

/// Reads a journey, and adds the requests of its steps to the scenario.
pub(super) fn read_journey(
    reading: &mut Reading<'_>,
    shape: Spanned<JourneyShape>,
    think_time: ThinkTime,
    names: &mut Names,
    scenario: &mut Scenario,
) -> Result<Journey, ScenarioError> {
    reading.place = None;
    let span = shape.span();
    let shape = shape.into_inner();
    let name = name(reading, &shape.name, scenario)?;
    let place = format!("journey {name:?}");
    reading.place = Some(place.clone());
    let weight = reading.weight(shape.weight.as_ref())?;
    let think_time = reading.think_time(shape.think_time.as_ref())?.unwrap_or(think_time);
    if shape.step.is_empty() {
        return Err(
            reading.wrong(Some(span), "a journey without a step: write [[journey.step]] with a path".to_owned())
        );
    }
    names.captures = capture_names(reading, &place, &shape.step, names)?;
    names.captured.clear();
    let mut steps = Vec::with_capacity(shape.step.len());
    for (place_in_journey, step) in shape.step.into_iter().enumerate() {
        let step_name = step_name(step.as_ref(), place_in_journey);
        reading.place = Some(format!("{place}, step {step_name:?}"));
        steps.push(read_step(reading, step, step_name, think_time, names, scenario)?);
    }
    let captures = std::mem::take(&mut names.captures);
    names.captured.clear();
    Ok(Journey { name, weight, steps, captures })
}

/// What a step is called: by its name, or else by its place.
fn step_name(step: &RequestShape, place: usize) -> String {
    step.name.clone().unwrap_or_else(|| format!("step {}", place + 1))
}

fn name(reading: &Reading<'_>, given: &Spanned<String>, scenario: &Scenario) -> Result<String, ScenarioError> {
    let name = given.as_ref();
    let fits = !name.is_empty() && name.trim() == name && name.len() <= LONGEST_NAME && printable(name) == *name;
    if !fits || name.contains(['\n', ':']) {
        let what =
            format!("name = {name:?} is not a name: write one line of 1 to {LONGEST_NAME} bytes without a colon");
        return Err(reading.wrong(Some(given.span()), what));
    }
    if scenario.journeys.iter().any(|journey| journey.name == *name) {
        return Err(
            reading.wrong(Some(given.span()), format!("there are two journeys {name:?}: give each its own name"))
        );
    }
    Ok(name.clone())
}

/// The names of all captures of a journey. A step may use those of the steps before it.
fn capture_names(
    reading: &mut Reading<'_>,
    place: &str,
    steps: &[Spanned<RequestShape>],
    names: &Names,
) -> Result<Vec<String>, ScenarioError> {
    let mut all: Vec<String> = Vec::new();
    for (place_in_journey, step) in steps.iter().enumerate() {
        reading.place = Some(format!("{place}, step {:?}", step_name(step.as_ref(), place_in_journey)));
        for name in step.as_ref().capture.keys() {
            let word = name.as_ref();
            let wrong = |what: String| Err(reading.wrong(Some(name.span()), what));
            let is_word = word.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            if !is_word {
                return wrong(format!("{word:?} cannot be the name of a capture: write letters, digits, - and _"));
            }
            if KNOWN_WORDS.contains(&word.as_str()) {
                return wrong(format!(
                    "{word} has a meaning of its own in placeholders: choose another name for the capture"
                ));
            }
            if names.variables.contains_key(word) {
                return wrong(format!("{word} is one of the [variables]: choose another name for the capture"));
            }
            if !all.contains(word) {
                all.push(word.clone());
            }
        }
    }
    Ok(all)
}

fn read_step(
    reading: &mut Reading<'_>,
    shape: Spanned<RequestShape>,
    name: String,
    think_time: ThinkTime,
    names: &mut Names,
    scenario: &mut Scenario,
) -> Result<Step, ScenarioError> {
    let mut shape = shape.into_inner();
    if let Some(weight) = &shape.weight {
        let what = "a step has no weight: steps are made in their order, and the weight is that of the journey";
        return Err(reading.wrong(Some(weight.span()), what.to_owned()));
    }
    let when = match shape.when.take() {
        None => None,
        Some(given) => Some(
            When::read(given.as_ref(), names, &mut Scope::default()).map_err(|error| reading.inside(&given, error))?,
        ),
    };
    let repeat = repeat(reading, shape.repeat.as_ref())?;
    let until = shape.until.take().map(|rules| until(reading, &rules)).transpose()?;
    let captures = std::mem::take(&mut shape.capture);
    let (mut task, group) = read_request(reading, &shape, name, think_time, names)?;
    let captures = read_captures(reading, &captures, names)?;
    let is_head = task.method == hyper::Method::HEAD;
    task.reads =
        captures.iter().any(Capture::reads_bodies) || until.as_ref().is_some_and(|until| until.state.reads_bodies());
    if is_head && task.reads {
        let what = "an answer to HEAD has no body, so nothing of it can be captured or waited for: use GET";
        return Err(reading.wrong(shape.method.as_ref().map(Spanned::span), what.to_owned()));
    }
    if let Some(until) = &until {
        task.checked = true;
        task.check.adopt_status(&until.state);
    }
    let task = scenario.add_step(task, group);
    Ok(Step { task, when, repeat, until, captures })
}

fn read_captures(
    reading: &Reading<'_>,
    given: &BTreeMap<Spanned<String>, Spanned<CaptureShape>>,
    names: &mut Names,
) -> Result<Vec<Capture>, ScenarioError> {
    let mut captures = Vec::with_capacity(given.len());
    for (name, shape) in given {
        let slot = names.captures.iter().position(|known| known == name.as_ref()).unwrap_or_default();
        let capture = Capture::read(name.as_ref(), slot, shape.as_ref());
        captures.push(capture.map_err(|what| reading.wrong(Some(shape.span()), what))?);
        names.captured.insert(slot);
    }
    Ok(captures)
}

/// `3`, or `1..5` for a number that is drawn.
fn repeat(reading: &Reading<'_>, given: Option<&Spanned<Plain>>) -> Result<RangeInclusive<u32>, ScenarioError> {
    let Some(given) = given else { return Ok(1..=1) };
    let text = given.as_ref().to_string();
    let (least, most) = text.split_once("..").unwrap_or((&text, &text));
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number <= MOST_REPETITIONS);
    match (number(least), number(most)) {
        (Some(least), Some(most)) if least <= most && most > 0 => Ok(least..=most),
        _ => {
            let what =
                format!("repeat = {text:?} is not a number of times: write 3 or \"1..5\", up to {MOST_REPETITIONS}");
            Err(reading.wrong(Some(given.span()), what))
        }
    }
}

/// What is waited for: rules like those of a check, how often is asked, and the longest wait.
fn until(reading: &Reading<'_>, rules: &Spanned<toml::Table>) -> Result<Until, ScenarioError> {
    let wrong = |what: String| reading.wrong(Some(rules.span()), what);
    let mut state = rules.as_ref().clone();
    let mut time = |key: &str, example: &str| {
        let told = || wrong(format!("until needs {key}, a duration: write {key} = {example:?}"));
        let duration = state.remove(key).ok_or_else(told)?;
        let parsed = duration.as_str().and_then(|text| units::parse_duration(text).ok());
        parsed.filter(|duration| !duration.is_zero()).ok_or_else(told)
    };
    let (every, within): (Duration, Duration) = (time("every", "500ms")?, time("within", "30s")?);
    if within < every {
        return Err(wrong(
            "until.within is shorter than until.every: the state would be asked for only once".to_owned(),
        ));
    }
    if state.contains_key("time") {
        return Err(wrong("until.time has no meaning: the longest wait is until.within".to_owned()));
    }
    if state.is_empty() {
        return Err(wrong(
            "until names no state to wait for: write json.\"/state\" = \"paid\", or status = 200".to_owned(),
        ));
    }
    let state = Check::read("until", &state).map_err(wrong)?;
    Ok(Until { state, every, within })
}
