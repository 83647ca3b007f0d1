//! `nginx.conf`, parsed into directives. Each word keeps its position in the file, so that a copy can be made in which
//! some words are replaced.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A word of a directive, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Word {
    pub(in crate::deploy_check) text: String,
    /// Its bytes in the file, quotes included.
    pub(in crate::deploy_check) span: Range<usize>,
}

/// A directive: its name, its arguments, and the directives of its block.
#[derive(Clone, Debug)]
pub(in crate::deploy_check) struct Directive {
    pub(in crate::deploy_check) name: String,
    pub(in crate::deploy_check) arguments: Vec<Word>,
    pub(in crate::deploy_check) block: Vec<Directive>,
}

/// A parsed `nginx.conf`.
#[derive(Debug)]
pub(in crate::deploy_check) struct Nginx {
    pub(in crate::deploy_check) path: PathBuf,
    pub(in crate::deploy_check) text: String,
    pub(in crate::deploy_check) directives: Vec<Directive>,
}

/// The address of a server that requests are passed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) struct Server {
    pub(in crate::deploy_check) host: String,
    pub(in crate::deploy_check) port: u16,
}

impl Directive {
    /// The argument at an index, from 0; empty if there is none.
    pub(in crate::deploy_check) fn argument(&self, index: usize) -> &str {
        self.arguments.get(index).map_or("", |word| &word.text)
    }
}

impl Nginx {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0, start: 0 };
        let directives = reader.block(0)?;
        Ok(Self { path: path.to_owned(), text: text.to_owned(), directives })
    }

    /// Every directive of the file, nested ones included.
    pub(in crate::deploy_check) fn all(&self) -> Vec<&Directive> {
        fn add<'a>(directives: &'a [Directive], all: &mut Vec<&'a Directive>) {
            for directive in directives {
                all.push(directive);
                add(&directive.block, all);
            }
        }
        let mut all = Vec::new();
        add(&self.directives, &mut all);
        all
    }

    /// A phrase with the included files, which are not read and may contain anything; `None` if there are none. Lists
    /// of media types and of parameters do not count.
    pub(in crate::deploy_check) fn unseen(&self) -> Option<String> {
        let harmless = ["mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params"];
        let named = self.named("include").into_iter().map(|include| include.argument(0));
        let unseen: Vec<_> = named.filter(|path| !harmless.iter().any(|known| path.ends_with(known))).collect();
        (!unseen.is_empty()).then(|| format!("{}, which {} includes", unseen.join(", "), self.path.display()))
    }

    /// Every directive with this name.
    pub(in crate::deploy_check) fn named(&self, name: &str) -> Vec<&Directive> {
        self.all().into_iter().filter(|directive| directive.name == name).collect()
    }

    /// The upstreams that a `proxy_pass` uses.
    pub(in crate::deploy_check) fn upstreams(&self) -> Vec<&Directive> {
        let passes = self.passed_to();
        let upstreams = self.named("upstream").into_iter();
        upstreams.filter(|upstream| passes.iter().any(|host| host == upstream.argument(0))).collect()
    }

    /// The servers that requests are passed to: those of the upstreams in use, and those that a `proxy_pass` names
    /// directly.
    pub(in crate::deploy_check) fn servers(&self) -> Vec<Server> {
        let upstreams = self.upstreams();
        let listed = upstreams.iter().flat_map(|upstream| &upstream.block).filter(|one| one.name == "server");
        let mut servers: Vec<_> = listed.filter_map(|server| address(server.argument(0))).collect();
        for passed in self.passed_to() {
            if upstreams.iter().all(|upstream| upstream.argument(0) != passed) && !passed.contains('$') {
                servers.extend(address(&passed));
            }
        }
        servers
    }

    /// The ports that nginx listens on.
    pub(in crate::deploy_check) fn ports(&self) -> Vec<u16> {
        let port = |directive: &Directive| {
            let first = directive.argument(0);
            // A port alone, or an address with or without a port.
            first.parse().ok().or_else(|| address(first).map(|server| server.port))
        };
        self.named("listen").into_iter().filter_map(port).collect()
    }

    /// The host (or upstream) after `http://` in each `proxy_pass`.
    fn passed_to(&self) -> Vec<String> {
        let authority = |directive: &Directive| {
            let bare = directive.argument(0).split("://").nth(1)?.to_owned();
            Some(bare.split('/').next().unwrap_or_default().to_owned())
        };
        self.named("proxy_pass").into_iter().filter_map(authority).collect()
    }

    /// The durations of every directive with this name.
    pub(in crate::deploy_check) fn durations(&self, name: &str) -> Vec<Duration> {
        self.named(name).iter().filter_map(|directive| duration(directive.argument(0))).collect()
    }
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

/// The tokenizer.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The position in bytes at which the last token begins.
    start: usize,
}

enum Token {
    Word(Word),
    Semicolon,
    Open,
    Close,
    End,
}

