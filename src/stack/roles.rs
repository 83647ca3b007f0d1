//! Which of several servers does the work at this moment: the database that takes writes, and the Redis that is the master.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::layout::Layout;
use super::state::State;
use super::{ProcessName, StackError, access, probe};
use crate::db;

/// The longest time for finding the primary.
const FIND_LIMIT: Duration = Duration::from_secs(5);

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
