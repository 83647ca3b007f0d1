//! MySQL or MariaDB, with the server's own defaults: 151 connections, every commit on disk before it is acknowledged.
//!
//! What an experiment shows on this server must hold on anyone's, so nothing is tuned. The account is made by the file
//! of statements the server runs at each start: no client program is needed, and root keeps no password to lose.

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
    // One server cannot read the other's data, so each has its own.
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
        // Both are meant inside the data directory. A relative path also stays below the 107 bytes that a socket's
        // name may have, wherever the stack lies.
        "--socket=mysql.sock".into(),
        "--pid-file=mysqld.pid".into(),
    ]);
    if programs.kind == DatabaseKind::MySql {
        // The second protocol would want a second port.
        arguments.push("--mysqlx=OFF".into());
    }
    LaunchSpec {
        program: programs.mysqld.clone(),
        arguments,
        // A server that starts clears away what looks like another's temporary tables; two that share a folder break each
        // other. Both servers and the script that makes a data directory go by this variable.
        environment: vec![("TMPDIR".to_owned(), temporary.clone().into())],
        first: Some(initialise(programs, data)),
        directories: vec![home, temporary],
        files: vec![(accounts, statements(programs.kind, context.password))],
    }
}

/// Whether the server greets. It does so only after it has run the file of statements.
///
/// An error in place of a greeting, such as too many connections, is an answer too: what comes is a packet of the
/// protocol, number 0, either start.
pub(super) async fn answers(port: u16) -> bool {
    let greeting = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut packet = [0; 5];
        stream.read_exact(&mut packet).await.map(|_| packet)
    };
    probe::soon(greeting).await.is_some_and(|packet| packet[3] == 0 && matches!(packet[4], 10 | 0xff))
}

/// Options that making a data directory needs as well. The first must be the first: no option files.
fn common(kind: DatabaseKind) -> Vec<OsString> {
    let mut arguments = vec![OsString::from("--no-defaults")];
    if rustix::process::geteuid().is_root() {
        // Both servers refuse to run as root unless told that it is meant.
        arguments.push("--user=root".into());
    }
    if kind == DatabaseKind::MySql {
        // Debian builds it with a folder in /var/lib, without which it does not start.
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
        // The script trips over a space in a path; relative to the home of the process there is none.
        arguments.push(with("--datadir=./", Path::new(draft.file_name().unwrap_or_default())));
        arguments.extend(["--auth-root-authentication-method=socket".into(), "--skip-test-db".into()]);
        // Otherwise it looks up this machine's name, which need not have an address.
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

/// The folder of a server that was unpacked somewhere; nothing for one that is installed, which knows its own places.
fn unpacked_base(mariadbd: &Path) -> Option<PathBuf> {
    let base = mariadbd.canonicalize().ok()?.parent()?.parent()?.to_owned();
    (base != Path::new("/usr") && base.join("share").is_dir()).then_some(base)
}

/// Run at every start, so each may find its work done. One statement a line: older servers take no other form.
fn statements(kind: DatabaseKind, password: &Secret) -> String {
    let password = password.reveal();
    let mut statements = vec![format!("CREATE DATABASE IF NOT EXISTS `{DATABASE}` CHARACTER SET utf8mb4")];
    if kind == DatabaseKind::MySql {
        // It was made with a root that anyone on this machine could be; MariaDB's root is asked for by the system user.
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
