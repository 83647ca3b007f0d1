//! `storemgr token`: makes tokens for `serve --tokens-file`.

use anyhow::anyhow;
use clap::Subcommand;
use storemgr::http::{Grant, Scope};
use storemgr::process::{self, Exit};

use crate::failure::{CommandResult, Failure};
use crate::output;

/// Make tokens for clients of a store that runs with --tokens-file
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    New(NewArgs),
}

/// Make a new token: print its line for the file of tokens, and show the token itself once, on standard error
///
/// `storemgr token new shop --scope read,order >> tokens` adds the line to the file; then send SIGHUP to each instance.
/// Only a digest of the token stands in the line, so a token that is lost cannot be shown again: make another one.
#[derive(Debug, clap::Args)]
struct NewArgs {
    /// The name of the client: letters, digits, dots, hyphens and underscores
    #[arg(value_name = "NAME")]
    name: String,
    /// What the token may be used for; repeatable, or comma-separated: read (every GET and GraphQL), order (POST
    /// /orders), metrics (/metrics), admin (everything)
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true, value_parser = scope)]
    scopes: Vec<Scope>,
}

fn scope(name: &str) -> Result<Scope, String> {
    Scope::parse(name).ok_or_else(|| {
        let names = Scope::ALL.map(Scope::name).join(", ");
        format!("there is no scope {name}; there are: {names}")
    })
}

pub(crate) fn run(args: &Args) -> CommandResult {
    let Action::New(new) = &args.action;
    let (grant, token) = Grant::new(&new.name, &new.scopes).map_err(|error| Failure::usage(anyhow!(error)))?;
    output::say(&grant.to_string())?;
    process::tell(&format!("The token of {}, which is shown only now:", grant.name));
    process::tell(token.reveal());
    Ok(Exit::Good)
}
