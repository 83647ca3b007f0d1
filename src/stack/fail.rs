//! Makes a part of a stack fail, so that one can see what becomes of the rest.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::layout::Layout;
use super::state::{ProcessEntry, State, StateFile};
use super::{Balance, Config, ProcessName, StackError, access, lock, probe, stop};
use crate::db;

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

/// The longest time for finding the primary.
const FIND_LIMIT: Duration = Duration::from_secs(5);

/// Kills a part at once; gives the process, which has ended then.
pub(super) async fn fail(layout: &Layout, part: Part) -> Result<ProcessName, StackError> {
    let _lock = lock::acquire(layout, &|_| {}).await?;
    let state_file = StateFile::load(layout)?;
    let state = state_file.state();
    let name = match part {
        Part::Primary => primary(layout, &state).await?,
        Part::Redis => master(&state).await,
        Part::Instance => {
            let alive = |name: &ProcessName| state.processes.get(name).is_some_and(ProcessEntry::is_alive);
            ProcessName::instances(state.instances).find(alive).unwrap_or(ProcessName::Serve(1))
        }
    };
    let entry = state_file.entry(name).filter(ProcessEntry::is_alive);
    let entry = entry.ok_or(StackError::NothingToFail("it does not run: `storemgr stack status` shows what does"))?;
    if stop::kill(&entry, &layout.home(name)).await { Ok(name) } else { Err(StackError::WouldNotStop(vec![name])) }
}

/// The server of the database that takes writes, or the only one.
pub(super) async fn primary(layout: &Layout, state: &State) -> Result<ProcessName, StackError> {
    if state.replicas <= 1 {
        return Ok(ProcessName::Database);
    }
    let nothing = StackError::NothingToFail("the stack does not run: `storemgr stack up` starts it");
    let access = access::access(layout)?.ok_or(nothing)?;
    let server = db::writable_server(&access.database, FIND_LIMIT).await.map_err(StackError::Group)?;
    let is_it = |name: &ProcessName| state.ports.of(*name) == server.port;
    Ok(ProcessName::databases(state.replicas).find(is_it).unwrap_or(ProcessName::Database))
}

/// The Redis that says that it is the master; the first one if none does.
pub(super) async fn master(state: &State) -> ProcessName {
    if state.replicas > 1 && is_master(state.ports.of(ProcessName::RedisReplica)).await {
        return ProcessName::RedisReplica;
    }
    ProcessName::Redis
}

async fn is_master(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"ROLE\r\n").await?;
        let mut answer = [0; 64];
        let read = stream.read(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer[..read]).contains("master"))
    };
    probe::soon(ask).await.unwrap_or(false)
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
