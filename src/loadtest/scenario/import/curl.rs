//! Reads curl commands, as people keep them and as browsers copy them. No file that they name is read.

use std::collections::VecDeque;

use serde_json::Value;
use url::{Position, Url};

use super::draft::{Body, Draft, Request, encoded_path, literal, literal_json};
use super::imported::ImportError;
use super::without_secrets::{
    authorization, env, form, is_secret, json_without_secrets, path_without_secrets, secret_or, user,
};

/// Options of curl that take a value and say nothing about the request.
const IGNORED_WITH_VALUE: [&str; 66] = [
    "-o",
    "--output",
    "--output-dir",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-w",
    "--write-out",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "-c",
    "--cookie-jar",
    "--cacert",
    "--capath",
    "--limit-rate",
    "-D",
    "--dump-header",
    "--resolve",
    "--connect-to",
    "--interface",
    "--local-port",
    "-K",
    "--config",
    "--stderr",
    "--trace",
    "--trace-ascii",
    "--trace-config",
    "--ciphers",
    "--tls13-ciphers",
    "--curves",
    "--pinnedpubkey",
    "--crlfile",
    "--cert-type",
    "--key-type",
    "--pass",
    "--tls-max",
    "-z",
    "--time-cond",
    "-C",
    "--continue-at",
    "-y",
    "--speed-time",
    "-Y",
    "--speed-limit",
    "--max-filesize",
    "--max-redirs",
    "--keepalive-time",
    "--dns-servers",
    "--doh-url",
    "--engine",
    "--netrc-file",
    "--noproxy",
    "--etag-save",
    "--etag-compare",
    "--hsts",
    "--alt-svc",
    "--libcurl",
    "--happy-eyeballs-timeout-ms",
    "--parallel-max",
    "--expect100-timeout",
    "--rate",
    "--proto",
    "--proto-default",
    "--proto-redir",
    "--request-target",
];

/// The options of one letter that take a value; all others are switches, of which several may stand in one word.
const LETTERS_WITH_VALUE: &str = "AbcCdDeEFHhKmoPQrtTuUwxXyYz";

/// Whether a text is a curl command, or several.
pub(super) fn is_one(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let line = line.trim_start_matches("$ ");
        line == "curl" || line.starts_with("curl ") || line.starts_with("curl.exe ")
    })
}

/// Reads one command as a task, several as the steps of a journey.
pub(super) fn read(text: &str) -> Result<Draft, ImportError> {
    let commands = commands(text)?;
    let mut draft = Draft { source: "curl commands", name: "curl".to_owned(), ..Draft::default() };
    draft.is_journey = commands.len() > 1;
    for words in &commands {
        read_command(words, &mut draft)?;
    }
    if draft.requests.is_empty() {
        return Err(ImportError("no curl command has a URL of the first one's host: give at least one".to_owned()));
    }
    Ok(draft)
}

/// What one command says.
#[derive(Default)]
struct Said {
    method: Option<String>,
    urls: Vec<String>,
    data: Vec<String>,
    is_json: bool,
    is_get: bool,
    parts: Vec<(String, String)>,
    request: Request,
}

