//! `loadtest --observe` and `report --explain`: causes that are brought about on purpose, on real services.
//!
//! Each test has a database server of its own, because what is watched is all of a server. `RECORD_OBSERVED` names a folder into
//! which what was seen is written, for the unit tests of the rules.

mod machine;
mod observation;
mod store;
mod student;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Ran, TestDatabase, TestRedis, run_command, test_folder};

/// A load test with what was seen, and what explains it.
#[derive(Debug)]
pub struct Explained {
    pub ran: Ran,
    pub file: PathBuf,
    /// The JSON of the run.
    pub run: Value,
    /// The JSON of `report --explain`.
    pub explanation: Value,
    /// Its exit code.
    pub code: i32,
    /// What it prints.
    pub shown: String,
}

/// What is watched of a service.
#[derive(Default)]
pub struct Watched<'a> {
    pub database: Option<&'a TestDatabase>,
    pub redis: Option<&'a TestRedis>,
    pub pid: Option<u32>,
}

impl Watched<'_> {
    /// The options of the load test, and its variables.
    fn options(&self) -> (Vec<String>, Vec<(&'static str, String)>) {
        let (mut options, mut variables) = (Vec::new(), Vec::new());
        let mut observe = |what: String| options.extend(["--observe".to_owned(), what]);
        if let Some(database) = self.database {
            let address = database.address();
            observe(format!("mysql://{}@{}/{}", address.user, address.servers, address.name));
            variables.push(("OBSERVE_DB_PASSWORD", address.password.reveal().to_owned()));
        }
        if let Some(redis) = self.redis {
            observe(format!("redis://127.0.0.1:{}", redis.port));
        }
        if let Some(pid) = self.pid {
            observe(format!("pid:{pid}"));
        }
        (options, variables)
    }
}

/// Runs a load test on an address, watches, and asks what explains it.
pub async fn explained(host: &str, watched: Watched<'_>, arguments: &[&str]) -> Explained {
    let file = test_folder("explain").join("run.json");
    let path = file.display().to_string();
    let (observe, variables) = watched.options();
    let observe: Vec<&str> = observe.iter().map(String::as_str).collect();
    let whole = [&["loadtest", "--host", host, "--quiet", "--json", &path][..], &observe, arguments].concat();
    let ran = run_command(&whole, &variables).await;
    let run = std::fs::read(&file).map_err(|error| format!("{error}: {ran:?}")).unwrap();
    let run: Value = serde_json::from_slice(&run).map_err(|error| format!("{error}: {ran:?}")).unwrap();
    let told = run_command(&["report", "--explain", &path, "--json", "-"], &[]).await;
    let explanation = serde_json::from_str(&told.stdout).map_err(|error| format!("{error}: {told:?}")).unwrap();
    let shown = run_command(&["report", "--explain", &path], &[]).await;
    let explained = Explained { ran, file, run, explanation, code: told.code, shown: shown.stdout };
    if let Some(folder) = std::env::var_os("RECORD_OBSERVED") {
        explained.record(&PathBuf::from(folder));
    }
    explained
}

impl Explained {
    /// Keeps the run and its causes under the name of the test, without what no rule looks at.
    fn record(&self, folder: &Path) {
        let mut run = self.run.clone();
        run["timeline"] = Value::Array(Vec::new());
        for database in run.pointer_mut("/observed/databases").and_then(Value::as_array_mut).into_iter().flatten() {
            database["timeline"] = Value::Array(Vec::new());
        }
        let found = |finding: &Value| [finding["cause"].clone(), finding["certainty"].clone()];
        let causes: Vec<_> = self.explanation["findings"].as_array().unwrap().iter().map(found).collect();
        let kept = serde_json::json!({"causes": causes, "unknown": !self.explanation["unknown"].is_null(), "run": run});
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default().rsplit("::").next().unwrap().to_owned();
        let server = if std::env::var_os("TEST_MYSQLD").is_some() { "mysql" } else { "mariadb" };
        let name = |number: u32| folder.join(format!("{server}-{test}-{number}.json"));
        let free = (1..1_000).map(name).find(|path| !path.exists()).unwrap();
        std::fs::write(free, serde_json::to_string(&kept).unwrap() + "\n").unwrap();
    }

    /// The causes with their certainty, in their order.
    pub fn causes(&self) -> Vec<(&str, &str)> {
        let findings = self.explanation["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|finding| (finding["cause"].as_str().unwrap(), finding["certainty"].as_str().unwrap()))
            // Other tests may take the processors from the load generator, too; that is true, and none of this service's causes.
            .filter(|(cause, _)| *cause != "generator_limited")
            .collect()
    }

    /// A finding.
    pub fn finding(&self, cause: &str) -> &Value {
        let findings = self.explanation["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["cause"] == cause).unwrap_or_else(|| panic!("{cause}: {}", self.told()))
    }

    /// A figure of what speaks for a cause.
    pub fn figure(&self, cause: &str, what: &str) -> f64 {
        let evidence = self.finding(cause)["evidence"].as_array().unwrap();
        let found = evidence.iter().find(|evidence| evidence["what"] == what);
        found.unwrap_or_else(|| panic!("{what}: {}", self.told()))["value"].as_f64().unwrap()
    }

    /// Asserts that this cause stands first and is certain or likely, and that no other is certain.
    pub fn assert_first(&self, cause: &str) {
        let causes = self.causes();
        let first = causes.first().copied().unwrap_or_default();
        assert!(first.0 == cause && first.1 != "possible", "{cause} is not first: {}", self.told());
        let others: Vec<_> = causes.iter().skip(1).filter(|(_, certainty)| *certainty == "certain").collect();
        assert!(others.is_empty(), "others are certain, too: {}", self.told());
        assert_eq!(self.code, 1, "{}", self.told());
        let finding = self.finding(cause);
        let has_words = |part: &str| finding[part].as_str().is_some_and(|text| text.len() > 20);
        assert!(["sentence", "try", "expect"].into_iter().all(has_words), "{finding}");
        assert!(!finding["evidence"].as_array().unwrap().is_empty(), "{finding}");
        assert!(self.shown.contains(cause), "{}", self.shown);
    }

    /// Asserts that both are certain or likely, and that nothing else is certain.
    pub fn assert_both(&self, both: [&str; 2]) {
        let causes = self.causes();
        let sure = |cause: &str| causes.iter().any(|(found, certainty)| *found == cause && *certainty != "possible");
        assert!(both.into_iter().all(sure), "{}", self.told());
        assert!(both.contains(&causes[0].0), "the first is neither: {}", self.told());
        let others = causes.iter().filter(|(cause, _)| !both.contains(cause));
        assert!(others.clone().all(|(_, certainty)| *certainty != "certain"), "{}", self.told());
    }

    /// Everything that helps to see why it is not as it should be.
    pub fn told(&self) -> String {
        let mut seen = self.run["observed"].clone();
        for database in seen["databases"].as_array_mut().into_iter().flatten() {
            database["timeline"] = Value::Null;
        }
        format!(
            "{:?}\n{}\n{}\n{}",
            self.causes(),
            serde_json::to_string_pretty(&self.explanation["findings"]).unwrap(),
            self.explanation["ruled_out"],
            seen
        )
    }
}
