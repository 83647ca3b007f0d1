//! The options for who may use a store: the file of tokens of a service, and the token of a client.

use std::ffi::OsString;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use storemgr::http::{Access, Tokens};
use storemgr::process;
use storemgr::units::Secret;

use super::environment::secret;
use crate::failure::Failure;

/// The option of a service.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
pub(crate) struct AccessArgs {
    /// Ask each request for a token of this file, except /health-check, /live and /ready; without it, everyone may do
    /// everything. The file is read again on SIGHUP; `storemgr token new` makes a line of it
    #[arg(long, env = "STOREMGR_TOKENS_FILE", value_name = "FILE")]
    tokens_file: Option<OsString>,
}

impl AccessArgs {
    /// Reads the tokens; `None` if the store asks for none. An empty path is none, as compose passes it.
    pub(crate) fn load(&self) -> Result<Option<Arc<Access>>, Failure> {
        let Some(path) = self.path() else { return Ok(None) };
        let tokens = Tokens::read(path).with_context(|| format!("{} is not a file of tokens", path.display()));
        let tokens = tokens.map_err(Failure::usage)?;
        tracing::info!(tokens = tokens.count(), "requests are asked for a token");
        Ok(Some(Arc::new(Access::new(tokens))))
    }

    /// What ends the service. SIGHUP does, as for every command, unless there are tokens, which it has read again.
    pub(crate) fn shutdown(
        &self,
        access: Option<&Arc<Access>>,
    ) -> std::io::Result<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let (Some(access), Some(path)) = (access, self.path()) else { return Ok(Box::pin(process::terminated()?)) };
        let (access, path) = (Arc::clone(access), path.to_owned());
        let mut hangups = process::hangups()?;
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                // The file is small, and read at once.
                match Tokens::read(&path) {
                    Ok(tokens) => {
                        tracing::info!(tokens = tokens.count(), "the file of tokens was read again");
                        access.replace(tokens);
                    }
                    Err(error) => {
                        let file = path.display();
                        tracing::error!(%error, %file, "the file of tokens cannot be used: the tokens from before stay");
                    }
                }
            }
        });
        Ok(Box::pin(process::terminated_not_hung_up()?))
    }

    fn path(&self) -> Option<&Path> {
        self.tokens_file.as_ref().filter(|path| !path.is_empty()).map(Path::new)
    }
}

/// The token with which a command uses a store: `STOREMGR_TOKEN`, or the file that `STOREMGR_TOKEN_FILE` names.
pub(crate) fn token() -> Result<Option<Secret>, Failure> {
    let Some(text) = secret(&["STOREMGR_TOKEN"])? else { return Ok(None) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::usage(anyhow!("STOREMGR_TOKEN is not a token: it has characters that no token has")));
    }
    Ok(Some(Secret::new(text.to_owned())))
}
