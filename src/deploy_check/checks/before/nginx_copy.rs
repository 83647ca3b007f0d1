//! A copy of a configuration of nginx that `nginx -t` can judge anywhere.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::deploy_check::files::{Directive, Nginx, address, all_of};

/// Added to ports that only root may open. In its container nginx may open them.
const MOVED: u16 = 20_000;

/// Directives that are left out: they load code, need files of the container, or need rights.
const LEFT_OUT: [&str; 38] = [
    "load_module",
    "pid",
    "lock_file",
    "daemon",
    "master_process",
    "user",
    "env",
    "ssl_engine",
    "debug_points",
    "working_directory",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_trusted_certificate",
    "ssl_client_certificate",
    "ssl_dhparam",
    "ssl_verify_client",
    "ssl_crl",
    "ssl_password_file",
    "ssl_stapling",
    "ssl_stapling_file",
    "ssl_stapling_verify",
    "ssl_session_ticket_key",
    "proxy_ssl_certificate",
    "proxy_ssl_certificate_key",
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_verify",
    "grpc_ssl_certificate",
    "grpc_ssl_certificate_key",
    "grpc_ssl_trusted_certificate",
    "uwsgi_ssl_certificate",
    "uwsgi_ssl_certificate_key",
    "worker_rlimit_core",
    "worker_cpu_affinity",
    "worker_priority",
    "perl_modules",
    "perl_require",
    "proxy_ssl_crl",
    "thread_pool",
];

/// Beginnings of directives of modules that run code.
const CODE: [&str; 5] = ["lua_", "js_", "perl", "geoip_", "geoip2"];

/// The folders in which nginx keeps bodies while it works; the built-in ones are root's.
const TEMPORARY: [&str; 5] =
    ["client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path", "uwsgi_temp_path", "scgi_temp_path"];

/// A change of a file: which bytes, and what takes their place.
type Change = (Range<usize>, String);

pub(super) struct Copy<'a> {
    nginx: &'a Nginx,
    folder: PathBuf,
    upstreams: Vec<String>,
    /// Paths that nginx writes to, and the ones that stand for them: different where they were, the same where they were.
    paths: RefCell<BTreeMap<String, String>>,
    addresses: RefCell<BTreeMap<String, String>>,
}

impl<'a> Copy<'a> {
    pub(super) fn of(nginx: &'a Nginx, folder: &Path) -> Self {
        let upstreams = nginx.named("upstream").iter().map(|one| one.argument(0).to_owned()).collect();
        let (paths, addresses) = (RefCell::default(), RefCell::default());
        Self { nginx, folder: folder.to_owned(), upstreams, paths, addresses }
    }

    /// Where the copy of the first file is.
    pub(super) fn main(&self) -> PathBuf {
        self.path(0)
    }