fn read_command(words: &[String], draft: &mut Draft) -> Result<(), ImportError> {
    let mut said = Said::default();
    let mut words: VecDeque<String> = words.iter().skip(1).cloned().collect();
    while let Some(word) = words.pop_front() {
        // The values of options are taken as they are, whatever they begin with.
        let mut together = apart(&word);
        let first = together.remove(0);
        together.into_iter().rev().for_each(|option| words.push_front(option));
        let (option, joined) = split(&first);
        let mut value = || {
            let missing = || ImportError(format!("curl {option} has no value: give the command as a whole"));
            joined.map_or_else(|| words.pop_front().ok_or_else(missing), |joined| Ok(joined.to_owned()))
        };
        match option {
            "-X" | "--request" => said.method = Some(value()?.to_uppercase()),
            "-H" | "--header" => header(&value()?, &mut said.request),
            "-d" | "--data" | "--data-ascii" | "--data-binary" => data(value()?, &mut said),
            "--data-raw" => said.data.push(value()?),
            "--data-urlencode" => url_encoded(&value()?, &mut said),
            "--json" => {
                said.is_json = true;
                data(value()?, &mut said);
            }
            "-F" | "--form" | "--form-string" => part(&value()?, &mut said),
            "-u" | "--user" => user(&value()?, &mut said.request),
            "-b" | "--cookie" => cookie(&value()?, &mut said.request),
            "-A" | "--user-agent" => said.request.headers.push(("user-agent".to_owned(), literal(&value()?))),
            "-e" | "--referer" => said.request.headers.push(("referer".to_owned(), literal(&value()?))),
            "--oauth2-bearer" => {
                drop(value()?);
                said.request.bearer = Some("{{env.TOKEN}}".to_owned());
            }
            "-r" | "--range" => {
                let range = value()?;
                said.request.headers.push(("range".to_owned(), literal(&format!("bytes={range}"))));
            }
            "-T" | "--upload-file" => {
                let file = value()?;
                said.method.get_or_insert_with(|| "PUT".to_owned());
                said.request.left_out.push(format!("the body in the file {file}, which is not read: write body_file"));
            }
            "-U" | "--proxy-user" | "--proxy-header" | "--aws-sigv4" | "-Q" | "--quote" | "-P" | "-t" => {
                drop(value()?);
                said.request.left_out.push(format!("what {option} says"));
            }
            "-x" | "--proxy" | "--unix-socket" | "-E" | "--cert" | "--key" => {
                drop(value()?);
                said.request.left_out.push(format!("{option}: storemgr loadtest has an option of its own for it"));
            }
            "--url" => said.urls.push(value()?),
            "-G" | "--get" => said.is_get = true,
            "-I" | "--head" => said.method = Some("HEAD".to_owned()),
            "-L" | "--location" | "--location-trusted" => draft.redirects = 10,
            ignored if IGNORED_WITH_VALUE.contains(&ignored) => drop(value()?),
            flag if flag.starts_with('-') && flag.len() > 1 => {}
            url => said.urls.push(url.to_owned()),
        }
    }
    finish(said, draft)
}

/// The options that stand in one word: `-sSX` is `-s`, `-S` and `-X`, whose value follows; `-sXPOST` has it behind.
fn apart(word: &str) -> Vec<String> {
    let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.starts_with('-') && letters.len() > 1) else {
        return vec![word.to_owned()];
    };
    let with_value = letters.find(|letter| LETTERS_WITH_VALUE.contains(letter)).unwrap_or(letters.len());
    let switches = letters[..with_value].chars().map(|letter| format!("-{letter}"));
    let last = (with_value < letters.len()).then(|| format!("-{}", &letters[with_value..]));
    switches.chain(last).collect()
}

/// An option and its value where both are one word: `-XPOST`, `--request=POST`.
fn split(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
    }
    let takes_value = word.chars().nth(1).is_some_and(|letter| LETTERS_WITH_VALUE.contains(letter));
    match word.get(..2) {
        Some(option) if word.len() > 2 && word.starts_with('-') && takes_value => (option, Some(&word[2..])),
        _ => (word, None),
    }
}

fn header(text: &str, request: &mut Request) {
    let Some((name, value)) = text.split_once(':') else { return };
    let (name, value) = (name.trim().to_lowercase(), value.trim());
    match name.as_str() {
        "host" | "content-length" | "connection" | "transfer-encoding" | "accept-encoding" => {}
        "cookie" => cookie(value, request),
        "authorization" => authorization(value, request),
        _ if value.is_empty() => {}
        _ if is_secret(&name) => request.headers.push((name.clone(), env(&name))),
        _ if name.starts_with("sec-") => {}
        _ => request.headers.push((name, literal(value))),
    }
}

fn cookie(text: &str, request: &mut Request) {
    if text.contains('=') {
        request.headers.push(("cookie".to_owned(), "{{env.COOKIE}}".to_owned()));
    } else {
        request
            .left_out
            .push("the cookies of a file, which is not read: set client.cookies, or send a cookie header".to_owned());
    }
}

fn data(text: String, said: &mut Said) {
    let Some(file) = text.strip_prefix('@') else { return said.data.push(text) };
    said.request.left_out.push(format!("the body in the file {file}, which is not read: write body_file"));
}

/// `name=text` or `=text`, of which the text is encoded.
fn url_encoded(text: &str, said: &mut Said) {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    match text.split_once('=') {
        _ if text.starts_with('@') || text.split('=').next().is_some_and(|name| name.contains('@')) => {
            said.request.left_out.push(format!("the data in the file of {text}, which is not read"));
        }
        Some(("", value)) => said.data.push(encode(value)),
        Some((name, value)) => said.data.push(format!("{name}={}", encode(value))),
        None => said.data.push(encode(text)),
    }
}

