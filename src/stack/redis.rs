//! Redis, which caches the reports. It stores nothing on disk, because every report can be computed again.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::launch_spec::{LaunchContext, LaunchSpec};
use super::{ProcessName, probe};

pub(super) fn launch_spec(name: ProcessName, context: &LaunchContext<'_>) -> LaunchSpec {
    let home = context.layout.home(name);
    let port = context.ports.of(name).to_string();
    let master = format!("127.0.0.1 {}", context.ports.of(ProcessName::Redis));
    let replica = (name == ProcessName::RedisReplica).then_some(("--replicaof", master.as_str()));
    // Either of two may be the replica, which says where it is. One that is alone again is started anew by that, since it may
    // be the replica of the one that is gone.
    let place = (context.config.replicas() > 1).then_some(("--replica-announce-ip", "127.0.0.1"));
    let options = [
        ("--port", port.as_str()),
        ("--bind", "127.0.0.1"),
        ("--save", ""),
        ("--appendonly", "no"),
        // A full cache evicts the least recently used key and never refuses a write.
        ("--maxmemory", "64mb"),
        ("--maxmemory-policy", "allkeys-lru"),
    ];
    LaunchSpec {
        program: context.programs.redis.clone(),
        arguments: options
            .into_iter()
            .chain(replica)
            .chain(place)
            .flat_map(|(name, value)| [name.into(), value.into()])
            .collect(),
        directories: vec![home],
        ..LaunchSpec::default()
    }
}

pub(super) async fn answers(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await.map(|_| answer)
    };
    probe::soon(ask).await.is_some_and(|answer| answer == *b"+PONG\r\n")
}