    /// The copies of all files, with the numbers of their sources.
    pub(super) fn files(&self) -> impl Iterator<Item = (usize, PathBuf)> {
        (0..self.nginx.sources.len()).map(|number| (number, self.path(number)))
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number}.conf"))
    }

    pub(super) fn write(&self) -> std::io::Result<()> {
        std::fs::write(self.folder.join("types"), "types { text/html html; }\n")?;
        std::fs::write(self.folder.join("empty"), "")?;
        for (number, path) in self.files() {
            std::fs::write(path, self.rewritten(number))?;
        }
        Ok(())
    }

    /// The text of a copy.
    fn rewritten(&self, number: usize) -> String {
        let source = &self.nginx.sources[number];
        let mut changes: Vec<Change> = Vec::new();
        self.collect(number, &source.directives, &mut changes);
        changes.sort_by_key(|(span, _)| std::cmp::Reverse((span.start, span.end)));
        let mut text = source.text.clone();
        let mut before = usize::MAX;
        for (span, new) in changes {
            // What lies within a directive that is left out goes with it.
            if span.end > before || span.end > text.len() {
                continue;
            }
            before = span.start;
            text.replace_range(span, &new);
        }
        text
    }

    fn collect(&self, number: usize, directives: &[Directive], changes: &mut Vec<Change>) {
        for directive in directives {
            let name = directive.name.as_str();
            let is_code = CODE.iter().any(|start| name.starts_with(start)) || name.contains("_by_lua");
            if LEFT_OUT.contains(&name) || is_code {
                changes.push((directive.span.clone(), self.blank(number, directive)));
                continue;
            }
            if name == "include" {
                changes.push((directive.span.clone(), self.included(number, directive)));
                continue;
            }
            if name == "http"
                && let Some(opened) = directive.opened
            {
                changes.push((opened..opened, self.defaults(directive)));
            }
            if name == "listen" {
                self.listen(directive, changes);
            } else if let Some((index, text)) = self.replacement(directive) {
                changes.extend(directive.arguments.get(index).map(|word| (word.span.clone(), text)));
            }
            self.collect(number, &directive.block, changes);
        }
    }

    /// As many lines as a directive has, and nothing in them.
    fn blank(&self, number: usize, directive: &Directive) -> String {
        let text = &self.nginx.sources[number].text;
        "\n".repeat(text.get(directive.span.clone()).unwrap_or_default().matches('\n').count())
    }

    fn included(&self, number: usize, directive: &Directive) -> String {
        if directive.argument(0).ends_with("mime.types") {
            return format!("include {};", self.folder.join("types").display());
        }
        let files = self.nginx.sources[number].files.get(&directive.span.start);
        let lines: Vec<_> =
            files.into_iter().flatten().map(|file| format!("include {};", self.path(*file).display())).collect();
        format!("{}{}", lines.join(" "), self.blank(number, directive))
    }

    /// Settings whose built-in values would need root.
    fn defaults(&self, http: &Directive) -> String {
        let own = |name: &str| {
            http.block.iter().any(|one| one.name == name)
                || all_of(&self.nginx.directives).iter().any(|one| one.name == name)
        };
        let missing = TEMPORARY.iter().filter(|name| !own(name));
        let mut text: String = missing.map(|name| format!(" {name} {};", self.folder.join(name).display())).collect();
        if !own("access_log") {
            text += " access_log off;";
        } else if !http.block.iter().any(|one| one.name == "access_log") {
            text.extend([" access_log ", &self.folder.join("access").display().to_string(), ";"]);
        }
        text
    }

    /// An address that this machine has, different for each that the configuration has.
    fn address(&self, text: &str) -> String {
        let mut known = self.addresses.borrow_mut();
        let number = known.len();
        known.entry(text.to_owned()).or_insert_with(|| format!("127.77.{}.{}", number / 200, number % 200 + 1)).clone()
    }

    fn scratch_path(&self, text: &str) -> String {
        let mut known = self.paths.borrow_mut();
        let number = known.len();
        known
            .entry(text.to_owned())
            .or_insert_with(|| self.folder.join(format!("path-{number}")).display().to_string())
            .clone()
    }

    /// `listen` at an address and a port that anybody may open, without what needs certificates.
    fn listen(&self, directive: &Directive, changes: &mut Vec<Change>) {
        let Some(first) = directive.arguments.first() else { return };
        let text = &first.text;
        let new = if let Some(path) = text.strip_prefix("unix:") {
            format!("unix:{}", self.scratch_path(path))
        } else {
            let (host, port) = match text.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (host, port),
                _ if text.bytes().all(|byte| byte.is_ascii_digit()) => ("*", text.as_str()),
                _ => (text.as_str(), "80"),
            };
            let Ok(port) = port.parse::<u16>() else { return };
            let port = if port < 1024 { port + MOVED } else { port };
            format!("{}:{port}", self.address(host))
        };
        changes.push((first.span.clone(), new));
        for word in directive.arguments.iter().skip(1) {
            if word.text == "ssl"
                || word.text.starts_with("ipv6only")
                || word.text.starts_with("bind")
                || word.text.starts_with("fastopen")
            {
                changes.push((word.span.clone(), String::new()));
            }
        }
    }

    /// The index of the argument to replace, and its new text; `None` if the directive stays as it is.
    fn replacement(&self, directive: &Directive) -> Option<(usize, String)> {
        let first = directive.argument(0);
        match directive.name.as_str() {
            "server" if directive.block.is_empty() && directive.opened.is_none() => {
                if first.starts_with("unix:") {
                    return None;
                }
                Some((0, format!("127.0.0.1:{}", address(first)?.port)))
            }
            "proxy_pass" | "grpc_pass" | "fastcgi_pass" | "uwsgi_pass" | "scgi_pass" => {
                self.pass(first).map(|text| (0, text))
            }
            "resolver" => Some((0, "127.0.0.1".to_owned())),
            "error_log" | "access_log" if first.starts_with("syslog:") => {
                Some((0, "syslog:server=127.0.0.1".to_owned()))
            }
            "error_log" | "access_log" if !["off", "stderr"].contains(&first) && !first.contains('$') => {
                Some((0, self.scratch_path(first)))
            }
            name if name.ends_with("_temp_path")
                || name == "proxy_cache_path"
                || name == "fastcgi_cache_path"
                || name == "uwsgi_cache_path" =>
            {
                Some((0, self.scratch_path(first)))
            }
            _ => None,
        }
    }

    /// A pass to this machine in place of a host that exists among the containers alone.
    fn pass(&self, first: &str) -> Option<String> {
        let (scheme, rest) = match first.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), first),
        };
        if rest.starts_with("unix:") {
            return None;
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let known = authority.contains('$') || self.upstreams.iter().any(|name| name == authority);
        let server = address(authority)?;
        (!known).then(|| format!("{scheme}127.0.0.1:{}{path}", server.port))
    }
}
