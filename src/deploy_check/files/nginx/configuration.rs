//! The configuration of an nginx: its directives, and to whom it passes requests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Directive;
use crate::deploy_check::place::Place;

/// A file of a configuration.
#[derive(Debug)]
pub(in crate::deploy_check) struct Source {
    pub(in crate::deploy_check) path: PathBuf,
    pub(in crate::deploy_check) text: String,
    /// Its own directives, `include` among them.
    pub(in crate::deploy_check) directives: Vec<Directive>,
    /// For each `include`, by its position, which sources it stands for.
    pub(in crate::deploy_check) files: BTreeMap<usize, Vec<usize>>,
}

/// A parsed configuration.
#[derive(Debug)]
pub(in crate::deploy_check) struct Nginx {
    pub(in crate::deploy_check) path: PathBuf,
    /// The service that reads it, if it is known.
    pub(in crate::deploy_check) service: Option<String>,
    /// Its files, the first one first.
    /// The folder of the first file where nginx runs, from which paths start.
    pub(super) folder: String,
    pub(in crate::deploy_check) sources: Vec<Source>,
    /// All directives, with what is included in place.
    pub(in crate::deploy_check) directives: Vec<Directive>,
    pub(super) unseen: Vec<String>,
}

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Server {
    pub(in crate::deploy_check) host: String,
    pub(in crate::deploy_check) port: u16,
}

/// A way on which requests are passed to a server.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Pass {
    pub(in crate::deploy_check) host: String,
    pub(in crate::deploy_check) port: u16,
    /// Whether it is asked in HTTP, and not in FastCGI or the like.
    pub(in crate::deploy_check) is_http: bool,
    /// How long nginx waits for an answer on this way.
    pub(in crate::deploy_check) patience: Duration,
    pub(in crate::deploy_check) place: Place,
    /// The name of the upstream that lists it; empty if the pass names it directly.
    pub(in crate::deploy_check) upstream: String,
}

/// The default of `proxy_read_timeout` and its like (nginx documentation).
const PATIENCE: Duration = Duration::from_mins(1);

/// The directives that pass requests on.
const PASSES: [&str; 5] = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"];

impl Nginx {
    /// Every directive, nested ones included.
    pub(in crate::deploy_check) fn all(&self) -> Vec<&Directive> {
        all_of(&self.directives)
    }

    /// A phrase with the included files, which are not read and may contain anything; `None` if there are none.
    pub(in crate::deploy_check) fn unseen(&self) -> Option<String> {
        (!self.unseen.is_empty()).then(|| format!("{}, which {} includes", self.unseen.join(", "), self.path.display()))
    }

    /// Every directive with this name.
    pub(in crate::deploy_check) fn named(&self, name: &str) -> Vec<&Directive> {
        self.all().into_iter().filter(|directive| directive.name == name).collect()
    }

    /// The upstreams that requests are passed to.
    pub(in crate::deploy_check) fn upstreams(&self) -> Vec<&Directive> {
        let used: BTreeSet<String> = self.passes().into_iter().map(|pass| pass.upstream).collect();
        self.named("upstream").into_iter().filter(|upstream| used.contains(upstream.argument(0))).collect()
    }

    /// The ports that nginx listens on.
    pub(in crate::deploy_check) fn ports(&self) -> Vec<u16> {
        let port = |directive: &Directive| {
            let first = directive.argument(0);
            // A port alone, or an address with or without a port.
            first.parse().ok().or_else(|| address(first).map(|server| server.port))
        };
        let mut ports = Vec::new();
        for server in self.named("server").into_iter().filter(|server| server.opened.is_some()) {
            let listens: Vec<_> = server.block.iter().filter(|one| one.name == "listen").collect();
            if listens.is_empty() {
                // Without `listen`, it is port 80.
                ports.push(80);
            }
            ports.extend(listens.into_iter().filter_map(port));
        }
        ports
    }

