//! What a user keeps from one request to the next: its cookies and what its journey has captured; and what it makes of an
//! answer by them: where a redirect leads, whether a state has come, and what is kept.

use std::cmp::Reverse;
use std::time::Duration;

use cookie_store::{Cookie, CookieExpiration, CookieStore};
use hyper::Method;
use tokio::time::Instant;
use url::{Position, Url};

use super::channel::Elsewhere;
use super::state::RunState;
use crate::loadtest::recording::{Failure, cause};
use crate::loadtest::scenario::{Captured, Seen, Step, Task};
use crate::net::Reply;
use crate::run_result::FailureKind;
use crate::units::{self, printable};

/// What a user keeps.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) captured: Captured,
    /// Its jar; None if the scenario has no cookies.
    jar: Option<Jar>,
}

/// The cookies of a user.
#[derive(Debug, Default)]
struct Jar {
    cookies: CookieStore,
    /// The header for each service that was asked since the jar has changed, if that is the same for all of its paths and
    /// at any time: to find the cookies of an address costs more than everything else that a journey does.
    headers: Vec<(usize, String)>,
    /// Whether there is a cookie that is for some paths only, or that expires.
    is_particular: bool,
}

impl Jar {
    fn clear(&mut self) {
        self.cookies.clear();
        self.headers.clear();
        self.is_particular = false;
    }

    /// Notes that the cookies are others now.
    fn changed(&mut self) {
        self.headers.clear();
        let everywhere = |cookie: &Cookie<'_>| &*cookie.path == "/" && cookie.expires == CookieExpiration::SessionEnd;
        self.is_particular = !self.cookies.iter_any().all(everywhere);
    }
}

impl Session {
    pub(super) fn new(run: &RunState) -> Self {
        Self { captured: Captured::default(), jar: run.scenario.client().cookies.then(Jar::default) }
    }

    /// Forgets everything: a new journey begins.
    pub(super) fn clear(&mut self) {
        self.captured.clear();
        self.jar.iter_mut().for_each(Jar::clear);
    }

    /// Writes the cookies for an address as one header has them (RFC 6265, section 5.4).
    pub(super) fn write_cookies(&mut self, address: &Address<'_>, into: &mut String) -> Result<(), String> {
        into.clear();
        // Most jars are empty until somebody logs in.
        let Some(jar) = self.jar.as_mut().filter(|jar| jar.cookies.iter_any().next().is_some()) else { return Ok(()) };
        if let Some((_, header)) = jar.headers.iter().find(|(service, _)| *service == address.service) {
            into.push_str(header);
            return Ok(());
        }
        write_header(&jar.cookies, &address.url()?, into);
        if !jar.is_particular {
            jar.headers.push((address.service, into.clone()));
        }
        Ok(())
    }

    /// Keeps the cookies of an answer. One that is not valid is left out, as browsers do.
    fn keep_cookies(&mut self, reply: &Reply<'_>, address: &Address<'_>) {
        let Some(jar) = &mut self.jar else { return };
        let mut values = reply.header("set-cookie").peekable();
        if values.peek().is_none() {
            return;
        }
        let Ok(url) = address.url() else { return };
        for value in values {
            drop(jar.cookies.parse(&String::from_utf8_lossy(&value), &url));
        }
        jar.changed();
    }
}

/// Appends the cookies for a URL: those of longer paths first, and otherwise in the order in which they came (RFC 6265,
/// section 5.4).
fn write_header(cookies: &CookieStore, url: &Url, into: &mut String) {
    let mut found = cookies.matches(url);
    found.sort_by_key(|cookie| Reverse(cookie.path.len()));
    for (name, value) in found.into_iter().map(|cookie| cookie.name_value()) {
        let separator = if into.is_empty() { "" } else { "; " };
        into.extend([separator, name, "=", value]);
    }
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address<'a> {
    pub(super) run: &'a RunState,
    pub(super) service: usize,
    /// Where it goes instead of to the path of its task.
    pub(super) elsewhere: Option<&'a Elsewhere>,
    /// The path of its task.
    pub(super) path: &'a str,
}

impl Address<'_> {
    /// The whole URL.
    pub(super) fn url(&self) -> Result<Url, String> {
        let service = &self.run.services[self.service];
        let (prefix, path) = match self.elsewhere {
            None => (service.prefix(), self.path),
            Some(elsewhere) => ("", elsewhere.path.as_str()),
        };
        let Some(mut url) = service.url.clone() else { return Err(format!("{} is not a URL", service.origin)) };
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        if prefix.is_empty() {
            url.set_path(path);
        } else {
            url.set_path(&[prefix, path].concat());
        }
        url.set_query(query);
        Ok(url)
    }
}

/// How the answer to one request of a session is looked at.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) session: &'a mut Session,
    /// Where the request went.
    pub(super) address: Address<'a>,
    /// The service that the request went to before any redirect.
    pub(super) home: usize,
    /// The step that it is of; None for a task.
    pub(super) step: Option<&'a Step>,
    /// Whether one more redirect may be followed.
    pub(super) follows: bool,
    /// The end of the wait for a state.
    pub(super) give_up: Option<Instant>,
    /// What the answer asks for.
    pub(super) next: Next,
}

