//! A database server of our own, which a test may kill and set as it likes: MariaDB, or the MySQL that `TEST_MYSQLD` names.

use std::path::{Path, PathBuf};
use std::process::Command;

use mysql_async::{Opts, OptsBuilder};

use super::folder::kill;
use super::server::{free_port, start_tethered, wait_for_port};

/// Where a server is, and the account that tests use there.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: String,
}

impl Server {
    pub(super) fn from_url(url: &str) -> Self {
        let options = Opts::from_url(url).expect("TEST_DATABASE_URL is mysql://user:password@host:port");
        Self {
            host: options.ip_or_hostname().to_owned(),
            port: options.tcp_port(),
            user: options.user().unwrap_or("root").to_owned(),
            password: options.pass().unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn options(&self, database: Option<&str>) -> Opts {
        OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.clone()))
            .db_name(database.map(ToOwned::to_owned))
            .prefer_socket(false)
            .into()
    }
}

/// A server of our own. It ends with the test run.
#[derive(Debug)]
pub struct PrivateServer {
    pub(super) server: Server,
    /// Whether it is MySQL; otherwise it is MariaDB.
    pub is_mysql: bool,
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    pid: u32,
}

impl PrivateServer {
    /// Starts a fresh one with further options and waits until it answers.
    pub async fn start(name: &'static str, options: &'static [&'static str]) -> Self {
        tokio::task::spawn_blocking(|| Self::start_blocking(name, options)).await.unwrap()
    }

    /// The same on a disk that takes so many milliseconds longer for each flush.
    pub async fn start_on_slow_disk(name: &'static str, flush_ms: u32, options: &'static [&'static str]) -> Self {
        let mut server = Self::start(name, options).await;
        let library = server.log.with_file_name("slow_disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/slow_disk.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap();
        assert!(built.success());
        server.signal("TERM");
        while Path::new("/proc").join(server.pid.to_string()).exists() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let program = std::mem::replace(&mut server.program, "env".into());
        let preload = format!("LD_PRELOAD={}", library.display());
        let slow = [preload, format!("SLOW_DISK_MS={flush_ms}"), program.display().to_string()];
        server.arguments.splice(0..0, slow);
        server.start_again();
        server
    }

    /// The same, with options that are made up as the test runs.
    pub async fn start_with(name: &str, options: Vec<String>) -> Self {
        let name = name.to_owned();
        let start = move || {
            let options: Vec<_> = options.iter().map(String::as_str).collect();
            Self::start_blocking(&name, &options)
        };
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    /// Where it answers on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The same, on a thread that may block.
    pub(super) fn start_blocking(name: &str, options: &[&str]) -> Self {
        let mysqld = std::env::var_os("TEST_MYSQLD").map(PathBuf::from);
        let (is_mysql, program) = (mysqld.is_some(), mysqld.unwrap_or_else(|| "mariadbd".into()));
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("database-{name}"));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let path = |file: &str| directory.join(file).display().to_string();
        // Servers that share a folder for temporary files take each other's away.
        std::fs::create_dir_all(directory.join("tmp")).unwrap();
        install(is_mysql.then_some(&program), &directory);
        let init = "CREATE USER IF NOT EXISTS 'test'@'127.0.0.1' IDENTIFIED BY 'test-5f2c9a1e77';\n\
                    GRANT ALL ON *.* TO 'test'@'127.0.0.1' WITH GRANT OPTION;\n\
                    ALTER USER 'root'@'localhost' IDENTIFIED BY 'test-5f2c9a1e77';\n\
                    DROP USER IF EXISTS 'root'@'127.0.0.1';\n\
                    DROP USER IF EXISTS 'root'@'::1';\n";
        std::fs::write(path("init.sql"), init).unwrap();
        let port = free_port();
        let mut arguments = vec![
            "--no-defaults".to_owned(),
            format!("--user={}", user_name()),
            format!("--datadir={}", path("data")),
            format!("--tmpdir={}", path("tmp")),
            format!("--init-file={}", path("init.sql")),
            format!("--port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            format!("--pid-file={}", path("pid")),
            // Many tests at once; the limit that matters to one of them is the account's.
            "--max-connections=1000".to_owned(),
        ];
        if is_mysql {
            // The path of a socket has at most 107 characters, and a server without one does not start.
            arguments.push(format!("--socket=/tmp/storemgr-test-{port}.sock"));
            // A packaged server expects a folder for files that only its package makes.
            arguments.extend(["--mysqlx=OFF", "--secure-file-priv=NULL"].map(ToOwned::to_owned));
        } else {
            arguments.push("--socket=".to_owned());
        }
        arguments.extend(options.iter().map(|&option| option.to_owned()));
        let log = directory.join("log");
        let pid = start_tethered(&program.display().to_string(), &arguments, &log);
        let server = Server {
            host: "127.0.0.1".to_owned(),
            port,
            user: "test".to_owned(),
            password: "test-5f2c9a1e77".to_owned(),
        };
        wait_for_port("the database", port, &log);
        Self { server, is_mysql, program, arguments, log, pid }
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        kill(self.pid, name);
    }

    /// Starts it again after it was killed; waits until it answers.
    pub fn start_again(&mut self) {
        self.pid = start_tethered(&self.program.display().to_string(), &self.arguments, &self.log);
        wait_for_port("the database", self.server.port, &self.log);
    }
}

/// Makes the files of an empty server.
pub(super) fn install(mysqld: Option<&PathBuf>, directory: &Path) {
    let path = |file: &str| directory.join(file).display().to_string();
    let mut command = Command::new(mysqld.map_or(Path::new("mariadb-install-db"), PathBuf::as_path));
    command.args(if mysqld.is_some() {
        &["--no-defaults", "--initialize-insecure", "--mysqlx=OFF", "--secure-file-priv=NULL"][..]
    } else {
        &["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
    });
    command
        .env("TMPDIR", path("tmp"))
        .arg(format!("--user={}", user_name()))
        .arg(format!("--datadir={}", path("data")));
    let installed = command.output().expect("a database server is installed (ops/install does it)");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
}

fn user_name() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
