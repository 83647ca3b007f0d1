//! Who may see the page of a run and steer it: whoever has the token, from the page itself and from no other.
//!
//! The token stands in the fragment of the address, which no browser sends and no log keeps. The page's script exchanges it
//! for a cookie that no script can read and that goes along with no request of another site. A cookie knows no port, so
//! another service on the same host is the same site for it: each request is also checked for where it comes from (`Origin`,
//! `Sec-Fetch-Site`), and for the name under which it was sent (`Host`), which a page of a name that was bound to our address
//! cannot choose.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{COOKIE, HOST, ORIGIN};
use http::request::Parts;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::net::{ServerTls, Target};
use crate::units::Secret;

/// How the page is reached, which decides the names under which it answers.
#[derive(Clone, Debug)]
pub enum Reach {
    /// Without TLS, on this machine only.
    Loopback,
    /// With TLS, under the names of the certificate.
    Tls(ServerTls),
    /// Behind a proxy that shows it under this address.
    Proxy(Target),
}

/// Where the browser says that a request comes from, which no page can write itself.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The access to one page.
#[derive(Debug)]
pub(super) struct Access {
    reach: Reach,
    listen: SocketAddr,
    token: Secret,
    /// The value of the cookie, which is not the token: a cookie may be kept on a disk.
    session: Secret,
}

/// A random text that nobody guesses: 256 bits.
pub(super) fn random_text() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

impl Access {
    pub(super) fn new(reach: Reach, listen: SocketAddr, token: Secret) -> Self {
        Self { reach, listen, token, session: Secret::new(random_text()) }
    }

    /// The address to open in a browser: one under which the page answers. With TLS it has a name of the certificate, if there
    /// is one, so that the browser accepts it.
    pub(super) fn address(&self) -> String {
        let name = match &self.reach {
            Reach::Proxy(shown) => return format!("{}://{}/", shown.scheme().name(), shown.authority()),
            Reach::Tls(tls) if !tls.covers(&self.listen.ip().to_string()) => tls.names().into_iter().next(),
            Reach::Loopback | Reach::Tls(_) => None,
        };
        let name = name.unwrap_or_else(|| in_a_url(self.reachable()));
        format!("{}/", self.origin(&format!("{name}:{}", self.listen.port())))
    }

    /// The address that it listens on; where that is every one of this machine, the loopback one.
    fn reachable(&self) -> IpAddr {
        match self.listen.ip() {
            IpAddr::V4(every) if every.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(every) if every.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            one => one,
        }
    }

    /// Whether a request was sent to a name of this page.
    pub(super) fn is_ours(&self, request: &Parts) -> bool {
        let mut hosts = request.headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
        let of_this_machine = || self.of_this_machine().any(|own| own.eq_ignore_ascii_case(host));
        match &self.reach {
            Reach::Loopback => of_this_machine(),
            Reach::Tls(tls) => of_this_machine() || self.is_of_certificate(tls, host),
            Reach::Proxy(shown) => of_this_machine() || shown.authority().eq_ignore_ascii_case(host),
        }
    }

    /// Whether a request comes from the page itself, or from the person at the browser. One that changes something must say
    /// so: `Origin` is then required.
    pub(super) fn is_from_the_page(&self, request: &Parts, changes: bool) -> bool {
        let text = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let site = text(SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
        site && match text(ORIGIN.as_str()) {
            Some(origin) => text(HOST.as_str()).is_some_and(|host| self.origin(host).eq_ignore_ascii_case(origin)),
            None => !changes,
        }
    }

    /// Whether a request has the cookie.
    pub(super) fn is_known(&self, request: &Parts) -> bool {
        let name = self.cookie_name();
        let cookies = request.headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let pairs = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(known, _)| *known == name).any(|(_, value)| same(value.as_bytes(), &self.session))
    }

    /// The cookie for a token, as `Set-Cookie` has it; None if the token is not ours.
    pub(super) fn cookie_for(&self, token: &[u8]) -> Option<String> {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let (name, value) = (self.cookie_name(), self.session.reveal());
        same(token, &self.token).then(|| format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"))
    }

    /// A cookie knows no port, so its name has it: two pages on one machine would take each other's place.
    fn cookie_name(&self) -> String {
        format!("storemgr-page-{}", self.listen.port())
    }

    fn is_secure(&self) -> bool {
        match &self.reach {
            Reach::Loopback => false,
            Reach::Tls(_) => true,
            Reach::Proxy(shown) => shown.scheme() == crate::net::Scheme::Https,
        }
    }

    /// The origin of the page where a request to this host comes from it.
    fn origin(&self, host: &str) -> String {
        match &self.reach {
            Reach::Loopback => format!("http://{host}"),
            Reach::Tls(_) => format!("https://{host}"),
            Reach::Proxy(shown) => format!("{}://{}", shown.scheme().name(), shown.authority()),
        }
    }

    fn of_this_machine(&self) -> impl Iterator<Item = String> {
        let usual = if matches!(self.reach, Reach::Tls(_)) { 443 } else { 80 };
        let names = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned).into_iter();
        let port = self.listen.port();
        // An address is no name that somebody else could bind to it.
        names.chain([in_a_url(self.reachable())]).map(move |name| {
            // Browsers leave the usual port out.
            if port == usual { name } else { format!("{name}:{port}") }
        })
    }

    fn is_of_certificate(&self, tls: &ServerTls, host: &str) -> bool {
        let Ok(target) = Target::parse(&format!("https://{host}")) else { return false };
        target.port() == self.listen.port() && tls.covers(target.host_name())
    }
}

