//! Makes a scenario of what people have: a HAR, an OpenAPI document, a Postman collection, or curl commands.
//!
//! Each format is read into a draft, and the draft is written as the text of a scenario, which its author is to read. What
//! could not be carried over stands there as a comment, and is counted. Nothing is fetched: no other file is read, whatever
//! a document refers to.

mod correlate;
mod curl;
mod curl_options;
#[cfg(test)]
mod curl_tests;
mod draft;
mod har;
#[cfg(test)]
mod har_tests;
mod imported;
mod openapi;
#[cfg(test)]
mod openapi_tests;
mod placeholders;
mod postman;
#[cfg(test)]
mod postman_tests;
mod recorded;
mod schema;
mod shell;
mod tidied;
mod without_secrets;
mod written;

use serde_json::Value;

pub use imported::{ImportError, Imported};

/// Makes a scenario of the text of a document, whose kind is seen from what is in it.
pub fn import(text: &str) -> Result<Imported, ImportError> {
    let draft = if curl::is_one(text) {
        curl::read(text)?
    } else {
        let document = document(text)?;
        if document.pointer("/log/entries").is_some() {
            har::read(&document)?
        } else if document.get("openapi").is_some() {
            openapi::read(&document)?
        } else if document.get("swagger").is_some() {
            let what = "Swagger 2.0 is older than OpenAPI: convert the document to OpenAPI 3 first";
            return Err(ImportError(what.to_owned()));
        } else if document.get("item").is_some() && document.get("info").is_some() {
            postman::read(&document)?
        } else {
            return Err(unknown());
        }
    };
    Ok(written::write(&draft))
}

/// A document in JSON or YAML.
fn document(text: &str) -> Result<Value, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| {
            ImportError(format!("the document is not JSON ({error}): save it again from where it comes"))
        });
    }
    let read: Result<Value, _> = yaml_serde::from_str(text);
    let read = read.map_err(|error| {
        ImportError(format!("the document is neither JSON nor YAML ({error}): save it again from where it comes"))
    })?;
    if read.is_object() { Ok(read) } else { Err(unknown()) }
}

fn unknown() -> ImportError {
    let what = "the document is none that can be imported: give a HAR, an OpenAPI 3 document, a Postman collection 2.1, or \
                curl commands";
    ImportError(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_from_yaml_with_and_without_quotes() {
        for status in ["200", "'200'"] {
            let text = format!("openapi: 3.0.0\npaths:\n  /a:\n    get:\n      responses:\n        {status}: {{}}\n");
            assert!(import(&text).unwrap().text.contains("check = { status = 200 }"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_imported_is_refused_with_what_can() {
        for (text, said) in [
            ("", "none that can be imported"),
            ("{}", "none that can be imported"),
            ("a: 1", "none that can be imported"),
            ("hello", "none that can be imported"),
            ("{\"log\"", "is not JSON"),
            ("openapi: 3.0.0\npaths:\n  /a: {get: [", "neither JSON nor YAML ("),
            ("openapi: 3.0.0\npaths:\n  /a: {get: [", "line "),
            ("openapi: 3.0.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {}\n  bad", "line "),
            ("{\"swagger\":\"2.0\"}", "convert the document to OpenAPI 3"),
        ] {
            let error = import(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
