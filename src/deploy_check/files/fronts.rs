//! What Caddy, HAProxy and Traefik pass requests to, as far as it stands in their files.

use std::path::{Path, PathBuf};

use super::compose::{Service, split};
use super::document::Document;
use super::location::Location;
use super::prometheus::Target;
use super::view::View;
use super::yaml::{Entry, Node, document};
use crate::deploy_check::place::{Place, Problem};

/// The most files of one front.
const MOST: usize = 100;

/// A file of a server in front of others, other than nginx.
#[derive(Debug)]
pub(in crate::deploy_check) struct Front {
    pub(in crate::deploy_check) path: PathBuf,
    /// The program that reads it, as it is written.
    pub(in crate::deploy_check) program: &'static str,
    /// The service that reads it.
    pub(in crate::deploy_check) service: String,
    /// The servers it passes requests to, as URLs, `host:port` or `host`; what it fills in itself is left out.
    pub(in crate::deploy_check) targets: Vec<Target>,
    /// The backends that it uses and does not have.
    pub(in crate::deploy_check) undefined: Vec<Target>,
    /// A site of Caddy's for whose sake clients of port 80 are sent to port 443, if all its sites are such ones.
    pub(in crate::deploy_check) secured: Option<Target>,
    /// Whether the program ends if a name of a server is not known when it starts.
    pub(in crate::deploy_check) needs_names: bool,
}

impl Front {
    /// The files of a container that runs one of these programs.
    pub(super) fn of_container(service: &Service, view: &View) -> Vec<Document<Self>> {
        let image = service.image_name();
        let is = |name: &str| {
            image == name || image.starts_with(&format!("{name}-")) || image.ends_with(&format!("-{name}"))
        };
        let named = |flags: &[&str], usual: &[&str]| {
            let flag = service.flag(flags);
            let all = flag.into_iter().chain(usual.iter().map(|path| (*path).to_owned()));
            all.into_iter().find_map(|inside| view.file(&inside).map(|path| (inside, path)))
        };
        let load = |path: &Path, program: &'static str, parse: fn(&Path, &str) -> Result<Passed, Problem>| {
            Document::load(&Location { path: path.to_owned(), named: true }, |path, text| {
                let Passed { targets, undefined, secured } = parse(path, text)?;
                // HAProxy looks names up when it starts, unless it is told to do so later.
                let needs_names =
                    program == "HAProxy" && !["init-addr", "resolvers"].iter().any(|word| text.contains(word));
                let (path, service) = (path.to_owned(), service.name.clone());
                Ok(Self { path, program, service, targets, undefined, secured, needs_names })
            })
        };
        if is("caddy") {
            let usual = ["/etc/caddy/Caddyfile"];
            return named(&["--config", "-config"], &usual)
                .filter(|(inside, _)| !ends_with(inside, "json"))
                .map(|(inside, path)| {
                    let further = imported(&inside, &path, view);
                    let files = std::iter::once(path).chain(further).take(MOST);
                    files.map(|path| load(&path, "Caddy", |path, text| Ok(caddy(path, text)))).collect()
                })
                .unwrap_or_default();
        }
        if is("haproxy") {
            let usual = ["/usr/local/etc/haproxy/haproxy.cfg", "/etc/haproxy/haproxy.cfg"];
            let found = named(&["-f"], &usual);
            return found
                .map(|(_, path)| load(&path, "HAProxy", |path, text| Ok(haproxy(path, text))))
                .into_iter()
                .collect();
        }
        if is("traefik") {
            let files = traefik_files(service, view).into_iter().take(MOST);
            return files.map(|path| load(&path, "Traefik", traefik)).collect();
        }
        Vec::new()
    }
}

