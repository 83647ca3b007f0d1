//! MySQL or MariaDB, with the server's own defaults: 151 connections, every commit on disk before it is acknowledged.
//!
//! Nothing is tuned, so that what an experiment shows here holds on other servers too. The account is created by a file of
//! statements that the server runs at each start, so no client program and no root password are needed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::environment::{ACCOUNT, DATABASE, GROUP_ACCOUNT, OBSERVER};
use super::launch_spec::{LaunchContext, LaunchSpec, Preparation};
use super::programs::{DatabaseKind, Programs};
use super::{ProcessName, probe};
use crate::units::Secret;

pub(super) fn launch_spec(name: ProcessName, context: &LaunchContext<'_>) -> LaunchSpec {
    let programs = context.programs;
    let home = context.layout.home(name);
    let grouped = context.config.replicas() > 1;
    // One server cannot read the other's data, so each kind has its own directory, and a member of a group another one.
    let data = home.join(match programs.kind {
        DatabaseKind::MariaDb => "mariadb",
        DatabaseKind::MySql if grouped => "mysql-group",
        DatabaseKind::MySql => "mysql",
    });
    let temporary = home.join("temporary");
    let accounts = home.join("accounts.sql");
    let mut arguments = common(programs.kind);
    arguments.extend([
        with("--datadir=", &data),
        with("--init-file=", &accounts),
        format!("--port={}", context.ports.of(name)).into(),
        "--bind-address=127.0.0.1".into(),
        // Both paths are relative to the data directory. A relative path also keeps the socket's name below its limit of
        // 107 bytes, wherever the stack is.
        "--socket=mysql.sock".into(),
        "--pid-file=mysqld.pid".into(),
    ]);
    if programs.kind == DatabaseKind::MySql {
        // The X protocol would need a second port.
        arguments.push("--mysqlx=OFF".into());
    }
    if grouped {
        arguments.extend(group_options(name, context).into_iter().map(OsString::from));
    }
    LaunchSpec {
        program: programs.mysqld.clone(),
        arguments,
        // A starting server deletes what look like left-over temporary tables, so two servers must not share a folder.
        // Both servers and the script that makes a data directory respect this variable.
        environment: vec![("TMPDIR".to_owned(), temporary.clone().into())],
        // MySQL does not start if it names a process that there is: one that has taken the number since, or what is left of the
        // killed one until somebody has asked for its end.
        left_over: vec![data.join("mysql.sock.lock")],
        first: Some(initialise(programs, data)),
        directories: vec![home, temporary],
        files: vec![(accounts, statements(programs.kind, grouped, context.password))],
    }
}

/// Options of a member of a group. It joins when it is told to, so that a server that was down for long decides nothing.
fn group_options(name: ProcessName, context: &LaunchContext<'_>) -> Vec<String> {
    let number = if let ProcessName::Member(number) = name { number } else { 1 };
    let place = |name| format!("127.0.0.1:{}", context.group_ports.of(name));
    let seeds: Vec<_> = ProcessName::databases(context.config.replicas()).map(place).collect();
    vec![
        format!("--server-id={number}"),
        "--report-host=127.0.0.1".to_owned(),
        "--gtid-mode=ON".to_owned(),
        "--enforce-gtid-consistency=ON".to_owned(),
        "--plugin-load-add=group_replication.so".to_owned(),
        format!("--loose-group-replication-group-name={GROUP_NAME}"),
        format!("--loose-group-replication-local-address={}", place(name)),
        format!("--loose-group-replication-group-seeds={}", seeds.join(",")),
        "--loose-group-replication-ip-allowlist=127.0.0.1".to_owned(),
        "--loose-group-replication-start-on-boot=OFF".to_owned(),
        "--loose-group-replication-recovery-get-public-key=ON".to_owned(),
        // All members are on one machine: a failover after the shortest time that the server knows.
        "--loose-group-replication-member-expel-timeout=0".to_owned(),
        "--loose-group-replication-unreachable-majority-timeout=5".to_owned(),
        "--loose-group-replication-consistency=BEFORE_ON_PRIMARY_FAILOVER".to_owned(),
    ]
}

/// The name of the group, which has to be a UUID. It may be the same for all stacks: their members know each other by
/// address.
const GROUP_NAME: &str = "70b7a5c1-1a3f-4c57-9d0e-5e3b8a2f4d61";