fn part(text: &str, said: &mut Said) {
    match text.split_once('=') {
        Some((name, value)) if value.starts_with(['@', '<']) => {
            said.request.left_out.push(format!("the part {name} with the file {}, which is not read", &value[1..]));
        }
        Some((name, value)) => said.parts.push((name.to_owned(), secret_or(name, value))),
        None => {}
    }
}

fn finish(said: Said, draft: &mut Draft) -> Result<(), ImportError> {
    let Said { method, urls, data, is_json, is_get, parts, mut request } = said;
    let Some(url) = urls.first() else {
        return Err(ImportError("a curl command has no URL: give it as a whole".to_owned()));
    };
    let whole = if url.contains("://") { url.clone() } else { format!("http://{url}") };
    let url = Url::parse(&whole).map_err(|error| ImportError(format!("{url:?} is not a URL: {error}")))?;
    let origin = url.origin().ascii_serialization();
    if draft.host.get_or_insert_with(|| origin.clone()) != &origin {
        draft.left_out.push(format!("a request to {origin}, which is another host: add it under [hosts]"));
        return Ok(());
    }
    for more in urls.iter().skip(1) {
        request.left_out.push(format!("the further URL {more} of the same command"));
    }
    if !url.username().is_empty() {
        user(url.username(), &mut request);
    }
    let mut path = url[Position::BeforePath..Position::AfterQuery].to_owned();
    let joined = data.join("&");
    let content_type = request.headers.iter().position(|(name, _)| name == "content-type");
    let kind = content_type.map(|place| request.headers[place].1.clone()).unwrap_or_default();
    if is_get && !joined.is_empty() {
        path = format!("{path}{}{joined}", if path.contains('?') { '&' } else { '?' });
    } else if !parts.is_empty() {
        request.body = Body::Parts(parts);
    } else if !data.is_empty() {
        let json: Option<Value> =
            serde_json::from_str(&joined).ok().filter(|json: &Value| json.is_object() || json.is_array());
        request.body = match json {
            Some(json) if is_json || kind.contains("json") => Body::Json(json_without_secrets(&literal_json(&json))),
            _ if kind.is_empty() && !is_json || kind.starts_with("application/x-www-form-urlencoded") => form(&joined),
            _ => Body::Text(literal(&joined)),
        };
    }
    let derived = matches!(request.body, Body::Json(_) | Body::Form(_) | Body::Parts(_));
    if let Some(place) = content_type.filter(|_| derived) {
        request.headers.remove(place);
    }
    let usual = if request.body == Body::None { "GET" } else { "POST" };
    request.method = method.unwrap_or_else(|| usual.to_owned());
    request.name = format!("{} {}", request.method, url.path());
    request.path = encoded_path(&path_without_secrets(&literal(&path), |_| false));
    draft.requests.push(request);
    Ok(())
}

/// The words of each command, as a POSIX shell reads them; `$'…'` is the one addition that browsers use.
fn commands(text: &str) -> Result<Vec<Vec<String>>, ImportError> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    let unclosed = || ImportError("a quote of a curl command is not closed: give the command as a whole".to_owned());
    let end_word = |word: &mut Option<String>, all: &mut Vec<Vec<String>>| {
        if let (Some(word), Some(last)) = (word.take(), all.last_mut()) {
            last.push(word);
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some('\r') => drop(chars.next_if_eq(&'\n')),
                Some(other) => word.get_or_insert_default().push(other),
            },
            '\'' => {
                let inside = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or_else(unclosed)? {
                        '\'' => break,
                        other => inside.push(other),
                    }
                }
            }
            '$' if chars.peek() == Some(&'\'') => {
                chars.next();
                let inside = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or_else(unclosed)? {
                        '\'' => break,
                        '\\' => inside.push(escape(&mut chars)),
                        other => inside.push(other),
                    }
                }
            }
            '"' => {
                let inside = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or_else(unclosed)? {
                        '"' => break,
                        '\\' => match chars.next().ok_or_else(unclosed)? {
                            '\n' => {}
                            other if matches!(other, '"' | '\\' | '$' | '`') => inside.push(other),
                            other => inside.extend(['\\', other]),
                        },
                        other => inside.push(other),
                    }
                }
            }
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            ';' | '\n' | '|' => {
                end_word(&mut word, &mut all);
                all.push(Vec::new());
            }
            '&' if word.is_none() || chars.peek().is_none_or(|next| next.is_whitespace() || *next == '&') => {
                end_word(&mut word, &mut all);
                all.push(Vec::new());
            }
            space if space.is_whitespace() => end_word(&mut word, &mut all),
            other => word.get_or_insert_default().push(other),
        }
    }
    end_word(&mut word, &mut all);
    for words in &mut all {
        if words.first().is_some_and(|word| word == "$") {
            words.remove(0);
        }
    }
    all.retain(|words| words.first().is_some_and(|word| word == "curl" || word == "curl.exe"));
    Ok(all)
}

