//! What is wrong with the form of a scenario file, as a person can mend it: the parser's message with the step, and what to
//! write instead.

use super::error::ScenarioError;
use super::reading::Reading;
use crate::units::nearest;

/// What to write for a key. The outermost key of a line decides.
const EXAMPLES: [(&str, &str); 34] = [
    ("name", "name = \"…\""),
    ("path", "path = \"/products/1\""),
    ("method", "method = \"POST\""),
    ("route", "route = \"/orders/{id}\""),
    ("headers", "headers = { accept = \"text/html\" }"),
    ("bearer", "bearer = \"{{env.TOKEN}}\""),
    ("basic", "basic = { user = \"mia\", password = \"{{env.PASSWORD}}\" }"),
    ("body", "body = \"…\""),
    ("body_file", "body_file = \"order.json\""),
    ("json", "json = { quantity = 1 }"),
    ("form", "form = { email = \"mia@example.com\" }"),
    ("multipart", "multipart = { note = \"x\", photo = { file = \"cat.jpg\" } }"),
    ("check", "check = { status = 200 }"),
    ("capture", "capture = { token = { json = \"/token\" } }"),
    ("until", "until = { json.\"/state\" = \"paid\", every = \"500ms\", within = \"30s\" }"),
    ("when", "when = \"{{stock}} > 0\", or \"30%\""),
    ("repeat", "repeat = 3, or \"1..5\""),
    ("weight", "weight = 3, a whole number from 0 on"),
    ("think_time", "think_time = \"500ms\""),
    ("redirects", "redirects = 10, a whole number from 0 on"),
    ("cookies", "cookies = true"),
    ("compression", "compression = true"),
    ("file", "file = \"users.csv\""),
    ("order", "order = \"sequential\", or \"random\""),
    ("user", "user = \"mia\""),
    ("password", "password = \"{{env.PASSWORD}}\""),
    ("variables", "[variables] and below it products = 500"),
    ("csv", "[csv] and below it users = \"users.csv\""),
    ("hosts", "[hosts] and below it api = \"https://api.shop.example\""),
    ("client", "[client] and below it cookies = true"),
    ("task", "[[task]] in double brackets, with a name and a path"),
    ("journey", "[[journey]] in double brackets, with a name and [[journey.step]]"),
    ("step", "[[journey.step]] in double brackets, with a path"),
    ("default", "capture = { next = { json = \"/next\", default = \"none\" } }"),
];

/// What is wrong with the form of a file. The parser's own message would sometimes be that a map is not a sequence.
pub(super) fn malformed(reading: &Reading<'_>, text: &str, error: &toml::de::Error) -> ScenarioError {
    let table = toml::from_str::<toml::Table>(text);
    let is_toml = table.is_ok();
    let table = table.unwrap_or_default();
    let is_table = |name: &str| table.get(name).is_some_and(toml::Value::is_table);
    if is_table("task") {
        let what = "a scenario has a list of tasks: write [[task]] in double brackets";
        return reading.wrong(error.span(), what.to_owned());
    }
    if is_table("journey") {
        let what = "a scenario has a list of journeys: write [[journey]] in double brackets, and [[journey.step]]";
        return reading.wrong(error.span(), what.to_owned());
    }
    let steps = |journey: &toml::Value| journey.get("step").is_some_and(toml::Value::is_table);
    if table.get("journey").and_then(toml::Value::as_array).is_some_and(|all| all.iter().any(steps)) {
        let what = "a journey has a list of steps: write [[journey.step]] in double brackets";
        return reading.wrong(error.span(), what.to_owned());
    }
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let sections = sections(text);
    let mut wrong = reading.wrong(error.span(), told(text, at, error, is_toml, &sections));
    wrong.place = place(&sections, at);
    wrong
}

/// The message, and what to do.
fn told(text: &str, at: usize, error: &toml::de::Error, is_toml: bool, sections: &[Section]) -> String {
    let message = error.message().trim_end_matches('.').replace('\n', ", ");
    if message.contains("duplicate key") {
        return format!("{message}: a name stands once in its table, so write one of the two, or put them together");
    }
    if !is_toml {
        let what = "write key = value, with texts in quotes, lists in [ ] and tables in { }, each closed again";
        return format!("{message}: this is not TOML; {what}");
    }
    if let Some(name) = quoted(&message, "missing field ") {
        let example = example(name).map_or_else(|| format!("{name} = …"), str::to_owned);
        return format!("{message}: write {example}");
    }
    if let Some(name) = quoted(&message, "unknown field ") {
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        return match nearest(name, &known) {
            Some(nearest) => format!("unknown field `{name}`: write {nearest}"),
            None => format!("{message}: write one of them, or leave it out"),
        };
    }
    let message = message
        .replace("expected u32", "expected a whole number from 0 on")
        .replace("expected a map", "expected a table");
    match wanted(text, at, sections) {
        Some(example) if !message.contains("write ") => format!("{message}: write {example}"),
        _ => message,
    }
}