    /// All ways on which requests are passed, as far as their addresses are constant.
    pub(in crate::deploy_check) fn passes(&self) -> Vec<Pass> {
        let variables = self.variables();
        let mut passes = Vec::new();
        self.passes_of(&self.directives, &BTreeMap::new(), &variables, &mut passes);
        passes
    }

    fn passes_of<'a>(
        &'a self,
        directives: &'a [Directive],
        outer: &BTreeMap<&'a str, Duration>,
        variables: &BTreeMap<&str, BTreeSet<&str>>,
        passes: &mut Vec<Pass>,
    ) {
        let mut patience = outer.clone();
        for directive in directives {
            if let Some(kind) = directive.name.strip_suffix("_read_timeout")
                && let Some(time) = duration(directive.argument(0))
            {
                patience.insert(kind, time);
            }
        }
        for directive in directives {
            if PASSES.contains(&directive.name.as_str()) {
                let kind = directive.name.trim_end_matches("_pass");
                let wait = patience.get(kind).copied().unwrap_or(PATIENCE);
                for text in resolved(directive.argument(0), variables) {
                    self.pass(directive, &text, wait, passes);
                }
            }
            self.passes_of(&directive.block, &patience, variables, passes);
        }
    }

    /// Adds the servers that one text of a pass stands for.
    fn pass(&self, directive: &Directive, text: &str, patience: Duration, passes: &mut Vec<Pass>) {
        let is_http = !matches!(directive.name.as_str(), "fastcgi_pass" | "uwsgi_pass" | "scgi_pass");
        let (scheme, bare) = text.split_once("://").unwrap_or(("", text));
        let authority = bare.split(['/', '?']).next().unwrap_or_default();
        let mut upstreams = self.all().into_iter().filter(|one| one.name == "upstream");
        if let Some(upstream) = upstreams.find(|one| one.argument(0) == authority) {
            for server in upstream.block.iter().filter(|one| one.name == "server") {
                let Some(Server { host, port }) =
                    address(server.argument(0)).filter(|server| !server.host.contains('$'))
                else {
                    continue;
                };
                let (place, upstream) = (server.place.clone(), authority.to_owned());
                passes.push(Pass { host, port, is_http, patience, place, upstream });
            }
            return;
        }
        let Some(mut server) =
            address(authority).filter(|server| !server.host.contains('$') && !server.host.is_empty())
        else {
            return;
        };
        if matches!(scheme, "https" | "grpcs") && !authority.ends_with(":80") && server.port == 80 {
            server.port = 443;
        }
        passes.push(Pass {
            host: server.host,
            port: server.port,
            is_http,
            patience,
            place: directive.place.clone(),
            upstream: String::new(),
        });
    }

    /// The passes to PHP that do not tell it which script to run. nginx's own list `fastcgi_params` does not, and what another
    /// file tells is not known.
    pub(in crate::deploy_check) fn without_script(&self, is_own_list: impl Fn(&str) -> bool) -> Vec<&Directive> {
        let mut found = Vec::new();
        for source in &self.sources {
            add_without_script(&source.directives, false, false, &is_own_list, &mut found);
        }
        found
    }

    /// The constant values of variables: of `set`, and of a `map` in which all values are constant.
    fn variables(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for directive in self.all() {
            match directive.name.as_str() {
                "set" => {
                    found
                        .entry(directive.argument(0).trim_start_matches('$'))
                        .or_default()
                        .insert(directive.argument(1));
                }
                "map" => {
                    let values = found.entry(directive.argument(1).trim_start_matches('$')).or_default();
                    let given =
                        directive.block.iter().filter(|one| !matches!(one.name.as_str(), "hostnames" | "volatile"));
                    values.extend(given.map(|one| one.argument(0)));
                }
                _ => {}
            }
        }
        found
    }
}

