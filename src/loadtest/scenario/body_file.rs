//! Reads the body of a request: a text, JSON, the fields of a form, a file as it is, or parts with files.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::encoding::Encoding;
use super::error::ScenarioError;
use super::reading::Reading;
use super::shapes::{FilePart, PartShape, RequestShape};
use super::tasks::BodyPart;
use super::template::{Around, Names, Scope, Template};
use crate::{units, wire};

/// The largest file that is sent: each user holds a copy while it sends.
const MOST_BYTES: u64 = 16 << 20;

/// The body of a request, and what it is.
pub(super) struct Body {
    pub(super) text: Template,
    /// Its parts, if it has files; the text is then empty.
    pub(super) parts: Vec<BodyPart>,
    pub(super) content_type: String,
}

/// Reads the body: at most one of the keys that give one.
pub(super) fn read_body(
    reading: &mut Reading<'_>,
    shape: &RequestShape,
    names: &mut Names,
    scope: &mut Scope,
) -> Result<Body, ScenarioError> {
    let given = [
        ("body", shape.body.as_ref().map(Spanned::span)),
        ("json", shape.json.as_ref().map(Spanned::span)),
        ("form", shape.form.as_ref().map(Spanned::span)),
        ("body_file", shape.body_file.as_ref().map(Spanned::span)),
        ("multipart", shape.multipart.as_ref().map(Spanned::span)),
    ];
    let mut given = given.into_iter().filter_map(|(key, span)| Some((key, span?)));
    if let (Some((one, _)), Some((other, span))) = (given.next(), given.next()) {
        return Err(reading
            .wrong(Some(span), format!("a request has one body, and here are {one} and {other}: write one of them")));
    }
    let body = |text, content_type: &str| Body { text, parts: Vec::new(), content_type: content_type.to_owned() };
    if let Some(text) = &shape.body {
        return Ok(body(reading.template(text, names, scope, None)?, wire::JSON));
    }
    if let Some(value) = &shape.json {
        let mut text = Template::default();
        let written = write_json(value.as_ref(), &mut text, names, scope);
        written.map_err(|what| reading.wrong(Some(value.span()), what))?;
        return Ok(body(text, wire::JSON));
    }
    if let Some(fields) = &shape.form {
        let mut text = Template::default();
        for (place, (name, value)) in in_file_order(fields.as_ref()).into_iter().enumerate() {
            text.text(&format!("{}{}=", if place > 0 { "&" } else { "" }, Encoding::Form.encoded(name)));
            let written = text.append(&value.as_ref().to_string(), names, scope, None, Around::Form);
            written.map_err(|(_, what)| reading.wrong(Some(value.span()), what))?;
        }
        return Ok(body(text, "application/x-www-form-urlencoded"));
    }
    if let Some(path) = &shape.body_file {
        let content = file(reading, path, path.as_ref())?;
        let parts = vec![BodyPart::Bytes(content)];
        let content_type = content_type(path.as_ref()).to_owned();
        return Ok(Body { text: Template::default(), parts, content_type });
    }
    match &shape.multipart {
        Some(parts) => multipart(reading, parts.as_ref(), names, scope),
        None => Ok(body(Template::default(), wire::JSON)),
    }
}

/// Fields as the file has them: some services want one of them last.
fn in_file_order<T>(fields: &BTreeMap<String, Spanned<T>>) -> Vec<(&String, &Spanned<T>)> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(_, value)| value.span().start);
    fields
}