/// The name in backticks behind these words.
fn quoted<'a>(message: &'a str, words: &str) -> Option<&'a str> {
    message.strip_prefix(words)?.strip_prefix('`')?.split('`').next()
}

fn example(key: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(known, _)| *known == key).map(|(_, example)| *example)
}

/// What to write where the error is: by the keys of its line, or by its table.
fn wanted(text: &str, at: usize, sections: &[Section]) -> Option<&'static str> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let words = text[start..at].split('=').map(|part| part.rsplit(['{', ',', '[']).next().unwrap_or(part).trim());
    let mut keys: Vec<&str> = words.filter(|key| !key.is_empty()).map(|key| key.trim_matches(['"', '\''])).collect();
    if keys.is_empty() {
        // The whole pair, as with a key that is wrong.
        keys.extend(text[at..].split(['=', '\n', ']']).next().map(str::trim));
    }
    if keys.first() == Some(&"capture") && keys.last() == Some(&"default") {
        return example("default");
    }
    let of_table = sections.iter().rfind(|section| section.start <= at).and_then(|section| {
        let inside = section.header.rsplit('.').next().unwrap_or_default();
        (!["step", "task", "journey", "client"].contains(&inside)).then(|| example(inside)).flatten()
    });
    of_table.or_else(|| keys.iter().find_map(|key| example(key)))
}

/// A table of a file: what its header says, where it begins, and its name if it has one.
struct Section {
    header: String,
    is_list: bool,
    start: usize,
    name: Option<String>,
}

/// The tables of a file in their order.
fn sections(text: &str) -> Vec<Section> {
    let (mut all, mut start): (Vec<Section>, usize) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let plain = line.split('#').next().unwrap_or_default().trim();
        // A line of a list may be in brackets, too.
        let is_name = |text: &&str| text.trim_start_matches('[').starts_with(|c: char| c.is_alphabetic());
        let header = plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(is_name);
        if let Some(header) = header {
            let inside = header.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let words = inside.unwrap_or(header).split('.').map(str::trim).collect::<Vec<_>>().join(".");
            all.push(Section { header: words, is_list: inside.is_some(), start, name: None });
        } else if let Some(section) = all.last_mut().filter(|section| section.name.is_none()) {
            let table = toml::from_str::<toml::Table>(line).unwrap_or_default();
            section.name = table.get("name").and_then(toml::Value::as_str).map(str::to_owned);
        }
        start += line.len();
    }
    all
}