/// Adds the passes of one block. A block with parameters of its own takes none from outside.
fn add_without_script<'a>(
    block: &'a [Directive],
    is_php: bool,
    is_missing: bool,
    is_own_list: &impl Fn(&str) -> bool,
    found: &mut Vec<&'a Directive>,
) {
    let named = |name: &str| block.iter().filter(|one| one.name == name).collect::<Vec<_>>();
    let (parameters, includes) = (named("fastcgi_param"), named("include"));
    let is_missing = if parameters.is_empty() && includes.is_empty() {
        is_missing
    } else {
        parameters.iter().all(|one| one.argument(0) != "SCRIPT_FILENAME")
            && includes.iter().all(|one| is_own_list(one.argument(0)))
    };
    for directive in block {
        if directive.name == "fastcgi_pass" && is_php && is_missing {
            found.push(directive);
        }
        let is_php = is_php || directive.arguments.iter().any(|word| word.text.contains("php"));
        add_without_script(&directive.block, is_php, is_missing, is_own_list, found);
    }
}

/// Every directive of a list, nested ones included.
pub(in crate::deploy_check) fn all_of(directives: &[Directive]) -> Vec<&Directive> {
    fn add<'a>(directives: &'a [Directive], all: &mut Vec<&'a Directive>) {
        for directive in directives {
            all.push(directive);
            add(&directive.block, all);
        }
    }
    let mut all = Vec::new();
    add(directives, &mut all);
    all
}

/// The texts that a word with variables may stand for; none if one of its variables has no constant value. What begins
/// with a variable of the request after the port is the path, and does not matter.
fn resolved(text: &str, variables: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let before = &rest[..at];
        for text in &mut texts {
            text.push_str(before);
        }
        let after = &rest[at + 1..];
        let (name, tail) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, tail)) => (name, tail),
            None => after.split_at(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())),
        };
        let is_path = texts.iter().all(|text| {
            let bare = text.split_once("://").map_or("", |(_, bare)| bare);
            bare.contains('/')
                || bare
                    .rsplit_once(':')
                    .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
        });
        if is_path && !variables.contains_key(name) {
            return texts;
        }
        let Some(values) = variables.get(name).filter(|values| !values.is_empty() && values.len() <= 32) else {
            return Vec::new();
        };
        if values.iter().any(|value| value.contains('$')) || texts.len() * values.len() > 256 {
            return Vec::new();
        }
        texts = texts.iter().flat_map(|text| values.iter().map(move |value| format!("{text}{value}"))).collect();
        rest = tail;
    }
    for text in &mut texts {
        text.push_str(rest);
    }
    texts
}

/// Reads `host:port`; without a port it is 80.
pub(in crate::deploy_check) fn address(text: &str) -> Option<Server> {
    if text.starts_with("unix:") {
        return None;
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some(Server { host: host.to_owned(), port: port.parse().ok()? }),
        _ => Some(Server { host: text.to_owned(), port: 80 }),
    }
}

