//! A scenario of one request, without a file.

use std::path::Path;

use super::error::ScenarioError;
use super::tasks::Scenario;

/// One request, whose texts may have placeholders.
#[derive(Clone, Debug, Default)]
pub struct OneRequest {
    /// The method, such as `GET`.
    pub method: String,
    /// The path with its query; it starts with a slash.
    pub path: String,
    /// Names and values of headers.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<String>,
}

impl Scenario {
    /// A scenario that sends this request again and again, without a pause.
    pub fn of_request(request: &OneRequest) -> Result<Self, ScenarioError> {
        let OneRequest { method, path, headers, body } = request;
        let text = |text: &str| toml::Value::String(text.to_owned());
        let mut task = toml::Table::from_iter([
            ("name".to_owned(), text("request")),
            ("method".to_owned(), text(method)),
            ("path".to_owned(), text(path)),
            ("think_time".to_owned(), text("0s")),
        ]);
        let mut named = toml::Table::new();
        for (name, value) in headers {
            if named.insert(name.to_ascii_lowercase(), text(value)).is_some() {
                return Err(wrong(format!("the header {name} is given twice: give each header one value")));
            }
        }
        task.insert("headers".to_owned(), toml::Value::Table(named));
        if let Some(body) = body {
            task.insert("body".to_owned(), text(body));
        }
        let name = format!("{method} {}", path.split('?').next().unwrap_or_default());
        let file = toml::Table::from_iter([
            ("name".to_owned(), text(&name)),
            ("task".to_owned(), toml::Value::Array(vec![toml::Value::Table(task)])),
        ]);
        let scenario = Self::parse(&file.to_string(), "the command line", Path::new("."), &[]);
        // Nobody has seen the lines of this text.
        scenario.map_err(|error| ScenarioError { line: None, place: None, ..error })
    }
}

fn wrong(what: String) -> ScenarioError {
    ScenarioError { origin: "the command line".to_owned(), line: None, place: None, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> OneRequest {
        OneRequest { method: "GET".to_owned(), path: path.to_owned(), ..OneRequest::default() }
    }

    #[test]
    fn one_request_is_a_scenario() {
        let headers = vec![("Accept".to_owned(), "a \"quoted\" value".to_owned())];
        let body = Some("{\"n\": {{random(7, 7)}}}\n'''".to_owned());
        let scenario = Scenario::of_request(&OneRequest {
            method: "POST".to_owned(),
            headers,
            body,
            ..request("/items/{{random(1, 9)}}?page=2")
        });
        let scenario = scenario.unwrap();
        assert_eq!(scenario.groups()[0].route, "/items/{random}");
        assert_eq!(scenario.name(), "POST /items/{{random(1, 9)}}");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_a_line() {
        let twice = vec![("a".to_owned(), "1".to_owned()), ("A".to_owned(), "2".to_owned())];
        for (wrong, said) in [
            (OneRequest { method: "get".to_owned(), ..request("/") }, "\"get\" is not a method"),
            (OneRequest { headers: twice, ..request("/") }, "the header A is given twice"),
            (OneRequest { headers: vec![("x y".to_owned(), String::new())], ..request("/") }, "not a valid name"),
            (OneRequest { body: Some("{{nothing}}".to_owned()), ..request("/") }, "nothing is not known"),
        ] {
            let error = Scenario::of_request(&wrong).unwrap_err().to_string();
            assert!(error.starts_with("the command line") && error.contains(said), "{error}");
            assert!(!error.contains("line 1"), "{error}");
        }
    }
}
