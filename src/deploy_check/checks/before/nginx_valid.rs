//! `nginx-valid`: `nginx -t` accepts the configuration.
//!
//! It checks copies. There, the names of services are replaced by addresses of this machine, because they resolve only
//! among the containers; certificates, modules and scripts are left out; and the files that nginx would write lie in a
//! temporary folder. Line numbers stay the same, so nginx's messages fit the original files. It runs as nobody, in bounds
//! of time and memory. What another version of nginx may know is not judged.

use std::path::PathBuf;
use std::time::Duration;

use super::nginx_copy::Copy;
use super::scratch::Scratch;
use crate::deploy_check::checks::check::{Check, Probe, outcome_of};
use crate::deploy_check::files::{Bounds, Files, Nginx, find, run_bounded};
use crate::deploy_check::finding::{CheckOutcome, Fault};
use crate::deploy_check::place::Place;
use crate::units::nearest;

pub(crate) const CHECK: Check = Check {
    id: "nginx-valid",
    expected: "`nginx -t` accepts the configuration",
    probe: Probe::Files(|files| Box::pin(outcome_of(check(files)))),
};

const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3), memory_kib: 1 << 20, as_nobody: true };

/// Directives that a misspelt one is compared with.
const KNOWN: &[&str] = &[
    "access_log",
    "add_header",
    "alias",
    "allow",
    "auth_basic",
    "auth_basic_user_file",
    "autoindex",
    "charset",
    "client_body_buffer_size",
    "client_body_timeout",
    "client_header_timeout",
    "client_max_body_size",
    "default_type",
    "deny",
    "error_log",
    "error_page",
    "events",
    "expires",
    "fastcgi_buffers",
    "fastcgi_index",
    "fastcgi_param",
    "fastcgi_pass",
    "fastcgi_read_timeout",
    "fastcgi_split_path_info",
    "gzip",
    "gzip_comp_level",
    "gzip_min_length",
    "gzip_proxied",
    "gzip_types",
    "gzip_vary",
    "hash",
    "http",
    "include",
    "index",
    "internal",
    "ip_hash",
    "keepalive",
    "keepalive_requests",
    "keepalive_timeout",
    "large_client_header_buffers",
    "least_conn",
    "limit_conn",
    "limit_conn_zone",
    "limit_rate",
    "limit_req",
    "limit_req_zone",
    "listen",
    "location",
    "log_format",
    "map",
    "multi_accept",
    "proxy_buffer_size",
    "proxy_buffering",
    "proxy_buffers",
    "proxy_cache",
    "proxy_cache_path",
    "proxy_cache_valid",
    "proxy_connect_timeout",
    "proxy_hide_header",
    "proxy_http_version",
    "proxy_intercept_errors",
    "proxy_next_upstream",
    "proxy_pass",
    "proxy_read_timeout",
    "proxy_redirect",
    "proxy_request_buffering",
    "proxy_send_timeout",
    "proxy_set_header",
    "real_ip_header",
    "resolver",
    "return",
    "rewrite",
    "root",
    "send_timeout",
    "sendfile",
    "server",
    "server_name",
    "server_names_hash_bucket_size",
    "server_tokens",
    "set",
    "set_real_ip_from",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_ciphers",
    "ssl_prefer_server_ciphers",
    "ssl_protocols",
    "ssl_session_cache",
    "ssl_session_timeout",
    "stream",
    "sub_filter",
    "tcp_nodelay",
    "tcp_nopush",
    "try_files",
    "types_hash_max_size",
    "upstream",
    "user",
    "uwsgi_pass",
    "worker_connections",
    "worker_processes",
    "worker_rlimit_nofile",
    "zone",
];

