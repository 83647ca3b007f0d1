//! Finds the programs that a stack runs, or says which packages to install.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Config, MissingProgram, StackError};

/// Folders in which Debian installs servers, not all of which are in an ordinary user's PATH.
const SERVER_FOLDERS: [&str; 4] = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/// The kind of database server. The two differ in how a new data directory is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatabaseKind {
    MariaDb,
    MySql,
}

/// The absolute paths of all programs.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) kind: DatabaseKind,
    pub(super) mysqld: PathBuf,
    /// The script that makes MariaDB's data directory; `None` for MySQL, whose server does it itself.
    pub(super) mariadb_install_db: Option<PathBuf>,
    pub(super) redis: PathBuf,
    pub(super) prometheus: PathBuf,
    pub(super) nginx: PathBuf,
    /// The program that is started as `serve`.
    pub(super) store: PathBuf,
}

impl Programs {
    /// Finds all programs. The error names every one that is missing.
    pub(super) fn find(config: &Config) -> Result<Self, StackError> {
        let mut missing = Vec::new();
        let mut program = |program, package| {
            find(&[program]).unwrap_or_else(|| {
                missing.push(MissingProgram { program, package });
                PathBuf::new()
            })
        };
        let redis = program("redis-server", "redis-server");
        let prometheus = program("prometheus", "prometheus");
        let nginx = program("nginx", "nginx");
        let mysqld = database(config.mysqld.as_deref())?;
        let found = mysqld.is_some();
        let Some(mysqld) = mysqld.filter(|_| missing.is_empty()) else {
            if !found {
                missing.insert(0, MissingProgram { program: "mariadbd or mysqld", package: "mariadb-server" });
            }
            return Err(StackError::Missing(missing));
        };
        let kind = kind(&mysqld)?;
        if config.replicas() > 1 {
            may_be_member(kind, &mysqld)?;
        }
        let mariadb_install_db = match kind {
            DatabaseKind::MySql => None,
            DatabaseKind::MariaDb => Some(install_script(&mysqld).ok_or_else(|| {
                StackError::Missing(vec![MissingProgram { program: "mariadb-install-db", package: "mariadb-server" }])
            })?),
        };
        let store = runnable(&config.serve_program)?;
        Ok(Self { kind, mysqld, mariadb_install_db, redis, prometheus, nginx, store })
    }
}

/// Refuses a database server, `None` for the installed one, of which there can be no group. That there is none at all is
/// told by `Programs::find`, with everything else that is missing.
pub fn check_group(mysqld: Option<&Path>) -> Result<(), StackError> {
    let Some(mysqld) = database(mysqld)? else { return Ok(()) };
    may_be_member(kind(&mysqld)?, &mysqld)
}

fn may_be_member(kind: DatabaseKind, mysqld: &Path) -> Result<(), StackError> {
    match kind {
        DatabaseKind::MySql => Ok(()),
        DatabaseKind::MariaDb => Err(StackError::NoGroup { path: mysqld.to_owned() }),
    }
}

/// The database server: the given one, or the first that is installed, if any.
fn database(given: Option<&Path>) -> Result<Option<PathBuf>, StackError> {
    given.map_or_else(|| Ok(find(&["mariadbd", "mysqld"])), |path| runnable(path).map(Some))
}

/// The path of the first of these programs that is in PATH or in [`SERVER_FOLDERS`].
fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).chain(SERVER_FOLDERS.map(PathBuf::from)).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| is_program(path)))
}

fn is_program(path: &Path) -> bool {
    path.is_absolute() && path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

fn runnable(path: &Path) -> Result<PathBuf, StackError> {
    let absolute = std::path::absolute(path).ok().filter(|path| is_program(path));
    absolute.ok_or_else(|| StackError::NoProgram { path: path.to_owned() })
}

fn kind(mysqld: &Path) -> Result<DatabaseKind, StackError> {
    let output = Command::new(mysqld).args(["--no-defaults", "--version"]).output();
    let output = output.map_err(StackError::file(mysqld, "run"))?;
    let said = String::from_utf8_lossy(if output.stdout.is_empty() { &output.stderr } else { &output.stdout });
    let said = said.lines().next().unwrap_or_default().trim().to_owned();
    match said.as_str() {
        _ if said.contains("MariaDB") => Ok(DatabaseKind::MariaDb),
        _ if said.contains("mysqld") && output.status.success() => Ok(DatabaseKind::MySql),
        _ => Err(StackError::NoDatabase { path: mysqld.to_owned(), said }),
    }
}

/// The script that belongs to this server. In an unpacked archive it is in `bin` or `scripts` beside the server.
fn install_script(mariadbd: &Path) -> Option<PathBuf> {
    let real = mariadbd.canonicalize().ok()?;
    let base = real.parent()?.parent().map(Path::to_owned);
    let beside = base.iter().flat_map(|base| ["bin", "scripts"].map(|folder| base.join(folder)));
    let mut candidates = beside.map(|folder| folder.join(OsStr::new("mariadb-install-db")));
    candidates.find(|path| is_program(path)).or_else(|| find(&["mariadb-install-db", "mysql_install_db"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_that_is_no_database_is_not_taken_for_one() {
        let config = |path: &str| Config { mysqld: Some(path.into()), ..Config::new("/bin/sh".into()) };
        assert!(matches!(Programs::find(&config("/no/such/mysqld")), Err(StackError::NoProgram { .. })));
        assert!(matches!(Programs::find(&config("/bin/true")), Err(StackError::NoDatabase { .. })));
    }

    #[test]
    fn the_installed_database_is_found() {
        let programs = Programs::find(&Config::new("/bin/sh".into())).unwrap();
        assert_eq!(programs.mariadb_install_db.is_some(), programs.kind == DatabaseKind::MariaDb);
    }
}