/// What comes after an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The answer is the last one.
    Nothing,
    /// The same request again: the state that is waited for has not come.
    Again,
    /// The request that a redirect asks for.
    Redirect(Elsewhere),
}

impl Look<'_> {
    /// Why an answer counts as a failure; None if it does not.
    pub(super) fn judge(&mut self, reply: &Reply<'_>, took: Duration, task: &Task) -> Option<Failure> {
        self.session.keep_cookies(reply, &self.address);
        if is_redirect(reply.status)
            && self.address.run.scenario.client().redirects > 0
            && !task.check.names(reply.status)
        {
            match self.redirect(reply, task) {
                Err(said) => return Some(failure(&said)),
                Ok(Some(elsewhere)) => {
                    self.next = Next::Redirect(elsewhere);
                    return None;
                }
                Ok(None) => {}
            }
        }
        if let Some(until) = self.step.and_then(|step| step.until.as_ref())
            && let Some(complaint) = until.state.complaint(&Seen { reply, took })
        {
            // An error is not a state on the way to another one, unless the scenario waits for a status.
            if reply.status >= 400 && !until.state.has_status() && !task.check.names(reply.status) {
                return cause::of_answer(reply, took, &task.check);
            }
            if self.give_up.is_some_and(|give_up| Instant::now() + until.every > give_up) {
                return Some(failure(&format!("{complaint} within {}", units::duration(until.within))));
            }
            self.next = Next::Again;
            return None;
        }
        let failed = cause::of_answer(reply, took, &task.check);
        failed.or_else(|| self.step?.capture(reply, &mut self.session.captured).map(|said| failure(&said)))
    }

    /// Where a redirect leads. None if it does not say so.
    fn redirect(&self, reply: &Reply<'_>, task: &Task) -> Result<Option<Elsewhere>, String> {
        let status = reply.status;
        let Some(location) = reply.header("location").next() else { return Ok(None) };
        let location = String::from_utf8_lossy(&location);
        if !self.follows {
            let most = self.address.run.scenario.client().redirects;
            return Err(format!("{status} after {most} redirects, which are all that client.redirects allows"));
        }
        let url = self
            .address
            .url()?
            .join(&location)
            .map_err(|_| format!("{status} leads to {location:?}, which is not a URL"))?;
        let Some(service) = service_of(self.address.run, &url) else {
            return Err(format!(
                "{status} leads to {}, which is no host of the scenario: name it under [hosts], or expect {status} in check",
                &url[..Position::BeforePath]
            ));
        };
        let before = self.address.elsewhere.and_then(|from| from.method.clone());
        let own = before.as_ref().unwrap_or(&task.method);
        let is_post = *own == Method::POST && matches!(status, 301 | 302);
        let becomes_get = is_post || (status == 303 && !matches!(*own, Method::GET | Method::HEAD));
        let method = if becomes_get { Some(Method::GET) } else { before };
        Ok(Some(Elsewhere { service, path: path_of(&url), method, is_foreign: service != self.home }))
    }
}

/// Whether a status asks for a request elsewhere (RFC 9110, section 15.4).
fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

fn failure(said: &str) -> Failure {
    let said = printable(said);
    Failure::new(FailureKind::Check, said.replace('\n', " "))
}

/// The number of the service that a URL belongs to; None if it is none of the scenario's.
pub(super) fn service_of(run: &RunState, url: &Url) -> Option<usize> {
    run.services.iter().position(|service| {
        let target = service.dialer.target();
        url.scheme() == target.scheme().name()
            && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(target.host()))
            && url.port_or_known_default() == Some(target.port())
    })
}

/// The path of a URL with its query.
pub(super) fn path_of(url: &Url) -> String {
    url[Position::BeforePath..Position::AfterQuery].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_of_longer_paths_come_first_and_others_as_they_came() {
        // A store without order would pass once in a while.
        for _ in 0..20 {
            let mut cookies = CookieStore::default();
            let url = Url::parse("http://shop/shop/x").unwrap();
            for set in
                ["sid=a; Path=/", "z=1; Path=/", "m=2; Path=/", "a=3; Path=/", "sid=b; Path=/shop", "n=4; Path=/"]
            {
                cookies.parse(set, &url).unwrap();
            }
            let mut header = String::new();
            write_header(&cookies, &url, &mut header);
            assert_eq!(header, "sid=b; sid=a; z=1; m=2; a=3; n=4");
        }
    }

    #[test]
    fn a_header_is_kept_while_it_is_the_same_for_every_path_at_any_time() {
        let is_particular = |cookies: &[&str]| {
            let (mut jar, url) = (Jar::default(), Url::parse("http://shop.example/account/orders").unwrap());
            jar.headers.push((0, "old=1".to_owned()));
            for cookie in cookies {
                drop(jar.cookies.parse(cookie, &url));
            }
            jar.changed();
            assert!(jar.headers.is_empty(), "what was written before the change");
            jar.is_particular
        };
        assert!(!is_particular(&["session=1; Path=/; HttpOnly; SameSite=Lax", "theme=dark; Path=/; Secure"]));
        for particular in
            ["basket=2; Path=/account", "basket=2", "basket=2; Path=/; Max-Age=60", "session=; Path=/; Max-Age=0"]
        {
            assert!(is_particular(&["session=1; Path=/", particular]), "{particular}");
        }
    }
}
