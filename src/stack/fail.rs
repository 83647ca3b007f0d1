//! Makes a part of a stack fail, so that one can see what becomes of the rest.

use super::layout::Layout;
use super::state::{ProcessEntry, State, StateFile};
use super::{Balance, Config, ProcessName, StackError, lock, roles, stop};

/// A part that may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The database server that takes writes.
    Primary,
    /// The Redis that is the master.
    Redis,
    /// The first instance of the store that runs.
    Instance,
}

/// Kills a part at once; gives the process, which has ended then.
pub(super) async fn fail(layout: &Layout, part: Part) -> Result<ProcessName, StackError> {
    let _lock = lock::acquire(layout, &|_| {}).await?;
    let state_file = StateFile::load(layout)?;
    let state = state_file.state();
    let name = match part {
        Part::Primary => roles::primary(layout, &state).await?,
        Part::Redis => roles::master(&state).await,
        Part::Instance => {
            let alive = |name: &ProcessName| state.processes.get(name).is_some_and(ProcessEntry::is_alive);
            ProcessName::instances(state.instances).find(alive).unwrap_or(ProcessName::Serve(1))
        }
    };
    let entry = state_file.entry(name).filter(ProcessEntry::is_alive);
    let entry = entry.ok_or(StackError::NothingToFail("it does not run: `storemgr stack status` shows what does"))?;
    if stop::kill(&entry, &layout.home(name)).await { Ok(name) } else { Err(StackError::WouldNotStop(vec![name])) }
}

/// The options of the last `up`, for what `config` does not say by itself.
pub(super) fn as_before(layout: &Layout, config: Config) -> Result<Config, StackError> {
    let nothing = || StackError::NothingToFail("there is no stack here: `storemgr stack up` starts one");
    let state = State::read(layout)?.ok_or_else(nothing)?;
    let asked = state.asked.ok_or_else(nothing)?;
    Ok(Config {
        mysqld: asked.mysqld,
        port: asked.port,
        serve_options: asked.serve_options,
        instances: state.instances,
        replicas: state.replicas,
        balance: Balance::parse(&asked.balance).unwrap_or_default(),
        ..config
    })
}
