//! The options for one request that needs no scenario file.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};
use storemgr::loadtest::{OneRequest, Scenario};
use storemgr::net::Target;

use super::groups::WITH_URL;
use crate::failure::Failure;
use crate::options::NamedFiles;

/// The URL and the options under the heading "Request".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request")]
pub(crate) struct RequestArgs {
    /// Send this one request instead of a scenario, without a pause unless --think-time is given. Placeholders are those
    /// of scenarios: {{random(1, 100)}}, {{env.TOKEN}}
    #[arg(value_name = "URL", value_parser = url, conflicts_with_all = ["scenario", "host"])]
    url: Option<(Target, String)>,
    /// With a URL: the method [default: GET; POST with --body]
    #[arg(long, value_name = "METHOD", group = WITH_URL)]
    method: Option<String>,
    /// With a URL: a header; repeatable. A secret is taken from the environment: 'authorization: Bearer {{env.TOKEN}}'
    #[arg(long = "header", value_name = "NAME: VALUE", group = WITH_URL, value_parser = header)]
    headers: Vec<(String, String)>,
    /// With a URL: the body, or @FILE to read it from a file (@- from standard input)
    #[arg(long, value_name = "TEXT", group = WITH_URL)]
    body: Option<String>,
}

fn url(text: &str) -> Result<(Target, String), storemgr::net::InvalidTarget> {
    Target::parse_url(text)
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write the name, a colon and the value")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl RequestArgs {
    /// The service of the URL, if one was given.
    pub(super) fn target(&self) -> Option<&Target> {
        self.url.as_ref().map(|(target, _)| target)
    }

    /// Adds the file of the body, if it is one.
    pub(super) fn named_files(&self, named: NamedFiles) -> NamedFiles {
        let file = self.body.as_deref().and_then(|body| body.strip_prefix('@'));
        named.inputs("--body", file.filter(|path| *path != "-"))
    }

    /// The scenario that sends this request; None without a URL.
    pub(super) fn scenario(&self) -> Result<Option<Scenario>, Failure> {
        let Some((_, path)) = &self.url else { return Ok(None) };
        let body = self.body.as_deref().map(body).transpose().map_err(Failure::usage)?;
        let default = if body.is_some() { "POST" } else { "GET" };
        let request = OneRequest {
            method: self.method.clone().unwrap_or_else(|| default.to_owned()),
            path: path.clone(),
            headers: self.headers.clone(),
            body,
        };
        Scenario::of_request(&request).map(Some).map_err(Failure::usage)
    }
}

/// The text of a body, or that of its file.
fn body(given: &str) -> anyhow::Result<String> {
    let Some(path) = given.strip_prefix('@') else { return Ok(given.to_owned()) };
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().read_to_end(&mut bytes).context("the body cannot be read from standard input")?;
    } else {
        bytes = std::fs::read(Path::new(path)).with_context(|| format!("the body cannot be read from {path}"))?;
    }
    String::from_utf8(bytes).map_err(|_| anyhow!("the body is not text in UTF-8, and only such bodies can be sent"))
}