fn ends_with(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// What was found in a file.
#[derive(Debug, Default)]
struct Passed {
    targets: Vec<Target>,
    undefined: Vec<Target>,
    secured: Option<Target>,
}

/// The words of a line of a Caddyfile or of HAProxy's file, without its comment.
fn words(line: &str) -> Vec<String> {
    split(line, &['"', '\'', '`'], Some('#'))
}

/// Whether the program fills in a part of an address when it starts or later.
fn is_known(address: &str) -> bool {
    !address.is_empty() && !address.contains(['$', '{', '}', '%', '*'])
}

fn caddy(path: &Path, text: &str) -> Passed {
    const PASSES: [&str; 2] = ["reverse_proxy", "php_fastcgi"];
    let mut passed = Passed { secured: secured(path, text), ..Passed::default() };
    // The blocks that are open: whether each is one of a directive that passes requests on.
    let mut open: Vec<bool> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = Place::new(path, number + 1);
        let mut words = words(line);
        let opens = words.last().is_some_and(|word| word == "{");
        if opens {
            words.pop();
        }
        if words.first().is_some_and(|word| word == "}") {
            open.pop();
            continue;
        }
        let first = words.first().map(String::as_str).unwrap_or_default();
        let is_pass = PASSES.contains(&first);
        let addresses: &[String] = match first {
            _ if is_pass => {
                let matcher = words.get(1).is_some_and(|word| word.starts_with(['@', '/', '*']));
                words.get(1 + usize::from(matcher)..).unwrap_or_default()
            }
            "to" if open.last() == Some(&true) => &words[1..],
            _ => &[],
        };
        for address in addresses {
            let plain = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
            // A socket, ports of this container, and ranges of ports name no other container, or several ports.
            let range = plain.rsplit_once(':').is_some_and(|(_, port)| port.contains('-'));
            if is_known(address) && !address.starts_with("unix/") && !plain.starts_with(':') && !range {
                let address = address.replacen("h2c://", "http://", 1);
                passed.targets.push(Target { address, place: place.clone() });
            }
        }
        if opens {
            open.push(is_pass);
        }
    }
    passed
}

/// The first site of a Caddyfile, if Caddy serves all of them with TLS at port 443 alone, as it does with a name that has
/// neither a scheme nor a port (Caddy documentation, "Automatic HTTPS"). What it imports may have others.
fn secured(path: &Path, text: &str) -> Option<Target> {
    let mut sites: Vec<Target> = Vec::new();
    let (mut depth, mut is_first) = (0_usize, true);
    for (number, line) in text.lines().enumerate() {
        let words = words(line);
        let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
        if ["auto_https", "http_port", "https_port"].contains(&first.as_str()) || depth == 0 && first == "import" {
            return None;
        }
        let opens = last == "{";
        // A file with one site may have no braces; a name in parentheses is that of a part which sites import.
        if depth == 0 && (opens || is_first) && !first.starts_with('(') {
            let named = words.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty() && *word != "{");
            sites.extend(named.map(|name| Target { address: name.to_owned(), place: Place::new(path, number + 1) }));
        }
        is_first = false;
        depth = if first == "}" { depth.saturating_sub(1) } else { depth + usize::from(opens) };
    }
    let is_secured = |site: &Target| {
        let name = site.address.strip_prefix("https://").unwrap_or(&site.address);
        is_known(name) && !name.contains([':', '/'])
    };
    sites.iter().all(is_secured).then(|| sites.into_iter().next()).flatten()
}

/// The files that a Caddyfile imports, from the folder it stands in.
fn imported(inside: &str, path: &Path, view: &View) -> Vec<PathBuf> {
    let folder = inside.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text = super::text::read_text(path).unwrap_or_default();
    let patterns = text.lines().map(words).filter(|words| words.len() == 2 && words[0] == "import");
    patterns
        .filter(|words| is_known(&words[1].replace('*', "")))
        .map(|words| if words[1].starts_with('/') { words[1].clone() } else { format!("{folder}/{}", words[1]) })
        .flat_map(|pattern| view.matching(&pattern))
        .map(|(_, path)| path)
        .collect()
}

