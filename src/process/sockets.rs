//! The TCP sockets of a process, as Linux shows them in `/proc` (proc_pid_fd(5), proc_pid_net(5)).

use std::collections::HashSet;
use std::fs;
use std::io;

/// The open handles of a process.
#[derive(Debug, Default)]
pub struct Handles {
    /// How many there are.
    pub count: u64,
    /// The inodes of those that are sockets.
    pub sockets: HashSet<u64>,
}

/// A TCP socket in the network namespace of a process; it may belong to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSocket {
    /// The number by which [`Handles::sockets`] knows it.
    pub inode: u64,
    /// The port on this side.
    pub port: u16,
    /// The name of its state, such as `listening`.
    pub state: &'static str,
}

impl Handles {
    /// Reads the handles of a process. The error is that of a process which has ended or belongs to another account.
    pub fn of(pid: u32) -> io::Result<Self> {
        let mut handles = Self::default();
        let entries = fs::read_dir(format!("/proc/{pid}/fd"))?;
        for link in entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok()) {
            handles.count += 1;
            let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            handles.sockets.extend(inode.map(|inode: u64| inode));
        }
        Ok(handles)
    }
}

/// The TCP sockets of a process's network namespace, by IPv4 and IPv6; empty if the system does not show them.
pub fn tcp_sockets(pid: u32) -> Vec<TcpSocket> {
    let tables =
        ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(parse).collect()
}

/// Reads a line of `/proc/PID/net/tcp`. The states are those of the kernel's tcp_states.h.
fn parse(line: &str) -> Option<TcpSocket> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let state = match *fields.get(3)? {
        "01" => "established",
        "02" | "03" => "opening",
        "08" => "close-wait",
        "0A" => "listening",
        _ => "closing",
    };
    let port = u16::from_str_radix(fields.get(1)?.rsplit_once(':')?.1, 16).ok()?;
    Some(TcpSocket { inode: fields.get(9)?.parse().ok()?, port, state })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listener_of_this_process_is_found_by_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let handles = Handles::of(std::process::id()).unwrap();
        let found = |state: &str| {
            let sockets = tcp_sockets(std::process::id());
            sockets.iter().any(|one| one.port == port && one.state == state && handles.sockets.contains(&one.inode))
        };
        assert!(handles.count > 0 && found("listening") && !found("established"));
        drop(listener);
        assert!(!found("listening"));
        assert!(Handles::of(u32::MAX).is_err());
    }

    #[test]
    fn a_line_that_is_no_socket_is_passed_over() {
        assert_eq!(parse("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"), None);
        let line = "   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4711 1 0";
        assert_eq!(parse(line), Some(TcpSocket { inode: 4711, port: 5000, state: "listening" }));
    }
}