/// The task, or the journey and the step, in which the error is.
fn place(sections: &[Section], at: usize) -> Option<String> {
    let (mut journeys, mut steps) = (0, 0);
    let (mut journey, mut inner) = (String::new(), None);
    for section in sections.iter().take_while(|section| section.start <= at) {
        match (section.header.as_str(), section.is_list) {
            ("task", true) => inner = section.name.as_ref().map(|name| format!("task {name:?}")),
            ("journey", true) => {
                (journeys, steps) = (journeys + 1, 0);
                journey = section
                    .name
                    .as_ref()
                    .map_or_else(|| format!("journey {journeys}"), |name| format!("journey {name:?}"));
                inner = Some(journey.clone());
            }
            ("journey.step", true) => {
                steps += 1;
                let name = section.name.clone().unwrap_or_else(|| format!("step {steps}"));
                inner = Some(format!("{journey}, step {name:?}"));
            }
            (other, false) if other.starts_with("journey.") || other.starts_with("task.") => {}
            _ => inner = None,
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use crate::loadtest::scenario::Scenario;

    fn refused(text: &str) -> String {
        Scenario::parse(text, "x.toml", std::path::Path::new("."), &[]).unwrap_err().to_string()
    }

    #[test]
    fn a_file_of_another_form_is_refused_with_line_step_and_remedy() {
        let head =
            "name = 'x'\n[[journey]]\nname = 'buy'\n[[journey.step]]\npath = '/'\n[[journey.step]]\nname = 'pay'\n";
        for (lines, said) in [
            ("method = 'GET'", "missing field `path`: write path = \"/"),
            ("path = 5", "write path = \"/products/1\""),
            ("path = '/'\nbasic = 'u:p'", "expected a name and a password: write basic = { user ="),
            ("path = '/'\nbasic = { user = 'u' }", "missing field `password`: write password ="),
            ("path = '/'\nbasic = { user = 'u', password = 1 }", "write basic = { user ="),
            ("path = '/'\ncapture = { a = '/t' }", "write capture = { token = { json = \"/token\" } }"),
            ("path = '/'\ncapture = { a = { json = 5 } }", "write capture = { token ="),
            ("path = '/'\ncapture = { a = { json = '/a', default = 1 } }", "default = \"none\""),
            ("path = '/'\ncapture = { a = { jsn = '/a' } }", "unknown field `jsn`: write json"),
            ("path = '/'\ncapture = 'a'", "write capture = { token ="),
            ("path = '/'\ncaptures = { a = { json = '/a' } }", "unknown field `captures`: write capture"),
            ("path = '/'\njsn = {}", "unknown field `jsn`: write json"),
            ("path = '/'\nwieght = 1", "unknown field `wieght`: write weight"),
            ("path = '/'\ncolour = 1", "write one of them, or leave it out"),
            ("path = '/'\nweight = -3", "expected a whole number from 0 on: write weight = 3"),
            ("path = '/'\nheaders = ['a']", "expected a table: write headers = { accept"),
            ("path = '/'\nheaders = { a = 1 }", "write headers = { accept"),
            ("path = '/'\n[journey.step.headers]\na = 1", "write headers = { accept"),
            ("path = '/'\nuntil = 'x'", "write until = { json.\"/state\""),
            ("path = '/'\nbearer = 5", "write bearer = \"{{env.TOKEN}}\""),
            ("path = '/'\nrepeat = 1.5", "write repeat = 3, or \"1..5\""),
            ("path = '/'\nform = { a = [1] }", "write form = { email"),
            ("path = '/'\nform = 'a=1'", "write form = { email"),
            ("path = '/'\nmultipart = { a = [1] }", "write a text, or { file ="),
            ("path = '/'\nmethod = true", "write method = \"POST\""),
            ("path = '/'\nthink_time = 1.5", "write think_time = \"500ms\""),
            ("path = '/'\ncheck = 200", "write check = { status = 200 }"),
            ("path = '/'\nwhen = 30", "write when = "),
            ("path = '/'\npath = '/b'", "duplicate key"),
            ("path = '/", "this is not TOML"),
            ("path '/'", "this is not TOML"),
            ("path = '/'\nheaders = { a = 'b'", "this is not TOML"),
        ] {
            let error = refused(&format!("{head}{lines}"));
            let first = if lines.starts_with("path = '/'\n") { ", line 9" } else { ", line " };
            let is_placed = error.contains(", journey \"buy\", step \"pay\": ") && error.contains(", line ");
            let is_in_line = error.contains(first) || lines.contains("[journey.step") || error.contains("TOML");
            assert!(error.contains(said) && is_placed && is_in_line, "{lines}\n{error}");
        }
    }

    #[test]
    fn a_mistake_outside_of_a_step_is_placed_where_it_is() {
        for (text, said) in [
            ("name = 'x'\n[client]\nredirects = -1", "x.toml, line 3: invalid value"),
            ("name = 'x'\n[client]\nredirects = -1", "write redirects = 10"),
            ("name = 'x'\n[client]\ncookie = true", "line 3: unknown field `cookie`: write cookies"),
            ("name = 5", "write name = \"…\""),
            ("name = 'x'\nclient = 3", "write [client]"),
            ("name = 'x'\ntask = 3", "write [[task]] in double brackets"),
            ("name = 'x'\n[hosts]\na = 3", "line 3: invalid type: integer `3`, expected a string: write [hosts]"),
            ("name = 'x'\n[variables]\na = 1.5", "line 3: a text or a whole number was expected: write [variables]"),
            ("name = 'x'\n[[journey]]\nname = 'a'\nstep = 3", "line 4, journey \"a\": "),
            ("name = 'x'\n[[journey]]\n[[journey.step]]\npath = 3\n", "line 4, journey 1, step \"step 1\": "),
            ("name = 'x'\n[[task]]\nname = 't'\npath = '/'\nweight = 'a'", "line 5, task \"t\": "),
            ("name = 'x'\n[[task]]\npath = 3\nname = 't'\n[[task]]\nname = 'u'", "line 3, task \"t\": "),
        ] {
            let error = refused(text);
            assert!(error.contains(said), "{text}\n{said}\n{error}");
        }
    }
}
