//! Which options of a command somebody typed, rather than left to the environment or to a default.
//!
//! A variable may be set for other commands, or for another run: it must not make this one fail. What is typed is meant for
//! this one, so whoever types what would be ignored is told.

use std::collections::BTreeSet;

use clap::ArgMatches;
use clap::parser::ValueSource;

/// The options that stand on the command line of a subcommand.
#[derive(Debug, Default)]
pub(crate) struct Typed(BTreeSet<String>);

impl Typed {
    /// Those of the subcommand that was called.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let Some((_, command)) = matches.subcommand() else { return Self::default() };
        let typed = |id: &&clap::Id| command.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        Self(command.ids().filter(typed).map(|id| id.as_str().to_owned()).collect())
    }

    /// The first of some options that was typed, as it is written. Options are called as their fields are.
    pub(crate) fn first_of(&self, options: &[&str]) -> Option<String> {
        let typed = options.iter().find(|option| self.0.contains(**option));
        typed.map(|option| format!("--{}", option.replace('_', "-")))
    }
}
