//! The options for a Prometheus behind TLS or a token.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use storemgr::net::{Target, TlsOptions, Way};
use storemgr::promql::Prometheus;
use storemgr::units::Secret;

use super::NamedFiles;
use crate::failure::Failure;

/// How Prometheus is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct PrometheusAccess {
    /// For https: trust the authorities of this file, certificates in PEM, instead of the system's
    #[arg(long, env = "PROMETHEUS_CA", value_name = "FILE")]
    prometheus_ca: Option<PathBuf>,
    /// A file with the bearer token that Prometheus, or a proxy before it, asks for
    #[arg(long, env = "PROMETHEUS_TOKEN_FILE", value_name = "FILE")]
    prometheus_token_file: Option<PathBuf>,
}

impl PrometheusAccess {
    /// Adds the files that are read for it.
    pub(crate) fn named_files(&self, named: NamedFiles) -> NamedFiles {
        named
            .inputs("--prometheus-ca", &self.prometheus_ca)
            .inputs("--prometheus-token-file", &self.prometheus_token_file)
    }

    /// A client for the Prometheus at this address. Reads the token; nothing is sent yet.
    pub(crate) fn client(&self, target: Target) -> Result<Prometheus, Failure> {
        let token = self.prometheus_token_file.as_ref().map(|path| {
            let text = std::fs::read_to_string(path);
            let text =
                text.with_context(|| format!("the token of Prometheus cannot be read from {}", path.display()))?;
            let token = text.trim();
            if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(anyhow!("{} is not a bearer token: it must be one word", path.display()));
            }
            Ok(Secret::new(token.to_owned()))
        });
        let token = token.transpose().map_err(Failure::usage)?;
        let tls = TlsOptions { authorities: self.prometheus_ca.clone(), ..TlsOptions::default() };
        Ok(Prometheus::behind(target, Way { tls, ..Way::default() }, token))
    }
}