fn haproxy(path: &Path, text: &str) -> Passed {
    let mut passed = Passed::default();
    let (mut section, mut backends, mut used) = (String::new(), Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let place = Place::new(path, number + 1);
        let words = words(line);
        let word = |place: usize| words.get(place).map(String::as_str).unwrap_or_default();
        match word(0) {
            name @ ("global" | "defaults" | "frontend" | "backend" | "listen" | "peers" | "resolvers" | "userlist"
            | "mailers" | "cache" | "program" | "ring" | "http-errors" | "fcgi-app" | "crt-store"
            | "log-forward") => {
                name.clone_into(&mut section);
                if ["backend", "listen"].contains(&name) {
                    backends.push(word(1).to_owned());
                }
            }
            "default_backend" | "use_backend" if is_known(word(1)) => {
                used.push(Target { address: word(1).to_owned(), place });
            }
            "server" | "server-template" if ["backend", "listen"].contains(&section.as_str()) => {
                let address = word(if word(0) == "server" { 2 } else { 3 });
                let address = address
                    .split_once('@')
                    .map_or(address, |(kind, rest)| if ["ipv4", "ipv6"].contains(&kind) { rest } else { "" });
                if is_known(address) && !address.starts_with(['/', ':']) {
                    passed.targets.push(Target { address: address.to_owned(), place });
                }
            }
            _ => {}
        }
    }
    passed.undefined = used.into_iter().filter(|used| !backends.contains(&used.address)).collect();
    passed
}

/// The files of services that a Traefik reads: those that its command or its own file names.
fn traefik_files(service: &Service, view: &View) -> Vec<PathBuf> {
    let usual = ["/etc/traefik/traefik.yml", "/etc/traefik/traefik.yaml"];
    let own = service.flag(&["--configFile", "--configfile"]).into_iter().chain(usual.map(str::to_owned));
    let own = own.into_iter().find_map(|inside| view.file(&inside));
    let own = own.and_then(|path| document(&path, &super::text::read_text(&path).ok()?).ok());
    let said = |key: &str| {
        let flag = service.flag(&[&format!("--providers.file.{key}")]);
        flag.or_else(|| Some(own.as_ref()?.at(&["providers", "file", key])?.string()))
    };
    let in_folder = said("directory").into_iter().flat_map(|folder| {
        ["yml", "yaml"]
            .into_iter()
            .flat_map(move |ending| view.matching(&format!("{}/*.{ending}", folder.trim_end_matches('/'))))
    });
    let one = said("filename").filter(|name| !ends_with(name, "toml")).and_then(|name| view.file(&name));
    in_folder.map(|(_, path)| path).chain(one).collect()
}

fn traefik(path: &Path, text: &str) -> Result<Passed, Problem> {
    // It is a template; what that fills in is not known.
    let document = document(path, text)?;
    let services = [("http", "url"), ("tcp", "address"), ("udp", "address")].into_iter().flat_map(|(kind, key)| {
        let services = document.at(&[kind, "services"]).map(Node::entries).unwrap_or_default();
        services.iter().filter_map(move |service| Some((key, balancer(service)?)))
    });
    let addresses = services.flat_map(|(key, balancer)| {
        let servers = balancer.get("servers").map(Node::list).unwrap_or_default();
        servers.iter().filter_map(move |server| server.get(key))
    });
    let known = addresses.filter(|address| is_known(&address.string()));
    let targets = known.map(|one| Target { address: one.string(), place: one.place.clone() }).collect();
    Ok(Passed { targets, ..Passed::default() })
}

