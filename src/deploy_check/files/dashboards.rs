//! A Grafana dashboard: the PromQL expressions of its panels, annotations and variables.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::deploy_check::place::{Place, Problem};

#[derive(Debug)]
pub(in crate::deploy_check) struct Dashboard {
    pub(in crate::deploy_check) path: PathBuf,
    pub(in crate::deploy_check) expressions: Vec<String>,
}

impl Dashboard {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let place = Place::new(path, 0);
        let document: Value =
            serde_json::from_str(text).map_err(|error| Problem::new(&place.at(error.line()), "it is not JSON"))?;
        let mut expressions = Vec::new();
        gather(&document, &mut expressions);
        Ok(Self { path: path.to_owned(), expressions })
    }
}

/// Collects the `expr` of panels and annotations, and the queries of variables such as `label_values(up, instance)`.
fn gather(value: &Value, expressions: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inside) in map {
                match inside {
                    Value::String(text) if key == "expr" => expressions.push(text.clone()),
                    Value::String(text) if key == "query" && text.starts_with("label_values(") => {
                        expressions.push(text.clone());
                    }
                    inside => gather(inside, expressions),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, expressions)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_found_however_deep() {
        let text = r#"{"panels":[{"targets":[{"expr":"up"}],"panels":[{"targets":[{"expr":"down"}]}]}],
            "templating":{"list":[{"query":{"query":"label_values(a, b)"}},{"query":"prometheus"}]}}"#;
        let mut found = Dashboard::parse(Path::new("d.json"), text).unwrap().expressions;
        found.sort();
        assert_eq!(found, ["down", "label_values(a, b)", "up"]);
    }
}
