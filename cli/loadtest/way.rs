//! The options for the way to the service: TLS, HTTP/2, other addresses, a socket or a proxy.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::anyhow;
use storemgr::net::{Proxy, Target, TlsOptions, Way};
use storemgr::units::Secret;

use super::groups::WITH_HTTPS;
use crate::failure::Failure;
use crate::options::{NamedFiles, target};

/// The variable with the authorization for the proxy, which is never an option.
const PROXY_AUTHORIZATION: &str = "PROXY_AUTHORIZATION";

/// How many users share an HTTP/2 connection at a rate, unless a number is given: as many as a server should allow at least
/// (RFC 9113, section 6.5.2).
const STREAMS_AT_A_RATE: u32 = 100;

/// The options under the heading "Connections".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connections")]
pub(crate) struct WayArgs {
    /// For https: trust the authorities of this file, certificates in PEM, instead of the system's
    #[arg(long, env = "STOREMGR_CA", value_name = "FILE", group = WITH_HTTPS)]
    ca: Option<PathBuf>,
    /// For https: our own certificate with its chain in PEM, if the service asks for one
    #[arg(long, env = "STOREMGR_CERT", value_name = "FILE", requires = "key", group = WITH_HTTPS)]
    cert: Option<PathBuf>,
    /// For https: the private key of --cert in PEM, not encrypted
    #[arg(long, env = "STOREMGR_KEY", value_name = "FILE", requires = "cert", group = WITH_HTTPS)]
    key: Option<PathBuf>,
    /// For https: accept any certificate, whoever answers; the results say so
    #[arg(long, conflicts_with = "ca", group = WITH_HTTPS)]
    insecure: bool,
    /// Speak HTTP/2: agreed on in the TLS handshake for https, else without asking
    #[arg(long)]
    http2: bool,
    /// With --http2: how many users share a connection, each with one request at a time [default: 1; with --rate 100]
    #[arg(long, value_name = "COUNT", requires = "http2", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    streams: Option<u32>,
    /// Connect to this host and port instead of those of the URL, whose name is still sent and checked
    #[arg(long, value_name = "HOST:PORT", value_parser = target, conflicts_with_all = ["unix", "proxy"])]
    connect_to: Option<Target>,
    /// Connect from this address of this machine; repeatable, to use more ports than one address has
    #[arg(long = "source", value_name = "IP", conflicts_with = "unix")]
    sources: Vec<IpAddr>,
    /// Connect to this Unix socket; the URL still gives the name and the path
    #[arg(long, value_name = "PATH", conflicts_with = "proxy")]
    unix: Option<PathBuf>,
    /// Ask this HTTP proxy for a tunnel to the service. The value of its Proxy-Authorization header is taken from the
    /// environment variable PROXY_AUTHORIZATION
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl WayArgs {
    /// The way to a service; files are read later.
    pub(super) fn way(&self) -> Result<Way, Failure> {
        let proxy = self.proxy.as_deref().map(|text| {
            let authorization = std::env::var(PROXY_AUTHORIZATION).ok().map(Secret::new);
            Proxy::new(text, authorization).map_err(|error| anyhow!("--proxy: {error}"))
        });
        Ok(Way {
            tls: TlsOptions {
                authorities: self.ca.clone(),
                identity: self.cert.clone().zip(self.key.clone()),
                insecure: self.insecure,
            },
            connect_to: self.connect_to.clone(),
            sources: self.sources.clone(),
            unix: self.unix.clone(),
            proxy: proxy.transpose().map_err(Failure::usage)?,
            http2: self.http2,
        })
    }

    /// Adds the files that are read for TLS.
    pub(super) fn named_files(&self, named: NamedFiles) -> NamedFiles {
        named.inputs("--ca", &self.ca).inputs("--cert", &self.cert).inputs("--key", &self.key)
    }

    /// How many users share a connection.
    pub(super) fn streams(&self, at_a_rate: bool) -> u32 {
        match (self.http2, at_a_rate) {
            (true, true) => self.streams.unwrap_or(STREAMS_AT_A_RATE),
            _ => self.streams.unwrap_or(1),
        }
    }
}