fn balancer(service: &Entry) -> Option<&Node> {
    service.value.get("loadBalancer").or_else(|| service.value.get("loadbalancer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(passed: &Passed) -> Vec<(String, usize)> {
        passed.targets.iter().map(|target| (target.address.clone(), target.place.line)).collect()
    }

    #[test]
    fn a_caddyfile_names_the_servers_of_its_directives() {
        let text = r#"
{
    email me@shop.example
}
shop.example {
    @api path /api/*
    reverse_proxy @api api:8000 "http://api-2:8000" # both
    reverse_proxy /old* h2c://old:9000
    reverse_proxy {
        to web:3000 web-2
        to unix//run/web.sock
        header_up Host {host}
    }
    php_fastcgi php:9000 {
        root /srv
    }
    handle /x {
        reverse_proxy {$BACKEND} :8080 range:8001-8003
        to elsewhere:1
    }
    to nobody:2
}
"#;
        let found = shown(&caddy(Path::new("Caddyfile"), text));
        let expected = [
            ("api:8000", 7),
            ("http://api-2:8000", 7),
            ("http://old:9000", 8),
            ("web:3000", 10),
            ("web-2", 10),
            ("php:9000", 14),
        ];
        assert_eq!(found, expected.map(|(address, line)| (address.to_owned(), line)));
    }

    #[test]
    fn sites_with_a_name_alone_are_served_with_tls() {
        let first = |text: &str| secured(Path::new("Caddyfile"), text).map(|site| (site.address, site.place.line));
        let shop = |line| Some(("shop.example".to_owned(), line));
        assert_eq!(first("# a shop\nshop.example, www.shop.example {\n  reverse_proxy app:1\n}\n"), shop(2));
        assert_eq!(first("{\n  email a@b.example\n}\nshop.example {\n}\n"), shop(4));
        assert_eq!(first("shop.example\nreverse_proxy app:1\n"), shop(1));
        assert_eq!(first("(part) {\n}\nhttps://shop.example {\n}\n").map(|(_, line)| line), Some(3));
        for plain in [
            "http://shop.example {\n}",
            ":80 {\n}",
            "shop.example:80 {\n}",
            "{$SITE} {\n}",
            "shop.example {\n}\n:80 {\n}",
            "{\n  auto_https off\n}\nshop.example {\n}",
            "import sites/*\nshop.example {\n}",
            "",
        ] {
            assert_eq!(first(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_file_of_haproxy_names_servers_and_backends() {
        let text = "global\n  server-state-base /x\npeers p\n  server one here:1\nfrontend f\n  use_backend api if { path /api }\n  \
                    use_backend %[path] if x\n  default_backend web # the rest\nbackend api\n  server a api:8000 check\n  \
                    server b ipv4@api-2:8000\n  server c unix@/run/x\n  server d ${HOST}:1\nlisten other\n  server-template t 3 \
                    tasks.web:80 check\n";
        let found = haproxy(Path::new("haproxy.cfg"), text);
        let expected = [("api:8000", 10), ("api-2:8000", 11), ("tasks.web:80", 15)];
        assert_eq!(shown(&found), expected.map(|(address, line)| (address.to_owned(), line)));
        let undefined: Vec<_> = found.undefined.iter().map(|one| (one.address.as_str(), one.place.line)).collect();
        assert_eq!(undefined, [("web", 8)]);
    }

    #[test]
    fn a_file_of_traefik_names_servers() {
        let text = "http:\n  services:\n    shop:\n      loadBalancer:\n        servers:\n          - url: http://web:3000\n          \
                    - url: \"{{ env `X` }}\"\n    old:\n      weighted: {}\ntcp:\n  services:\n    db:\n      loadBalancer:\n        \
                    servers: [{address: \"mysql:3306\"}]\n";
        let found = shown(&traefik(Path::new("dynamic.yml"), text).unwrap());
        assert_eq!(found, [("http://web:3000".to_owned(), 6), ("mysql:3306".to_owned(), 14)]);
    }

    #[test]
    fn words_are_quoted_and_end_at_a_comment() {
        assert_eq!(words(r#"a "b c" d#e '' # f"#), ["a", "b c", "d#e", ""]);
        assert_eq!(words("# only"), Vec::<String>::new());
    }
}
