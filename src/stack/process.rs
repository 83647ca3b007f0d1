//! The processes of a stack, and what is known of each before it starts.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::layout::Layout;
use super::ports::Ports;
use super::programs::Programs;
use super::{Config, StackError, database, nginx, prometheus, redis, serve};
use crate::units::Secret;

/// A process of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Name {
    /// MySQL or MariaDB.
    #[serde(rename = "database")]
    Database,
    /// Redis.
    #[serde(rename = "redis")]
    Redis,
    /// Prometheus.
    #[serde(rename = "prometheus")]
    Prometheus,
    /// nginx, in front of the instances.
    #[serde(rename = "nginx")]
    Nginx,
    /// The first instance of the store.
    #[serde(rename = "serve-1")]
    Serve1,
    /// The second instance of the store.
    #[serde(rename = "serve-2")]
    Serve2,
}

impl Name {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Database, Self::Redis, Self::Prometheus, Self::Nginx, Self::Serve1, Self::Serve2];

    /// The instances of the store.
    pub const INSTANCES: [Self; 2] = [Self::Serve1, Self::Serve2];

    /// What the instances stand on.
    pub(super) const SERVICES: [Self; 4] = [Self::Nginx, Self::Prometheus, Self::Redis, Self::Database];

    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Redis => "redis",
            Self::Prometheus => "prometheus",
            Self::Nginx => "nginx",
            Self::Serve1 => "serve-1",
            Self::Serve2 => "serve-2",
        }
    }

    /// Whether it is an instance of the store.
    pub fn is_instance(self) -> bool {
        Self::INSTANCES.contains(&self)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// All that a recipe is made from.
#[derive(Debug)]
pub(super) struct Ingredients<'a> {
    pub(super) layout: &'a Layout,
    pub(super) config: &'a Config,
    pub(super) programs: &'a Programs,
    pub(super) ports: &'a Ports,
    pub(super) password: &'a Secret,
}

/// How a process is started: plain data, so that two of them can be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    /// The program, by its absolute path.
    pub(super) program: PathBuf,
    /// Its arguments. Everybody on the machine can read them, so they hold no secret.
    pub(super) arguments: Vec<OsString>,
    /// What is set in its environment.
    pub(super) environment: Vec<(String, OsString)>,
    /// Folders it needs, made before it starts.
    pub(super) directories: Vec<PathBuf>,
    /// Files it reads, written before it starts, for nobody else to read.
    pub(super) files: Vec<(PathBuf, String)>,
    /// A program to run before the first start.
    pub(super) first: Option<First>,
}

/// A program that makes a folder once and ends.
#[derive(Clone, Debug)]
pub(super) struct First {
    /// What there is afterwards; while it exists the program is not run.
    pub(super) creates: PathBuf,
    /// Where the program writes; becomes `creates` when it has ended well, so that half of it is never taken for all.
    pub(super) draft: PathBuf,
    /// The program, by its absolute path.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
}

impl Recipe {
    /// A short text that differs when the process would be another: other options, another configuration, another
    /// build of the program.
    pub(super) fn fingerprint(&self) -> String {
        let built = std::fs::metadata(&self.program).and_then(|data| Ok((data.len(), data.modified()?))).ok();
        let all = format!("{:?}", (&self.program, built, &self.arguments, &self.environment, &self.files));
        hex::encode(&Sha256::digest(all.as_bytes())[..8])
    }
}

/// How each process is started.
pub(super) fn recipe(name: Name, ingredients: &Ingredients<'_>) -> Result<Recipe, StackError> {
    Ok(match name {
        Name::Database => database::recipe(ingredients),
        Name::Redis => redis::recipe(ingredients),
        Name::Prometheus => prometheus::recipe(ingredients),
        Name::Nginx => nginx::recipe(ingredients)?,
        Name::Serve1 | Name::Serve2 => serve::recipe(name, ingredients),
    })
}

/// Whether a process does its work.
pub(super) async fn answers(name: Name, port: u16) -> bool {
    match name {
        Name::Database => database::answers(port).await,
        Name::Redis => redis::answers(port).await,
        Name::Prometheus => prometheus::answers(port).await,
        Name::Nginx => nginx::answers(port).await,
        Name::Serve1 | Name::Serve2 => serve::answers(port).await,
    }
}