impl Reader<'_> {
    fn block(&mut self, depth: usize) -> Result<Vec<Directive>, String> {
        let mut directives = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        loop {
            let token = self.token()?;
            let begun = self.line();
            match token {
                Token::Word(word) => words.push(word),
                Token::Semicolon => directives.extend(directive(&mut words, Vec::new())),
                Token::Open => {
                    if words.is_empty() {
                        return Err(format!("line {begun}: a brace without a name"));
                    }
                    let block = self.block(depth + 1)?;
                    directives.extend(directive(&mut words, block));
                }
                Token::Close if depth > 0 && words.is_empty() => return Ok(directives),
                Token::End if depth == 0 && words.is_empty() => return Ok(directives),
                Token::Close if words.is_empty() => return Err(format!("line {begun}: a brace too many")),
                Token::End if words.is_empty() => return Err("a brace is not closed".to_owned()),
                Token::Close | Token::End => return Err(format!("line {begun}: a semicolon is missing")),
            }
        }
    }

    /// The line, from 1, in which the last token begins.
    fn line(&self) -> usize {
        self.text[..self.start].matches('\n').count() + 1
    }

    fn token(&mut self) -> Result<Token, String> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                None => {
                    self.start = self.at;
                    return Ok(Token::End);
                }
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(b'#') => self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at),
                Some(_) => break,
            }
        }
        let start = self.at;
        self.start = start;
        let single = match bytes[start] {
            b';' => Some(Token::Semicolon),
            b'{' => Some(Token::Open),
            b'}' => Some(Token::Close),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Ok(token);
        }
        let quote = Some(bytes[start]).filter(|byte| matches!(byte, b'"' | b'\''));
        let mut text = Vec::new();
        self.at += usize::from(quote.is_some());
        loop {
            let Some(&byte) = bytes.get(self.at) else {
                if quote.is_some() {
                    return Err(format!("a quote from line {} is not closed", self.line()));
                }
                break;
            };
            match byte {
                b'\\' if bytes.get(self.at + 1).is_some() => {
                    // A backslash before a quote is not part of the word; any other is, for example in a regular
                    // expression.
                    let next = bytes[self.at + 1];
                    if !matches!(next, b'"' | b'\'') {
                        text.push(byte);
                    }
                    text.push(next);
                    self.at += 2;
                    continue;
                }
                _ if Some(byte) == quote => {
                    self.at += 1;
                    break;
                }
                // `${name}` is a variable and does not open a block.
                b'$' if quote.is_none() && bytes.get(self.at + 1) == Some(&b'{') => {
                    let length = self.text[self.at..].find('}').ok_or("a brace is not closed")? + 1;
                    text.extend_from_slice(&bytes[self.at..self.at + length]);
                    self.at += length;
                    continue;
                }
                b';' | b'{' if quote.is_none() => break,
                _ if quote.is_none() && byte.is_ascii_whitespace() => break,
                _ => text.push(byte),
            }
            self.at += 1;
        }
        Ok(Token::Word(Word { text: String::from_utf8_lossy(&text).into_owned(), span: start..self.at }))
    }
}

fn directive(words: &mut Vec<Word>, block: Vec<Directive>) -> Option<Directive> {
    let mut words = std::mem::take(words).into_iter();
    let name = words.next()?.text;
    Some(Directive { name, arguments: words.collect(), block })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# a comment { with braces
events {}
http {
    map $a $b { "~^[a-z]{1,3}$" x; default '{"error":"no; really"}'; }
    upstream store { server one:5000 max_fails=5; server two:5001; keepalive_timeout 60s; }
    upstream unused { server lost:1; }
    server {
        listen 80;
        location / { proxy_pass http://store; proxy_read_timeout 30; }
        location /x { proxy_pass http://alone:9000/path; proxy_read_timeout 1m; }
        location /y { proxy_pass http://${name}:1; }
    }
}
"#;

    fn parse(text: &str) -> Result<Nginx, String> {
        Nginx::parse(Path::new("nginx.conf"), text)
    }

    #[test]
    fn what_is_passed_to_whom_is_found() {
        let nginx = parse(TEXT).unwrap();
        let servers: Vec<_> = nginx.servers().iter().map(|one| format!("{}:{}", one.host, one.port)).collect();
        assert_eq!(servers, ["one:5000", "two:5001", "alone:9000"]);
        assert_eq!(nginx.durations("proxy_read_timeout"), [Duration::from_secs(30), Duration::from_mins(1)]);
        assert_eq!(nginx.upstreams().len(), 1);
        assert_eq!(nginx.named("default")[0].argument(0), r#"{"error":"no; really"}"#);
        let word = &nginx.named("server")[0].arguments[0];
        assert_eq!(&TEXT[word.span.clone()], "one:5000");
    }

    #[test]
    fn what_is_included_is_told_as_not_seen() {
        assert_eq!(parse(TEXT).unwrap().unseen(), None);
        let text = "http { include /etc/nginx/mime.types; include conf.d/*.conf; server { include more; } }";
        assert_eq!(parse(text).unwrap().unseen().unwrap(), "conf.d/*.conf, more, which nginx.conf includes");
    }

    #[test]
    fn what_is_not_closed_is_told_with_its_line() {
        for (text, expected) in [
            ("http {", "a brace is not closed"),
            ("http {}\n}", "line 2: a brace too many"),
            ("a b\n", "line 2: a semicolon is missing"),
            ("http { a b }", "line 1: a semicolon is missing"),
            ("\n\"x", "a quote from line 2 is not closed"),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
    }
}
