//! Which options of a command somebody typed, rather than left to the environment or to a default.
//!
//! A variable may be set for other commands, or for another run: it must not make this one fail. What is typed is meant for
//! this one, so whoever types what would be ignored is told. An option says at its own declaration, by a group of clap's,
//! on what its use depends.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// The options that stand on the command line of a subcommand.
#[derive(Debug, Default)]
pub(crate) struct TypedOptions(Vec<TypedOption>);

/// One of them.
#[derive(Debug)]
struct TypedOption {
    /// As it is written: `--run-time`.
    flag: String,
    /// The groups that it was declared in.
    groups: Vec<String>,
}

impl TypedOptions {
    /// Those of the subcommand that was called. `command` is the one that was matched.
    pub(crate) fn of(mut command: Command, matches: &ArgMatches) -> Self {
        command.build();
        let Some((name, matches)) = matches.subcommand() else { return Self::default() };
        let Some(command) = command.find_subcommand(name) else { return Self::default() };
        let is_typed = |id: &clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let options = command.get_arguments().filter(|argument| is_typed(argument.get_id())).filter_map(|argument| {
            let groups = command.get_groups().filter(|group| group.get_args().any(|id| id == argument.get_id()));
            let groups = groups.map(|group| group.get_id().to_string()).collect();
            Some(TypedOption { flag: format!("--{}", argument.get_long()?), groups })
        });
        Self(options.collect())
    }

    /// The first option of a group that was typed, as it is written.
    pub(crate) fn first_in(&self, group: &str) -> Option<&str> {
        let found = self.0.iter().find(|option| option.groups.iter().any(|known| known == group));
        found.map(|option| option.flag.as_str())
    }
}