/// What a backslash means within `$'…'`.
fn escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> char {
    match chars.next() {
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => hex(chars, 4),
        Some('x') => hex(chars, 2),
        Some(other) => other,
        None => '\\',
    }
}

/// A character by its number, which has so many digits at most.
fn hex(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, most: usize) -> char {
    let mut number = 0;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
        chars.next();
        number = number * 16 + digit;
    }
    char::from_u32(number).unwrap_or('\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::super::import;

    #[test]
    fn commands_are_read_as_a_shell_reads_them() {
        let text = r#"
            curl 'https://shop.example/orders?x=1' -H 'Content-Type: application/json' \
              -H "Authorization: Bearer abc" --data-raw $'{"note":"it\'s {{x}}","password":"p"}' --compressed
            curl -XPOST -u mia:secret https://shop.example/form -d a=1 -d 'b=x y' -d token=t -F
        "#;
        assert!(import(text).unwrap_err().to_string().contains("-F has no value"));
        let imported = import(&text.replace(" -F", " -L; curl https://other.example/ # more")).unwrap();
        let text = imported.text.split_once("name =").unwrap().1;
        insta::assert_snapshot!(format!("name ={text}"), @r#"
        name = "curl"
        think_time = "0s"

        [client]
        redirects = 10

        [[journey]]
        name = "curl"

        [[journey.step]]
        name = "POST /orders"
        method = "POST"
        path = "/orders?x=1"
        bearer = "{{env.TOKEN}}"
        json = { note = "it's {{\"{{\"}}x}}", password = "{{env.PASSWORD}}" }

        [[journey.step]]
        name = "POST /form"
        method = "POST"
        path = "/form"
        basic = { user = "mia", password = "{{env.PASSWORD}}" }
        form = { a = "1", b = "x y", token = "{{env.TOKEN}}" }
        "#);
        assert_eq!(imported.variables, ["PASSWORD", "TOKEN"]);
        assert_eq!((imported.left_out, imported.host.as_deref()), (1, Some("https://shop.example")));
    }

    #[test]
    fn options_are_told_from_urls_however_they_are_written() {
        for (command, method, expected) in [
            ("curl -sSo /dev/null https://shop.example/x", "GET", "path = \"/x\""),
            ("curl -sX DELETE https://shop.example/x", "DELETE", "path = \"/x\""),
            ("curl -sd '-a=1' https://shop.example/x", "POST", "form = { -a = \"1\" }"),
            ("curl -sSL https://shop.example/x", "GET", "redirects = 10"),
            ("curl --oauth2-bearer abc123 https://shop.example/x", "GET", "bearer = \"{{env.TOKEN}}\""),
            ("curl -U u:abc123 -x http://p:1 https://shop.example/x", "GET", "path = \"/x\""),
            ("curl --max-redirs 5 -r 0-9 https://shop.example/x", "GET", "range = \"bytes=0-9\""),
            ("curl --aws-sigv4 abc123 -T f https://shop.example/x", "PUT", "method = \"PUT\""),
        ] {
            let imported = import(command).unwrap();
            assert_eq!(imported.host.as_deref(), Some("https://shop.example"), "{command}");
            assert!(
                imported.text.contains(expected) && !imported.text.contains("abc123"),
                "{command}: {}",
                imported.text
            );
            assert_eq!(imported.text.contains("method ="), method != "GET", "{command}: {}", imported.text);
        }
    }

    #[test]
    fn no_file_is_read() {
        let text = "curl -d @/etc/passwd -F 'a=@/etc/passwd' --data-urlencode x@/etc/passwd -b jar.txt http://h/";
        let imported = import(text).unwrap();
        assert_eq!(imported.left_out, 4, "{}", imported.text);
        assert!(!imported.text.contains("root:"));
        assert!(import("curl 'http://h/").unwrap_err().to_string().contains("is not closed"));
        assert!(import("curl -s").unwrap_err().to_string().contains("has no URL"));
    }
}
