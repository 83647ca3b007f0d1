//! `nginx-valid`: `nginx -t` accepts the configuration.
//!
//! It checks a copy. There, the names of services are replaced by addresses of this machine, because they resolve only
//! among the containers, and the files that nginx would write lie in a temporary folder. Line numbers stay the same, so
//! nginx's messages fit the original file.

use std::path::Path;

use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::files::{Directive, Files, Nginx, address, find, run};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "nginx-valid",
    expected: "`nginx -t` accepts the configuration",
    probe: Probe::Files(|files| Box::pin(outcome_of(check(files)))),
};

/// Added to ports that only root may open. In its container nginx may open them.
const MOVED: u16 = 20_000;

async fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let nginx = files.nginx()?;
    let program = find("nginx").ok_or_else(|| CheckOutcome::skip("nginx is not installed here", "install nginx"))?;
    let cannot =
        |error: std::io::Error| CheckOutcome::skip(format!("no copy could be made: {error}"), "see the folder /tmp");
    let folder = super::scratch::Scratch::new().map_err(cannot)?;
    let copy = folder.path().join("nginx.conf");
    std::fs::write(&copy, rewritten(nginx, folder.path())).map_err(cannot)?;
    // Includes with a relative path are looked for beside the file.
    let arguments = ["-t", "-q", "-p", &folder.path().display().to_string(), "-c", &copy.display().to_string()];
    let output =
        run(&program, &arguments).await.map_err(|reason| CheckOutcome::skip(reason, "see that nginx can be run"))?;
    if output.succeeded {
        return Ok(CheckOutcome::pass(format!("{} is accepted", nginx.path.display())).with_unseen(nginx.unseen()));
    }
    let complaint = output.text.replace(&copy.display().to_string(), &nginx.path.display().to_string());
    let lines: Vec<_> = complaint.lines().filter(|line| line.contains("[emerg]")).collect();
    if let Some(line) = lines.iter().find(|line| line.contains("No such file") || line.contains("Permission denied")) {
        let seen = format!("nginx here does not see what it would see in its container: {line}");
        return Err(CheckOutcome::skip(seen, "run `nginx -t` in the container"));
    }
    Ok(CheckOutcome::fail(
        if lines.is_empty() { complaint.trim().to_owned() } else { lines.join("\n") },
        "correct that line",
    ))
}

/// The text of the copy.
fn rewritten(nginx: &Nginx, folder: &Path) -> String {
    let upstreams: Vec<_> = nginx.named("upstream").iter().map(|one| one.argument(0).to_owned()).collect();
    let mut changes = Vec::new();
    for directive in nginx.all() {
        if let Some((index, text)) = replacement(directive, &upstreams, folder) {
            changes.extend(directive.arguments.get(index).map(|word| (word.span.clone(), text)));
        }
    }
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = nginx.text.clone();
    for (span, new) in changes {
        text.replace_range(span, &new);
    }
    text
}

/// The index of the argument to replace in the copy, and its new text; `None` if the directive stays as it is.
fn replacement(directive: &Directive, upstreams: &[String], folder: &Path) -> Option<(usize, String)> {
    let first = directive.argument(0);
    match directive.name.as_str() {
        "server" if directive.block.is_empty() => {
            let server = address(first)?;
            Some((0, format!("127.0.0.1:{}", server.port)))
        }
        "proxy_pass" => {
            let (scheme, rest) = first.split_once("://")?;
            let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            let server = address(authority)?;
            let fixed = !authority.contains('$') && !upstreams.iter().any(|name| name == authority);
            fixed.then(|| (0, format!("{scheme}://127.0.0.1:{}{path}", server.port)))
        }
        "listen" => {
            let (before, port) = first.rsplit_once(':').map_or(("", first), |(before, port)| (before, port));
            let port: u16 = port.parse().ok().filter(|port| *port < 1024)?;
            let colon = if before.is_empty() { "" } else { ":" };
            Some((0, format!("{before}{colon}{}", port + MOVED)))
        }
        "user" => Some((0, "root".to_owned())),
        "pid" => Some((0, folder.join("pid").display().to_string())),
        "error_log" | "access_log" if !["off", "stderr"].contains(&first) && !first.starts_with("syslog:") => {
            Some((0, folder.join("log").display().to_string()))
        }
        name if name.ends_with("_temp_path") || name == "proxy_cache_path" => {
            Some((0, folder.join(name).display().to_string()))
        }
        "include" if first.ends_with("mime.types") => {
            let types = folder.join("mime.types");
            std::fs::write(&types, "types { text/html html; }\n").ok()?;
            Some((0, types.display().to_string()))
        }
        _ => None,
    }
}