/// Reads a time as nginx writes it: `500ms`, `1m`, `1h30m`; a number without a unit is seconds.
fn duration(text: &str) -> Option<Duration> {
    crate::units::parse_duration(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy_check::place::Problem;

    const TEXT: &str = r#"# a comment { with braces
events {}
http {
    map $a $b { "~^[a-z]{1,3}$" x; default '{"error":"no; really"}'; }
    map $host $chosen { default first; b.example second; }
    upstream store { server one:5000 max_fails=5; server two:5001; keepalive_timeout 60s; }
    upstream unused { server lost:1; }
    server {
        listen 80;
        set $u app;
        location / { proxy_pass http://store; proxy_read_timeout 30; }
        location /x { proxy_pass http://alone:9000/path; }
        location /y { proxy_pass http://${name}:1; }
        location /z { proxy_pass http://$u:5000; }
        location /w { proxy_pass http://app:5000$request_uri; }
        location /v { proxy_pass http://$chosen; }
        location /p { fastcgi_pass php:9000; }
        location /l { content_by_lua_block { if a then say("}") end -- }
        } }
    }
}
"#;

    fn read(text: &str) -> Result<Nginx, Problem> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, text).unwrap();
        Nginx::of_file(&path)
    }

    #[test]
    fn what_is_passed_to_whom_is_found_as_far_as_it_is_constant() {
        let nginx = read(TEXT).unwrap();
        let passes: Vec<_> =
            nginx.passes().iter().map(|one| format!("{}:{} {}", one.host, one.port, one.patience.as_secs())).collect();
        let expected = [
            "one:5000 30",
            "two:5001 30",
            "alone:9000 60",
            "app:5000 60",
            "app:5000 60",
            "first:80 60",
            "second:80 60",
            "php:9000 60",
        ];
        assert_eq!(passes, expected);
        assert_eq!(nginx.upstreams().len(), 1);
        assert_eq!(nginx.named("default")[0].argument(0), r#"{"error":"no; really"}"#);
        assert_eq!(nginx.passes()[1].place.line, 6);
    }

    #[test]
    fn a_pass_to_php_has_to_name_the_script() {
        let missing = |inside: &str| {
            let text = format!("server {{ location ~ \\.php$ {{ fastcgi_pass php:9000; {inside} }} }}");
            read(&text).unwrap().without_script(|list| list.ends_with("fastcgi_params")).len()
        };
        assert_eq!(missing("include fastcgi_params;"), 1);
        assert_eq!(missing("include fastcgi_params; fastcgi_param HTTPS on;"), 1);
        assert_eq!(missing("include fastcgi_params; fastcgi_param SCRIPT_FILENAME /a;"), 0);
        assert_eq!(missing("include fastcgi.conf;"), 0);
        // Without any, those of the blocks around count, which may be in another file.
        assert_eq!(missing(""), 0);
        let around = "server { include fastcgi_params; location /php { fastcgi_pass php:9000; } location /x { fastcgi_pass x:1; } }";
        assert_eq!(read(around).unwrap().without_script(|_| true).len(), 1);
    }

    #[test]
    fn a_part_of_a_configuration_is_read_as_the_image_reads_it() {
        let nginx = read("server { location / { proxy_pass http://a:1; } }").unwrap();
        assert_eq!((nginx.ports(), nginx.passes()[0].host.as_str()), (vec![80], "a"));
        assert_eq!(nginx.directives[1].name, "http");
    }

    #[test]
    fn what_is_included_and_not_there_is_told_as_not_seen() {
        assert_eq!(read(TEXT).unwrap().unseen(), None);
        let text = "http { include /etc/nginx/mime.types; include conf.d/*.conf; server { include more; } }";
        assert!(read(text).unwrap().unseen().unwrap().starts_with("conf.d/*.conf, more, which "));
    }

    #[test]
    fn a_pattern_that_no_file_of_a_folder_fits_stands_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nginx.conf");
        std::fs::create_dir(folder.path().join("conf.d")).unwrap();
        std::fs::write(&path, "http { include conf.d/*.conf; include conf.d/one.conf; include other/*; }").unwrap();
        let unseen = Nginx::of_file(&path).unwrap().unseen().unwrap();
        assert!(unseen.starts_with("conf.d/one.conf, other/*, which "), "{unseen}");
    }

    #[test]
    fn what_is_not_closed_is_told_with_its_line() {
        for (text, expected) in [
            ("http {", "nginx.conf: a brace is not closed"),
            ("http {}\n}", "nginx.conf:2: a brace too many"),
            ("a b\n", "nginx.conf:2: a semicolon is missing"),
            ("http { a b }", "nginx.conf:1: a semicolon is missing"),
            ("\n\"x", "nginx.conf:2: a quote is not closed"),
        ] {
            let said = read(text).unwrap_err().to_string();
            assert!(said.ends_with(expected), "{said}");
        }
        assert!(read(&"a {".repeat(20_000)).unwrap_err().says.contains("nested deeper"));
    }
}
