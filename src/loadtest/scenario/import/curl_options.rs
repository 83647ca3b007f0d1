//! The options of curl: which of them take a value, and how several stand in one word.

/// Options that take a value and say nothing about the request.
pub(super) const IGNORED_WITH_VALUE: [&str; 105] = [
    "-o",
    "--output",
    "--output-dir",
    "-w",
    "--write-out",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "--limit-rate",
    "-D",
    "--dump-header",
    "--local-port",
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
    "--create-file-mode",
    "--delegation",
    "--dns-interface",
    "--dns-ipv4-addr",
    "--dns-ipv6-addr",
    "--ech",
    "--egd-file",
    "--ftp-account",
    "--ftp-alternative-to-user",
    "--ftp-method",
    "--ftp-port",
    "--haproxy-clientip",
    "--hostpubmd5",
    "--hostpubsha256",
    "--ip-tos",
    "--ipfs-gateway",
    "--keepalive-cnt",
    "--krb",
    "--login-options",
    "--mail-auth",
    "--mail-from",
    "--mail-rcpt",
    "--parallel-max-host",
    "--postquote",
    "--prequote",
    "--proxy-cacert",
    "--proxy-capath",
    "--proxy-cert",
    "--proxy-cert-type",
    "--proxy-ciphers",
    "--proxy-crlfile",
    "--proxy-key",
    "--proxy-key-type",
    "--proxy-pass",
    "--proxy-pinnedpubkey",
    "--proxy-service-name",
    "--proxy-tls13-ciphers",
    "--proxy-tlsauthtype",
    "--proxy-tlspassword",
    "--proxy-tlsuser",
    "--pubkey",
    "--random-file",
    "--sasl-authzid",
    "--service-name",
    "--sigalgs",
    "--socks5-gssapi-service",
    "--ssl-sessions",
    "--telnet-option",
    "--tftp-blksize",
    "--tlsauthtype",
    "--tlspassword",
    "--tlsuser",
    "--upload-flags",
    "--vlan-priority",
];

/// Options that belong to the load test, and not to a request.
pub(super) const OF_THE_RUN: [&str; 15] = [
    "-x",
    "--proxy",
    "--unix-socket",
    "-E",
    "--cert",
    "--key",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--cacert",
    "--capath",
    "--resolve",
    "--connect-to",
    "--interface",
    "--abstract-unix-socket",
];

/// The same of those without a value.
pub(super) const FLAGS_OF_THE_RUN: [&str; 6] =
    ["-k", "--insecure", "--http2", "--http2-prior-knowledge", "--http1.1", "--http3"];

/// Switches that say nothing about the request: what curl shows and keeps, and how it behaves after an error.
pub(super) const IGNORED_FLAGS: [&str; 29] = [
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "--show-headers",
    "-f",
    "--fail",
    "--fail-with-body",
    "--fail-early",
    "-#",
    "--progress-bar",
    "--no-progress-meter",
    "-N",
    "--no-buffer",
    "-g",
    "--globoff",
    "-O",
    "--remote-name",
    "-J",
    "--remote-header-name",
    "-q",
    "--disable",
    "--retry-connrefused",
    "--path-as-is",
    "--tcp-nodelay",
];

/// Options with a value for which a scenario has no place.
pub(super) const WITHOUT_A_PLACE: [&str; 21] = [
    "-K",
    "--config",
    "--request-target",
    "-z",
    "--time-cond",
    "--variable",
    "-U",
    "--proxy-user",
    "--proxy-header",
    "--proxy1.0",
    "--preproxy",
    "--socks4",
    "--socks4a",
    "--socks5",
    "--socks5-hostname",
    "--aws-sigv4",
    "-Q",
    "--quote",
    "-P",
    "-t",
    "--ftp-ssl-ccc-mode",
];

/// The options of one letter that take a value; all others are switches, of which several may stand in one word.
const LETTERS_WITH_VALUE: &str = "AbcCdDeEFHhKmoPQrtTuUwxXyYz";

/// The options that stand in one word: `-sSX` is `-s`, `-S` and `-X`, whose value follows; `-sXPOST` has it behind.
pub(super) fn apart(word: &str) -> Vec<String> {
    let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.starts_with('-') && letters.len() > 1) else {
        return vec![word.to_owned()];
    };
    let with_value = letters.find(|letter| LETTERS_WITH_VALUE.contains(letter)).unwrap_or(letters.len());
    let switches = letters[..with_value].chars().map(|letter| format!("-{letter}"));
    let last = (with_value < letters.len()).then(|| format!("-{}", &letters[with_value..]));
    switches.chain(last).collect()
}

/// An option and its value where both are one word: `-XPOST`, `--request=POST`.
pub(super) fn split(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
    }
    let takes_value = word.chars().nth(1).is_some_and(|letter| LETTERS_WITH_VALUE.contains(letter));
    match word.get(..2) {
        Some(option) if word.len() > 2 && word.starts_with('-') && takes_value => (option, Some(&word[2..])),
        _ => (word, None),
    }
}
