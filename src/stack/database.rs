//! MySQL or MariaDB, with the server's own defaults: 151 connections, every commit on disk before it is acknowledged.
//!
//! Nothing is tuned, so that what an experiment shows here holds on other servers too. The account is created by a file of
//! statements that the server runs at each start, so no client program and no root password are needed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::environment::{ACCOUNT, DATABASE};
use super::launch_spec::{LaunchContext, LaunchSpec, Preparation};
use super::programs::{DatabaseKind, Programs};
use super::{ProcessName, probe};
use crate::units::Secret;

pub(super) fn launch_spec(context: &LaunchContext<'_>) -> LaunchSpec {
    let programs = context.programs;
    let home = context.layout.home(ProcessName::Database);
    // One server cannot read the other's data, so each kind has its own directory.
    let data = home.join(match programs.kind {
        DatabaseKind::MariaDb => "mariadb",
        DatabaseKind::MySql => "mysql",
    });
    let temporary = home.join("temporary");
    let accounts = home.join("accounts.sql");
    let mut arguments = common(programs.kind);
    arguments.extend([
        with("--datadir=", &data),
        with("--init-file=", &accounts),
        format!("--port={}", context.ports.of(ProcessName::Database)).into(),
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
    LaunchSpec {
        program: programs.mysqld.clone(),
        arguments,
        // A starting server deletes what look like left-over temporary tables, so two servers must not share a folder.
        // Both servers and the script that makes a data directory respect this variable.
        environment: vec![("TMPDIR".to_owned(), temporary.clone().into())],
        first: Some(initialise(programs, data)),
        directories: vec![home, temporary],
        files: vec![(accounts, statements(programs.kind, context.password))],
    }
}

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
fn statements(kind: DatabaseKind, password: &Secret) -> String {
    let password = password.reveal();
    let mut statements = vec![format!("CREATE DATABASE IF NOT EXISTS `{DATABASE}` CHARACTER SET utf8mb4")];
    if kind == DatabaseKind::MySql {
        // MySQL's data directory was made with a root account without a password. MariaDB's root logs in by system user.
        statements.push(format!("ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}'"));
    }
    for host in ["localhost", "127.0.0.1"] {
        let account = format!("'{ACCOUNT}'@'{host}'");
        statements.extend([
            format!("CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}'"),
            format!("ALTER USER {account} IDENTIFIED BY '{password}'"),
            format!("GRANT ALL PRIVILEGES ON `{DATABASE}`.* TO {account}"),
        ]);
    }
    statements.iter().map(|statement| format!("{statement};\n")).collect()
}

fn with(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}
