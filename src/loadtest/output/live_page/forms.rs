//! The form by which a run is started, and the list of what can be downloaded.

use super::kept::Kept;
use super::order::{Choices, LONGEST_RUN, OrderedLoad, StartOrder};
use crate::units::{self, Language, escaped};
use crate::{say, text};

/// The load that the form shows at first.
const FIRST_USERS: u32 = 10;

/// The form that starts a run, filled in as the last one was, and at first as the command line says.
pub(super) fn start(choices: &Choices, last: Option<&StartOrder>, language: Language) -> String {
    let word = |text: &'static str| escaped(language.text(text));
    let is_rate = matches!(last.map(|last| last.load), Some(OrderedLoad::Rate { .. }));
    let (level, speed) = match last.map(|last| last.load) {
        Some(OrderedLoad::Rate { per_second, .. }) => (per_second.to_string(), None),
        Some(OrderedLoad::Users { users, spawn_rate }) => (users.to_string(), spawn_rate),
        None => (FIRST_USERS.to_string(), choices.spawn_rate),
    };
    let is_random = matches!(last.map(|last| last.load), Some(OrderedLoad::Rate { at_random: true, .. }));
    let arrivals = options(
        [("constant", text!("at equal intervals")), ("poisson", text!("at random, like independent visitors"))]
            .map(|(value, name)| (value, language.text(name))),
        usize::from(is_random),
    );
    let run_time = written(last.map_or(choices.run_time, |last| last.run_time));
    let thresholds: Vec<String> = match last {
        Some(last) => last.thresholds.iter().map(ToString::to_string).collect(),
        None => choices.thresholds.clone(),
    };
    let radio = |value, is_chosen: bool, name| {
        let checked = if is_chosen { " checked" } else { "" };
        format!("<label><input type=\"radio\" name=\"kind\" value=\"{value}\"{checked}>{name}</label>\n")
    };
    let hosts = numbered(&choices.hosts, last.map_or(0, |last| last.host));
    let scenarios = numbered(&choices.scenarios, last.map_or(0, |last| last.scenario));
    format!(
        "<label>{host}<select name=\"host\">{hosts}</select></label>\n\
         <label>{scenario}<select name=\"scenario\">{scenarios}</select></label>\n\
         <fieldset><legend>{load}</legend>\n{users}{rate}</fieldset>\n\
         <label>{level_name}<input name=\"level\" inputmode=\"decimal\" required value=\"{level}\"></label>\n\
         <label class=\"of-users\">{speed_name}<input name=\"per_second\" inputmode=\"decimal\" value=\"{speed}\"></label>\n\
         <label class=\"of-rate\">{arrivals_name}<select name=\"arrivals\">{arrivals}</select></label>\n\
         <label>{run_time_name}<input name=\"run_time\" value=\"{run_time}\"></label>\n\
         <label class=\"wide\">{thresholds_name}<textarea name=\"thresholds\" rows=\"2\" spellcheck=\"false\">{thresholds}</textarea></label>\n\
         <button name=\"action\" value=\"start\">{start}</button>\n",
        host = word(text!("Service")),
        scenario = word(text!("Scenario")),
        load = word(text!("Load")),
        users = radio("users", !is_rate, word(text!("users who wait"))),
        rate = radio("rate", is_rate, word(text!("requests per second"))),
        level_name = word(text!("How many")),
        speed_name = word(text!("Started per second")),
        speed = speed.map_or_else(String::new, |speed| speed.to_string()),
        arrivals_name = word(text!("They come")),
        run_time_name = word(text!("Run time (nothing: until it is stopped)")),
        run_time = escaped(&run_time),
        thresholds_name = word(text!("Thresholds, one in a line")),
        thresholds = escaped(&thresholds.join("\n")),
        start = word(text!("Start")),
    )
}

/// A run time as the form takes it: nothing for one that is stopped by hand.
fn written(time: std::time::Duration) -> String {
    if time == LONGEST_RUN {
        return String::new();
    }
    if time.subsec_nanos() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

/// What may be chosen, by its place in a list.
fn numbered(names: &[String], chosen: usize) -> String {
    options(names.iter().enumerate(), chosen)
}

/// What may be chosen: the value that is sent, and the name that is shown.
fn options<V: std::fmt::Display>(choices: impl IntoIterator<Item = (V, impl AsRef<str>)>, chosen: usize) -> String {
    let option = |(place, (value, name)): (usize, (V, _))| {
        let selected = if place == chosen { " selected" } else { "" };
        let name: &str = AsRef::as_ref(&name);
        format!("<option value=\"{value}\"{selected}>{}</option>", escaped(name))
    };
    choices.into_iter().enumerate().map(option).collect()
}

/// The runs that can be downloaded, the last one first.
pub(super) fn downloads<'k>(kept: impl Iterator<Item = &'k Kept>, language: Language) -> String {
    let row = |kept: &Kept| {
        let run = &kept.run;
        let number = kept.number;
        let what = say!(
            language,
            "Run {number}, {started}: {requests} requests, {failed} failed",
            number,
            started = run.started_at,
            requests = language.count(run.requests),
            failed = language.number(&run.fail_ratio.map_or_else(|| "–".to_owned(), units::percent))
        );
        let link = |kind: &str| {
            let name = format!("run-{number}.{}", kind.to_lowercase());
            format!("<a href=\"download/{name}\" download=\"{name}\">{kind}</a> ")
        };
        format!("<li>{} – {}</li>\n", escaped(&what), ["HTML", "JSON", "CSV"].map(link).concat())
    };
    let rows: String = kept.map(row).collect();
    if rows.is_empty() {
        return format!("<p>{}</p>", escaped(language.text(text!("There is no run yet."))));
    }
    format!("<ul class=\"downloads\">\n{rows}</ul>\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_form_opens_with_what_the_command_line_says_and_then_with_the_last_run() {
        let five_minutes = Duration::from_mins(5);
        let choices = Choices { run_time: five_minutes, spawn_rate: Some(2.5), ..Choices::default() };
        let first = start(&choices, None, Language::English);
        for field in ["name=\"run_time\" value=\"300s\"", "name=\"per_second\" inputmode=\"decimal\" value=\"2.5\""] {
            assert!(first.contains(field), "{field}: {first}");
        }
        let load = OrderedLoad::Users { users: 7, spawn_rate: None };
        let last = StartOrder { host: 0, scenario: 0, load, run_time: LONGEST_RUN, thresholds: Vec::new() };
        let again = start(&choices, Some(&last), Language::English);
        for field in ["name=\"run_time\" value=\"\"", "name=\"level\" inputmode=\"decimal\" required value=\"7\""] {
            assert!(again.contains(field), "{field}: {again}");
        }
        assert!(again.contains("name=\"per_second\" inputmode=\"decimal\" value=\"\""), "{again}");
    }
}
