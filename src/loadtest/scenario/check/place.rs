//! Where a value of a JSON body is: a pointer (RFC 6901) to one, or a path (RFC 9535) that may find several.

use std::fmt;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use super::expected::{Expected, Found};

/// A place, as it was written, and compiled.
#[derive(Clone, Debug)]
pub(in crate::loadtest::scenario) struct Place {
    text: String,
    path: Option<JpQuery>,
}

impl Place {
    /// Reads a pointer, which is empty or starts with a slash, or a path, which starts with `$`.
    pub(in crate::loadtest::scenario) fn read(text: &str) -> Result<Self, String> {
        let path = if text.starts_with('$') {
            let parsed = parse_json_path(text);
            Some(parsed.map_err(|_| {
                format!("json.{text:?} is not a JSON path (RFC 9535): write it like json.\"$..id\" or json.\"$.items[0].id\"")
            })?)
        } else if text.is_empty() || text.starts_with('/') {
            None
        } else {
            return Err(format!(
                "{text:?} is not a JSON pointer: write json.\"/{text}\", or a path like json.\"$..{text}\""
            ));
        };
        Ok(Self { text: text.to_owned(), path })
    }

    /// Whether it may find several values.
    pub(super) fn is_path(&self) -> bool {
        self.path.is_some()
    }

    /// The first value that it leads to.
    pub(in crate::loadtest::scenario) fn first<'b>(&self, body: &'b Value) -> Option<&'b Value> {
        match &self.path {
            None => body.pointer(&self.text),
            Some(path) => js_path_process(path, body).ok()?.into_iter().next().map(|node| node.val),
        }
    }

    /// Why the values that it leads to are not as expected; None if they are.
    pub(super) fn complaint(&self, expected: &Expected, body: &Value) -> Option<String> {
        let Some(path) = &self.path else {
            let found = body.pointer(&self.text).map(Found::Json);
            return expected.complaint(self, found.as_slice());
        };
        let found = js_path_process(path, body).unwrap_or_default();
        let found: Vec<_> = found.into_iter().map(|node| Found::Json(node.val)).collect();
        expected.complaint(self, &found)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JSON {:?}", self.text)
    }
}