/// An address as it stands in a URL.
fn in_a_url(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

/// Whether a text is the secret, in a time that does not tell how much of it is right.
fn same(text: &[u8], secret: &Secret) -> bool {
    let [text, secret] = [text, secret.reveal().as_bytes()].map(Sha256::digest);
    text.as_slice().ct_eq(secret.as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let request =
            headers.iter().fold(http::Request::builder(), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn access(reach: Reach) -> Access {
        Access::new(reach, ([127, 0, 0, 2], 8089).into(), Secret::new("the token of this page".to_owned()))
    }

    #[test]
    fn only_names_of_this_page_are_answered() {
        let loopback = access(Reach::Loopback);
        for (host, expected) in [
            ("127.0.0.1:8089", true),
            ("LOCALHOST:8089", true),
            ("[::1]:8089", true),
            ("127.0.0.1", false),
            ("127.0.0.1:8090", false),
            ("rebound.example:8089", false),
            ("127.0.0.1:8089.example", false),
            ("", false),
        ] {
            assert_eq!(loopback.is_ours(&parts(&[("host", host)])), expected, "{host}");
        }
        assert!(loopback.is_ours(&parts(&[("host", "127.0.0.2:8089")])), "the address that it listens on");
        let usual = Access::new(Reach::Loopback, ([127, 0, 0, 1], 80).into(), Secret::new("a token".to_owned()));
        assert!(usual.is_ours(&parts(&[("host", "127.0.0.1")])), "browsers leave the usual port out");
        assert!(!loopback.is_ours(&parts(&[])));
        assert!(!loopback.is_ours(&parts(&[("host", "127.0.0.1:8089"), ("host", "other")])), "two names");
        let of_the_network =
            Access::new(Reach::Loopback, ([192, 0, 2, 7], 8089).into(), Secret::new("a token".to_owned()));
        assert!(of_the_network.is_ours(&parts(&[("host", "192.0.2.7:8089")])), "the address that it listens on");
        let everywhere = Access::new(Reach::Loopback, ([0, 0, 0, 0], 8089).into(), Secret::new("a token".to_owned()));
        assert!(!everywhere.is_ours(&parts(&[("host", "0.0.0.0:8089")])), "that is no address");
        let behind = access(Reach::Proxy(Target::parse("https://load.example").unwrap()));
        assert!(behind.is_ours(&parts(&[("host", "load.example")])));
        assert!(!behind.is_ours(&parts(&[("host", "other.example")])));
    }

    #[test]
    fn the_address_to_open_is_answered() {
        let proxy = Target::parse("https://load.example").unwrap();
        for (reach, listen, expected) in [
            (Reach::Loopback, "127.0.0.1:8089", "http://127.0.0.1:8089/"),
            (Reach::Loopback, "[::1]:80", "http://[::1]:80/"),
            (Reach::Loopback, "0.0.0.0:8089", "http://127.0.0.1:8089/"),
            (Reach::Loopback, "[::]:8089", "http://[::1]:8089/"),
            (Reach::Proxy(proxy), "0.0.0.0:8089", "https://load.example/"),
        ] {
            let access = Access::new(reach, listen.parse().unwrap(), Secret::new("a token".to_owned()));
            assert_eq!(access.address(), expected, "{listen}");
        }
    }

    #[test]
    fn a_request_of_another_page_is_told_from_our_own() {
        let loopback = access(Reach::Loopback);
        let from = |headers: &[(&str, &str)], changes| {
            let mut all = vec![("host", "127.0.0.1:8089")];
            all.extend(headers);
            loopback.is_from_the_page(&parts(&all), changes)
        };
        let own = ("origin", "http://127.0.0.1:8089");
        assert!(from(&[own], true) && from(&[], false), "an address that is typed has no origin");
        assert!(!from(&[], true), "whoever changes something says where he comes from");
        for other in ["http://127.0.0.1:8090", "https://127.0.0.1:8089", "http://localhost:8089", "null", ""] {
            assert!(!from(&[("origin", other)], true) && !from(&[("origin", other)], false), "{other}");
        }
        for (site, expected) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
            assert_eq!(from(&[own, ("sec-fetch-site", site)], true), expected, "{site}");
        }
        let behind = access(Reach::Proxy(Target::parse("https://load.example").unwrap()));
        let request = parts(&[("host", "127.0.0.1:8089"), ("origin", "https://load.example")]);
        assert!(behind.is_from_the_page(&request, true));
    }

    #[test]
    fn a_token_is_exchanged_for_a_cookie_that_is_something_else() {
        let access = access(Reach::Loopback);
        for token in ["", "the token of this pag", "the token of this page ", "another token of this page"] {
            assert_eq!(access.cookie_for(token.as_bytes()), None, "{token}");
        }
        let cookie = access.cookie_for(b"the token of this page").unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Strict") && !cookie.contains("token of"), "{cookie}");
        let (pair, _) = cookie.split_once(';').unwrap();
        assert!(access.is_known(&parts(&[("cookie", pair)])));
        assert!(access.is_known(&parts(&[("cookie", &format!("a=b; {pair}"))])));
        for other in ["", "storemgr-page-8089=", "storemgr-page-8089=the token of this page", "storemgr-page-8090=x"] {
            assert!(!access.is_known(&parts(&[("cookie", other)])), "{other}");
        }
        let later = Access::new(Reach::Loopback, ([127, 0, 0, 1], 8089).into(), Secret::new("a new token".to_owned()));
        assert!(!later.is_known(&parts(&[("cookie", pair)])), "that of a page before");
    }
}
