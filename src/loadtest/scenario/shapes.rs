//! The shape of a scenario file as TOML: its keys and the types of their values. What they mean is decided elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileShape {
    pub(super) name: String,
    pub(super) think_time: Option<Spanned<Plain>>,
    #[serde(default)]
    pub(super) client: ClientShape,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Spanned<Plain>>,
    #[serde(default)]
    pub(super) csv: BTreeMap<String, Spanned<CsvShape>>,
    /// Other services of the scenario, by the name that its paths use.
    #[serde(default)]
    pub(super) hosts: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) task: Vec<Spanned<RequestShape>>,
    #[serde(default)]
    pub(super) journey: Vec<Spanned<JourneyShape>>,
}

/// What every user does of itself; all of it is off where nothing is said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct ClientShape {
    /// Whether each user has a jar of cookies.
    pub(super) cookies: bool,
    /// How many redirects of one request are followed.
    pub(super) redirects: Option<Spanned<u32>>,
    /// Whether compressed answers are accepted.
    pub(super) compression: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text or a whole number was expected")]
pub(super) enum Plain {
    Number(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write the path of a CSV file, or { file = \"users.csv\", order = \"sequential\" }")]
pub(super) enum CsvShape {
    File(String),
    Ordered(CsvFile),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file and its order")]
pub(super) struct CsvFile {
    pub(super) file: String,
    #[serde(default)]
    pub(super) order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    #[default]
    Random,
    Sequential,
}

/// Steps in their order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a journey in a table")]
pub(super) struct JourneyShape {
    pub(super) name: Spanned<String>,
    pub(super) weight: Option<Spanned<u32>>,
    pub(super) think_time: Option<Spanned<Plain>>,
    #[serde(default)]
    pub(super) step: Vec<Spanned<RequestShape>>,
}

/// One request: a task, or a step of a journey. Some keys belong to the one or the other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a request in a table")]
pub(super) struct RequestShape {
    pub(super) name: Option<String>,
    pub(super) weight: Option<Spanned<u32>>,
    pub(super) method: Option<Spanned<String>>,
    pub(super) path: Spanned<String>,
    pub(super) route: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(super) bearer: Option<Spanned<String>>,
    pub(super) basic: Option<Spanned<BasicShape>>,
    pub(super) body: Option<Spanned<String>>,
    pub(super) body_file: Option<Spanned<String>>,
    pub(super) json: Option<Spanned<toml::Value>>,
    pub(super) form: Option<Spanned<BTreeMap<String, Spanned<Plain>>>>,
    pub(super) multipart: Option<Spanned<BTreeMap<String, Spanned<PartShape>>>>,
    pub(super) think_time: Option<Spanned<Plain>>,
    pub(super) check: Option<Spanned<toml::Table>>,
    #[serde(default)]
    pub(super) capture: BTreeMap<Spanned<String>, Spanned<CaptureShape>>,
    pub(super) until: Option<Spanned<toml::Table>>,
    pub(super) when: Option<Spanned<String>>,
    pub(super) repeat: Option<Spanned<Plain>>,
}

/// A name and a password.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a name and a password")]
pub(super) struct BasicShape {
    pub(super) user: Spanned<String>,
    pub(super) password: Spanned<String>,
}

/// A part of a form that may carry files.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write a text, or { file = \"photo.jpg\", type = \"image/jpeg\" }")]
pub(super) enum PartShape {
    Plain(Plain),
    File(FilePart),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file")]
pub(super) struct FilePart {
    pub(super) file: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

/// What is kept of an answer; one of the first three.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the place of a value")]
pub(super) struct CaptureShape {
    pub(super) json: Option<String>,
    pub(super) header: Option<String>,
    pub(super) body: Option<String>,
    /// What is kept if it is not there.
    pub(super) default: Option<String>,
}

impl std::fmt::Display for Plain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}