/// Writes a value of TOML as JSON. A text that is one placeholder keeps the type of its value.
fn write_json(value: &toml::Value, into: &mut Template, names: &mut Names, scope: &mut Scope) -> Result<(), String> {
    match value {
        toml::Value::String(text) => {
            into.append(text, names, scope, None, Around::Json).map_err(|(_, what)| what)?;
        }
        toml::Value::Integer(number) => into.text(&number.to_string()),
        toml::Value::Float(number) => {
            let number = serde_json::Number::from_f64(*number)
                .ok_or_else(|| format!("json has {number}, which JSON cannot express"))?;
            into.text(&number.to_string());
        }
        toml::Value::Boolean(truth) => into.text(&truth.to_string()),
        toml::Value::Datetime(time) => into.text(&Encoding::Json.encoded(&time.to_string())),
        toml::Value::Array(all) => {
            into.text("[");
            for (place, value) in all.iter().enumerate() {
                into.text(if place > 0 { "," } else { "" });
                write_json(value, into, names, scope)?;
            }
            into.text("]");
        }
        toml::Value::Table(all) => {
            into.text("{");
            for (place, (key, value)) in all.iter().enumerate() {
                into.text(&format!("{}{}:", if place > 0 { "," } else { "" }, Encoding::Json.encoded(key)));
                write_json(value, into, names, scope)?;
            }
            into.text("}");
        }
    }
    Ok(())
}

/// The parts of a form with files (RFC 7578).
fn multipart(
    reading: &mut Reading<'_>,
    given: &BTreeMap<String, Spanned<PartShape>>,
    names: &mut Names,
    scope: &mut Scope,
) -> Result<Body, ScenarioError> {
    // No text that a person writes contains it; and a file that does by chance is one in 2^64.
    let boundary = format!("storemgr-{:016x}", rand::random::<u64>());
    let (mut parts, mut text) = (Vec::new(), Template::default());
    for (name, part) in in_file_order(given) {
        let name = escaped(name);
        text.text(&format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\""));
        match part.as_ref() {
            PartShape::Plain(value) => {
                text.text("\r\n\r\n");
                let written = text.append(&value.to_string(), names, scope, None, Around::Nothing);
                written.map_err(|(_, what)| reading.wrong(Some(part.span()), what))?;
            }
            PartShape::File(FilePart { file: path, kind }) => {
                let content = file(reading, part, path)?;
                let shown = std::path::Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
                let kind = kind.as_deref().unwrap_or_else(|| content_type(path));
                super::fits::header_text(kind)
                    .map_err(|what| reading.wrong(Some(part.span()), format!("{kind:?} {what}")))?;
                let shown = escaped(&shown.unwrap_or_default());
                text.text(&format!("; filename=\"{shown}\"\r\ncontent-type: {kind}\r\n\r\n"));
                parts.push(BodyPart::Text(std::mem::take(&mut text)));
                parts.push(BodyPart::Bytes(content));
            }
        }
        text.text("\r\n");
    }
    text.text(&format!("--{boundary}--\r\n"));
    parts.push(BodyPart::Text(text));
    Ok(Body { text: Template::default(), parts, content_type: format!("multipart/form-data; boundary={boundary}") })
}

/// A name as browsers write it in a part's head (WHATWG HTML, multipart form data).
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn file<T>(reading: &mut Reading<'_>, given: &Spanned<T>, path: &str) -> Result<Arc<[u8]>, ScenarioError> {
    let whole = reading.folder.join(path);
    let wrong = |what: String| reading.wrong(Some(given.span()), what);
    let told = |error: &std::io::Error| wrong(format!("{} cannot be read: {error}", whole.display()));
    let size = std::fs::metadata(&whole).map_err(|error| told(&error))?.len();
    if size > MOST_BYTES {
        let (size, most) = (units::bytes(size), units::bytes(MOST_BYTES));
        return Err(wrong(format!("{} has {size}, and at most {most} are sent", whole.display())));
    }
    let content = std::fs::read(&whole).map_err(|error| told(&error))?;
    reading.files.push(whole);
    Ok(content.into())
}

/// What a file is, by the end of its name.
fn content_type(path: &str) -> &'static str {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    match end.to_ascii_lowercase().as_str() {
        "json" => wire::JSON,
        "xml" => "application/xml",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "html" => "text/html",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
