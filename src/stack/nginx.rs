//! nginx, which gives clients one address for all instances.

use std::ffi::OsString;
use std::process::Command;
use std::thread::available_parallelism;

use rustix::process::{Resource, getrlimit};

use super::launch_spec::{LaunchContext, LaunchSpec};
use super::{ProcessName, StackError, probe};

/// The configuration of a deployment, which the stack uses too, so that results here hold there. A line that ends in
/// [`MARK`] and a name is replaced.
const CONFIGURATION: &str = include_str!("../../nginx/nginx.conf");
const MARK: &str = "# stack: ";

/// More workers than this would only take processors from the instances.
const MOST_WORKERS: usize = 4;

/// How many open files a worker may have, if the system allows it: enough for 4,000 simultaneous clients each.
const WANTED_FILES: u64 = 16_384;

pub(super) fn launch_spec(context: &LaunchContext<'_>) -> Result<LaunchSpec, StackError> {
    let home = context.layout.home(ProcessName::Nginx);
    let program = context.programs.nginx.clone();
    let version = Command::new(&program).arg("-v").output().map_err(StackError::file(&program, "run"))?;
    let mut arguments: Vec<OsString> = vec!["-p".into(), home.clone().into(), "-c".into(), "nginx.conf".into()];
    if knows_early_log(&String::from_utf8_lossy(&version.stderr)) {
        arguments.extend(["-e".into(), "stderr".into()]);
    }
    Ok(LaunchSpec {
        program,
        arguments,
        directories: vec![home.join("temporary"), home.clone()],
        files: vec![(home.join("nginx.conf"), configuration(context))],
        ..LaunchSpec::default()
    })
}

pub(super) async fn answers(port: u16) -> bool {
    probe::says_ok(port, "/health-check").await
}

fn configuration(context: &LaunchContext<'_>) -> String {
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(WANTED_FILES).min(WANTED_FILES);
    let workers = available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
    let address = |name| format!("127.0.0.1:{}", context.ports.of(name));
    fill(CONFIGURATION, |name, line| match name {
        // A log line per request would cost more than the request; the instances count requests.
        "log" => "access_log off;".to_owned(),
        // A load test opens many connections from one address. The line of the first instance stands for all.
        // What .env says of clients and of TLS is the deployment's.
        "crowd" | "serve-2" | "front" => String::new(),
        "workers" => format!("worker_processes {workers};"),
        "files" => format!("worker_rlimit_nofile {files};"),
        "connections" => format!("worker_connections {};", files / 2),
        // As root, nginx would otherwise run its workers as a user that cannot read the stack's folder.
        "pid" if rustix::process::geteuid().is_root() => "pid nginx.pid; user root root;".to_owned(),
        "pid" => "pid nginx.pid;".to_owned(),
        // Relative paths are relative to the folder of -p.
        "temporary" => line.replace("/tmp/", "temporary/"),
        "listen" => line.replace("8080", &address(ProcessName::Nginx)),
        "balance" => context.config.balance.directive(),
        "serve-1" => {
            let server = |name| line.replace("serve-1:5000", &address(name));
            ProcessName::instances(context.config.instances()).map(server).collect::<Vec<_>>().join("\n        ")
        }
        _ => line.to_owned(),
    })
}

/// Replaces every marked line by the result of `replacement`, which gets the name and the content of the line.
fn fill(text: &str, replacement: impl Fn(&str, &str) -> String) -> String {
    let line = |line: &str| match line.split_once(MARK) {
        None => format!("{line}\n"),
        Some((content, name)) => {
            let indent = &content[..content.len() - content.trim_start().len()];
            format!("{indent}{}\n", replacement(name, content.trim()))
        }
    };
    text.lines().map(line).collect()
}

/// Whether this version has the option `-e`, the log to use before the configuration has been read (from 1.19.5). An
/// older version tries its log in /var/log and continues if it cannot open it.
fn knows_early_log(version: &str) -> bool {
    let number = version.split('/').nth(1).unwrap_or_default();
    let mut parts = number.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    let mut part = || parts.next().and_then(Result::ok).unwrap_or_default();
    [part(), part(), part()] >= [1, 19, 5]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_lines_are_replaced_and_the_others_kept() {
        let text = "a 1; # why\n    b 2; # stack: second\n";
        let filled = fill(text, |name, line| format!("{name}({line})"));
        assert_eq!(filled, "a 1; # why\n    second(b 2;)\n");
    }

    #[test]
    fn the_deployment_marks_what_a_stack_replaces() {
        let names = std::cell::RefCell::new(Vec::new());
        fill(CONFIGURATION, |name, line| {
            names.borrow_mut().push(name.to_owned());
            line.to_owned()
        });
        let mut names = names.into_inner();
        names.dedup();
        let expected = [
            "workers",
            "files",
            "pid",
            "connections",
            "log",
            "temporary",
            "balance",
            "serve-1",
            "serve-2",
            "front",
            "listen",
            "crowd",
            "front",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn the_early_log_is_asked_for_only_where_it_is_known() {
        assert!(knows_early_log("nginx version: nginx/1.22.1\n"));
        assert!(knows_early_log("nginx version: nginx/1.30.0 (Ubuntu)\n"));
        assert!(!knows_early_log("nginx version: nginx/1.18.0 (Ubuntu)\n"));
        assert!(!knows_early_log(""));
    }
}
