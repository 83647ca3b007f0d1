//! The options that were typed on the command line, as opposed to those from the environment or from defaults.
//!
//! A variable may be set for another command or run, so it must not make this one fail. A typed option is meant for this
//! run, so it is an error to type one that would be ignored. Each option declares by a clap group on what its use depends.

use anyhow::anyhow;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use crate::failure::Failure;

/// The options that were typed for a subcommand.
#[derive(Debug, Default)]
pub(crate) struct TypedOptions(Vec<TypedOption>);

#[derive(Debug)]
struct TypedOption {
    /// The option with its dashes, such as `--run-time`.
    flag: String,
    /// The clap groups that the option belongs to.
    groups: Vec<String>,
    /// The heading under which `--help` shows it.
    heading: String,
}

impl TypedOptions {
    /// Collects the typed options of the subcommand. `matches` must be the result of parsing `command`.
    pub(crate) fn of(mut command: Command, matches: &ArgMatches) -> Self {
        command.build();
        let Some((name, matches)) = matches.subcommand() else { return Self::default() };
        let Some(command) = command.find_subcommand(name) else { return Self::default() };
        let is_typed = |id: &clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let options = command.get_arguments().filter(|argument| is_typed(argument.get_id())).filter_map(|argument| {
            let groups = command.get_groups().filter(|group| group.get_args().any(|id| id == argument.get_id()));
            let groups = groups.map(|group| group.get_id().to_string()).collect();
            let heading = argument.get_help_heading().unwrap_or_default().to_owned();
            Some(TypedOption { flag: format!("--{}", argument.get_long()?), groups, heading })
        });
        Self(options.collect())
    }

    /// Refuses every other typed option beside one that only prints something, but for the language in which it does.
    pub(crate) fn only(&self, flag: &str) -> Result<(), Failure> {
        self.only_with(flag, &[])
    }

    /// The same with further options that belong to it.
    pub(crate) fn only_with(&self, flag: &str, others: &[&str]) -> Result<(), Failure> {
        let belongs = |other: &str| other == flag || other == "--language" || others.contains(&other);
        let other = self.0.iter().map(|option| option.flag.as_str()).find(|other| !belongs(other));
        other.map_or(Ok(()), |other| {
            Err(Failure::usage(anyhow!("{other} has no effect with {flag}, which only prints: leave one of them out")))
        })
    }

    /// The first typed option whose heading begins like this, apart from those in `but`; None if none was typed.
    pub(crate) fn first_under(&self, heading: &str, but: &[&str]) -> Option<&str> {
        let flags = self.0.iter().filter(|option| option.heading.starts_with(heading)).map(|option| &option.flag);
        flags.map(String::as_str).find(|flag| !but.contains(flag))
    }

    /// Whether an option was typed.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.0.iter().any(|option| option.flag == flag)
    }

    /// The first typed option of a group, such as `--run-time`; `None` if none was typed.
    pub(crate) fn first_in(&self, group: &str) -> Option<&str> {
        let found = self.0.iter().find(|option| option.groups.iter().any(|known| known == group));
        found.map(|option| option.flag.as_str())
    }
}