/// Directives of nginx versions after the oldest that is still in use, and of modules that images bring.
const NEWER: &[&str] = &[
    "http2",
    "http3",
    "http3_hq",
    "http3_max_concurrent_streams",
    "http3_stream_buffer_size",
    "quic_active_connection_id_limit",
    "quic_bpf",
    "quic_gso",
    "quic_host_key",
    "quic_retry",
    "keepalive_min_timeout",
    "ssl_object_cache_inheritable",
    "ssl_certificate_cache",
    "ssl_certificate_compression",
    "ssl_ech_file",
    "ssl_key_log",
    "proxy_ssl_key_log",
    "proxy_pass_trailers",
    "early_hints",
    "add_header_inherit",
    "add_trailer_inherit",
    "max_headers",
    "proxy_limit_rate",
    "brotli",
    "zstd",
    "otel_trace",
    "state",
    "geoip2",
];

async fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let configurations = files.nginx()?;
    let program = find("nginx").ok_or_else(|| CheckOutcome::skip("nginx is not installed here", "install nginx"))?;
    let here = version_here(&program).await;
    let mut faults = Vec::new();
    let mut left = Vec::new();
    for nginx in configurations.iter().take(8) {
        let newest = version_there(files, nginx);
        let same = newest.is_some() && newest == here;
        for complaint in complaints(&program, nginx).await? {
            match judged(&complaint, same) {
                Ok(()) => faults.push(Fault::error(Some(complaint.place), complaint.says)),
                Err(why) => left.push(format!("{}: {why}: {}", complaint.place, complaint.says)),
            }
        }
    }
    if let (true, Some(first)) = (faults.is_empty(), left.first()) {
        return Err(CheckOutcome::skip(first.clone(), "run `nginx -t` in the container"));
    }
    let paths: Vec<_> = configurations.iter().map(|nginx| nginx.path.display().to_string()).collect();
    let unseen = configurations.iter().find_map(|nginx| nginx.unseen());
    Ok(CheckOutcome::of(faults, "correct that line", || format!("{} is accepted", paths.join(", ")))
        .with_unseen(unseen))
}

/// What nginx says against a configuration.
struct Complaint {
    place: Place,
    says: String,
}

async fn complaints(program: &PathBuf, nginx: &Nginx) -> Result<Vec<Complaint>, CheckOutcome> {
    let cannot =
        |error: std::io::Error| CheckOutcome::skip(format!("no copy could be made: {error}"), "see the folder /tmp");
    let folder = Scratch::new().map_err(cannot)?;
    let copy = Copy::of(nginx, folder.path());
    copy.write().map_err(cannot)?;
    folder.give_to_nobody().map_err(cannot)?;
    let place = folder.path().display().to_string();
    let main = copy.main().display().to_string();
    let settings = format!("pid {place}/pid; error_log {place}/log;");
    let arguments = ["-t", "-q", "-e", "stderr", "-p", &place, "-c", &main, "-g", &settings];
    let output = run_bounded(program, &arguments, &[], BOUNDS)
        .await
        .map_err(|reason| CheckOutcome::skip(reason, "see that nginx can be run"))?;
    if output.succeeded {
        return Ok(Vec::new());
    }
    let lines = output.text.lines().filter(|line| line.contains("[emerg]"));
    let said: Vec<_> = lines.map(|line| complaint(line, nginx, &copy)).collect();
    if said.is_empty() {
        let first = output.text.lines().next().unwrap_or("it ended without a word");
        return Err(CheckOutcome::skip(
            format!("nginx does not judge the copy: {first}"),
            "run `nginx -t` in the container",
        ));
    }
    Ok(said)
}