/// Whether the server sends its greeting, which it does only after it has run the file of statements.
///
/// An error instead of the greeting, such as too many connections, counts as an answer too. Both are packets of the
/// MySQL protocol with sequence number 0; the first byte of the payload tells them apart.
pub(super) async fn answers(port: u16) -> bool {
    let greeting = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut packet = [0; 5];
        stream.read_exact(&mut packet).await.map(|_| packet)
    };
    probe::soon(greeting).await.is_some_and(|packet| packet[3] == 0 && matches!(packet[4], 10 | 0xff))
}

/// Options of the server that are also needed to make a data directory. `--no-defaults` must be the first argument.
fn common(kind: DatabaseKind) -> Vec<OsString> {
    let mut arguments = vec![OsString::from("--no-defaults")];
    if rustix::process::geteuid().is_root() {
        // Both servers refuse to run as root without this option.
        arguments.push("--user=root".into());
    }
    if kind == DatabaseKind::MySql {
        // Debian's build expects a folder in /var/lib and does not start without it.
        arguments.push("--secure-file-priv=NULL".into());
    }
    arguments
}

fn initialise(programs: &Programs, data: PathBuf) -> Preparation {
    let mut draft = data.clone().into_os_string();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let mut arguments = common(programs.kind);
    let program = if let Some(script) = &programs.mariadb_install_db {
        // The script fails on a space in a path. A path relative to the working directory has none.
        arguments.push(with("--datadir=./", Path::new(draft.file_name().unwrap_or_default())));
        arguments.extend(["--auth-root-authentication-method=socket".into(), "--skip-test-db".into()]);
        // Otherwise the script looks up this machine's host name, which may have no address.
        arguments.push("--skip-name-resolve".into());
        if let Some(base) = unpacked_base(&programs.mysqld) {
            arguments.push(with("--basedir=", &base));
        }
        script
    } else {
        arguments.extend(["--initialize-insecure".into(), with("--datadir=", &draft)]);
        &programs.mysqld
    };
    Preparation { creates: data, draft, program: program.clone(), arguments }
}

/// The base folder of a server from an unpacked archive; `None` for an installed server, which knows its own paths.
fn unpacked_base(mariadbd: &Path) -> Option<PathBuf> {
    let base = mariadbd.canonicalize().ok()?.parent()?.parent()?.to_owned();
    (base != Path::new("/usr") && base.join("share").is_dir()).then_some(base)
}

/// The statements that the server runs at every start; each may run again. One statement per line, because older servers
/// accept nothing else.
fn statements(kind: DatabaseKind, grouped: bool, password: &Secret) -> String {
    let password = password.reveal();
    let mut statements = Vec::new();
    if grouped {
        // Each member makes its accounts by itself: what only one had written would keep it out of the group.
        statements.push("SET sql_log_bin = 0".to_owned());
    }
    statements.push(format!("CREATE DATABASE IF NOT EXISTS `{DATABASE}` CHARACTER SET utf8mb4"));
    if kind == DatabaseKind::MySql {
        // MySQL's data directory was made with a root account without a password. MariaDB's root logs in by system user.
        statements.push(format!("ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}'"));
    }
    for host in ["localhost", "127.0.0.1"] {
        let mut accounts = vec![
            (ACCOUNT, vec![format!("ALL PRIVILEGES ON `{DATABASE}`.*")]),
            // It sees what the server does, and none of the store's rows.
            (OBSERVER, vec!["PROCESS ON *.*".to_owned(), "SELECT ON `performance_schema`.*".to_owned()]),
        ];
        if grouped {
            accounts[0].1.push("SELECT ON `performance_schema`.`replication_group_members`".to_owned());
            // It joins the members, and they use it among each other.
            let rights = "GROUP_REPLICATION_ADMIN, SYSTEM_VARIABLES_ADMIN, REPLICATION SLAVE, CONNECTION_ADMIN, \
                          BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.*";
            let reads = ["SELECT ON `performance_schema`.*".to_owned(), format!("SELECT ON `{DATABASE}`.*")];
            accounts.push((GROUP_ACCOUNT, [vec![rights.to_owned()], reads.into()].concat()));
        }
        for (name, rights) in accounts {
            let account = format!("'{name}'@'{host}'");
            statements.push(format!("CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}'"));
            statements.push(format!("ALTER USER {account} IDENTIFIED BY '{password}'"));
            statements.extend(rights.iter().map(|right| format!("GRANT {right} TO {account}")));
        }
    }
    statements.iter().map(|statement| format!("{statement};\n")).collect()
}

fn with(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}
