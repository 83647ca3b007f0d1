//! The options for a run in a browser: where the page is, and who may see it.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use storemgr::loadtest::{Choices, LivePage, PageSettings, Reach};
use storemgr::net::{Scheme, ServerTls, Target};
use storemgr::process;
use storemgr::say;
use storemgr::units::{Language, Secret};

use super::{NamedFiles, target};
use crate::failure::{CommandResult, Failure};

/// The address of the page where none is written: the port is Locust's.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8089";

/// A token that is typed or kept in a file has at least so many characters.
const SHORTEST_TOKEN: usize = 16;

/// The options under the heading "In a browser".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In a browser")]
pub(crate) struct PageArgs {
    /// Show what is measured in a browser as it comes; `loadtest` is steered from there, and without users, rate or stages it
    /// is started from there as well
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = DEFAULT_ADDRESS,
          value_parser = page_address)]
    page: Option<SocketAddr>,
    /// Take the token of the page from this file, instead of a new one that is printed with the address
    #[arg(long, value_name = "FILE", requires = "page")]
    page_token_file: Option<PathBuf>,
    /// The certificate of the page with its chain (PEM); beyond this machine the page is shown with TLS only
    #[arg(long, value_name = "FILE", requires_all = ["page", "page_key"])]
    page_cert: Option<PathBuf>,
    /// The private key of --page-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "page_cert")]
    page_key: Option<PathBuf>,
    /// The https:// address under which a proxy shows the page; the proxy then has the TLS
    #[arg(long, value_name = "URL", value_parser = target, requires = "page", conflicts_with = "page_cert")]
    page_proxy: Option<Target>,
}

/// Says on the page that nothing more will come, and why where something could not be done.
pub(crate) async fn close_page(page: Option<&LivePage>, language: Language, outcome: CommandResult) -> CommandResult {
    if let Some(page) = page {
        let why = outcome.as_ref().err().map(|failure| language.retold(&failure.sentence()));
        page.close(why.as_deref()).await;
    }
    outcome
}

fn page_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("write an IP address of this machine and a port, such as {DEFAULT_ADDRESS}"))
}

impl PageArgs {
    /// Whether the run is shown in a browser.
    pub(crate) fn is_wanted(&self) -> bool {
        self.page.is_some()
    }

    /// Adds the files that it reads.
    pub(crate) fn named_files(&self, named: NamedFiles) -> NamedFiles {
        let named = named.inputs("--page-token-file", &self.page_token_file).inputs("--page-cert", &self.page_cert);
        named.inputs("--page-key", &self.page_key)
    }

    /// Starts to serve the page, if it was asked for, and prints its address.
    /// With choices, runs are started from it.
    pub(crate) fn listen(
        &self,
        language: Language,
        steers: bool,
        choices: Option<Choices>,
    ) -> Result<Option<LivePage>, Failure> {
        let Some(listen) = self.page else { return Ok(None) };
        let (reach, token) = (self.reach(listen)?, self.token()?);
        let settings = PageSettings { listen, reach, token, language, steers, choices };
        let page = LivePage::listen(settings);
        let page = page
            .with_context(|| format!("cannot listen on {listen}, the address of --page"))
            .map_err(Failure::usage)?;
        // Without its address nobody can open it, so that it is printed even if everything else is quiet.
        process::tell(&say!(language, "The page: {address}", address = page.url()));
        Ok(Some(page))
    }

    fn reach(&self, listen: SocketAddr) -> Result<Reach, Failure> {
        if let Some((chain, key)) = self.page_cert.as_ref().zip(self.page_key.as_ref()) {
            return ServerTls::read(chain, key).map(Reach::Tls).map_err(Failure::usage);
        }
        match &self.page_proxy {
            Some(proxy) if proxy.scheme() != Scheme::Https || !proxy.prefix().is_empty() => {
                Err(Failure::usage(anyhow!(
                    "--page-proxy needs an https:// address without a path: what the page shows goes over a network"
                )))
            }
            Some(proxy) => Ok(Reach::Proxy(proxy.clone())),
            None if listen.ip().is_loopback() => Ok(Reach::Loopback),
            None => Err(Failure::usage(anyhow!(
                "{} can be reached from other machines: the page is shown there with --page-cert and --page-key, or behind the proxy \
                 that --page-proxy names",
                listen.ip()
            ))),
        }
    }

    fn token(&self) -> Result<Option<Secret>, Failure> {
        let Some(path) = &self.page_token_file else { return Ok(None) };
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("{} cannot be read", path.display())).map_err(Failure::usage)?;
        let token = text.trim();
        if token.len() < SHORTEST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage(anyhow!(
                "{} has no token: it must be one line of at least {SHORTEST_TOKEN} letters, digits and signs, as `openssl rand \
                 -hex 16` writes it",
                path.display()
            )));
        }
        Ok(Some(Secret::new(token.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_page_is_one_of_this_machine_with_a_port() {
        assert!(page_address(DEFAULT_ADDRESS).is_ok() && page_address("[::1]:0").is_ok());
        assert!(
            ["", "8089", "localhost:8089"].into_iter().all(|text| page_address(text).unwrap_err().contains("8089"))
        );
    }
}