/// A line of nginx, with the file and line of the original.
fn complaint(line: &str, nginx: &Nginx, copy: &Copy<'_>) -> Complaint {
    let text = line.split("[emerg]").nth(1).unwrap_or(line);
    let text = text
        .split_once(": ")
        .filter(|(number, _)| number.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'#'))
        .map_or(text, |(_, rest)| rest);
    let found = copy.files().find_map(|(number, path)| {
        let (says, at) = text.rsplit_once(&format!(" in {}", path.display()))?;
        let number_of_line = at.trim_start_matches(':').trim().parse().unwrap_or_default();
        Some((number, says.to_owned(), number_of_line))
    });
    let fallback =
        || nginx.sources.first().map_or_else(|| Place::new(&nginx.path, 0), |source| Place::new(&source.path, 0));
    match found.and_then(|(number, says, line)| Some((nginx.sources.get(number)?, says, line))) {
        Some((source, says, line)) => Complaint { place: Place::new(&source.path, line), says: says.trim().to_owned() },
        None => Complaint { place: fallback(), says: text.trim().to_owned() },
    }
}

/// Whether a complaint is a mistake of the configuration; otherwise why it may be none. `same` says that this machine's
/// nginx is of the version that will run.
fn judged(complaint: &Complaint, same: bool) -> Result<(), &'static str> {
    let says = complaint.says.as_str();
    let elsewhere = [
        "No such file",
        "Permission denied",
        "cannot load certificate",
        "host not found",
        "getpwnam",
        "bind()",
        "open()",
        "mkdir()",
        "dlopen",
    ];
    if elsewhere.iter().any(|part| says.contains(part)) {
        return Err("nginx here does not see what it would see in its container");
    }
    if same {
        return Ok(());
    }
    if let Some(name) = says.strip_prefix("unknown directive \"").and_then(|rest| rest.split('"').next()) {
        let misspelt = !NEWER.contains(&name) && !KNOWN.contains(&name) && nearest(name, KNOWN).is_some();
        return if misspelt { Ok(()) } else { Err("a newer nginx or a module may know it") };
    }
    // What stands at the wrong place, and which directives take how many arguments, hardly ever changes.
    if ["invalid parameter", "invalid value"].iter().any(|part| says.contains(part)) {
        let known = [
            "weight",
            "max_fails",
            "fail_timeout",
            "backup",
            "down",
            "max_conns",
            "default_server",
            "ssl",
            "proxy_protocol",
        ];
        let word = says.split('"').nth(1).unwrap_or_default();
        let word = word.split('=').next().unwrap_or_default();
        return if nearest(word, &known).is_some() { Ok(()) } else { Err("a newer nginx may know it") };
    }
    if says.contains("unknown \"") && says.contains("variable") {
        return Err("a newer nginx or a module may know it");
    }
    Ok(())
}

/// The version of this machine's nginx, as `1.22`.
async fn version_here(program: &PathBuf) -> Option<String> {
    let output = run_bounded(program, &["-v"], &[], BOUNDS).await.ok()?;
    major_and_minor(output.text.split("nginx/").nth(1)?)
}

/// The version of nginx that will run, if its image says so and is nginx's own.
fn version_there(files: &Files, nginx: &Nginx) -> Option<String> {
    let compose = files.compose().ok()?;
    let by_name = nginx.service.as_deref().and_then(|name| compose.service(name));
    let service = by_name.or_else(|| compose.services.iter().find(|one| one.image_name() == "nginx"));
    match service {
        // Nothing says that another one than this machine's will run.
        None => Some("here".to_owned()),
        Some(service) if service.image_name() == "nginx" => major_and_minor(service.image_tag()),
        Some(_) => None,
    }
}

fn major_and_minor(text: &str) -> Option<String> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_another_version_may_know_is_told_from_mistakes() {
        let place = Place::new(Path::new("n"), 1);
        let mistake = |says: &str| judged(&Complaint { place: place.clone(), says: says.to_owned() }, false).is_ok();
        for says in [
            "unknown directive \"least_con\"",
            "unknown directive \"proxy_reed_timeout\"",
            "\"server\" directive is not allowed here",
        ] {
            assert!(mistake(says), "{says}");
        }
        for says in [
            "unknown directive \"http2\"",
            "unknown directive \"lua_package_path\"",
            "invalid parameter \"resolve\"",
            "host not found in upstream \"x\"",
        ] {
            assert!(!mistake(says), "{says}");
        }
    }
}
