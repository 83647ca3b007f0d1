//! Whether a request may use its route: by the token in its header, if the store has a file of tokens.

use std::sync::{Arc, PoisonError, RwLock};

use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};

use super::Scope;
use super::error::ApiError;
use super::tokens::Tokens;
use crate::wire::Code;

/// The tokens of a store, which may be replaced while it runs.
#[derive(Debug)]
pub struct Access(RwLock<Arc<Tokens>>);

impl Access {
    /// Asks for one of these tokens.
    pub fn new(tokens: Tokens) -> Self {
        Self(RwLock::new(Arc::new(tokens)))
    }

    /// Asks for one of these tokens from now on.
    pub fn replace(&self, tokens: Tokens) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
    }

    /// Gives the name of the token of a request, if it may use what needs this scope. Without a scope any token will do: it
    /// is what is not there, and who has no token is not told what is.
    pub(super) fn check(&self, headers: &HeaderMap, scope: Option<Scope>) -> Result<Arc<str>, ApiError> {
        let tokens = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let Some(token) = bearer(headers) else {
            let sentence = "this store asks for a token: send it as Authorization: Bearer TOKEN";
            return Err(refusal(Code::Unauthorized, sentence.to_owned(), r#"Bearer realm="storemgr""#));
        };
        let Some(grant) = tokens.grant_of(token) else {
            let challenge = r#"Bearer realm="storemgr", error="invalid_token""#;
            return Err(refusal(Code::Unauthorized, "this token is not valid".to_owned(), challenge));
        };
        match scope {
            Some(scope) if !grant.allows(scope) => {
                let (name, scope) = (&grant.name, scope.name());
                let sentence = format!("the token {name} does not have the scope {scope}, which this request needs");
                let challenge = format!(r#"Bearer realm="storemgr", error="insufficient_scope", scope="{scope}""#);
                Err(refusal(Code::Forbidden, sentence, &challenge))
            }
            _ => Ok(Arc::clone(&grant.name)),
        }
    }
}

fn refusal(code: Code, sentence: String, challenge: &str) -> ApiError {
    let error = ApiError::new(code, sentence);
    match HeaderValue::from_str(challenge) {
        Ok(challenge) => error.with_header(WWW_AUTHENTICATE, challenge),
        Err(_) => error,
    }
}

/// The token of a request (RFC 6750, section 2.1). Of several headers none is taken, because the intended one is unknown.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    let (scheme, token) = value.split_at_checked(6)?;
    let token = token.strip_prefix(b" ")?.trim_ascii();
    (values.next().is_none() && scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::Grant;
    use super::*;

    #[test]
    fn a_token_is_read_from_one_header_of_its_scheme() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            bearer(&headers).map(|token| String::from_utf8_lossy(token).into_owned())
        };
        for value in ["Bearer t", "bearer t", "BEARER  t "] {
            assert_eq!(read(&[value]), Some("t".to_owned()), "{value}");
        }
        for values in
            [&[][..], &["t"], &["Bearer"], &["Bearer "], &["Basic dDp0"], &["Bearert"], &["Bearer t", "Bearer t"]]
        {
            assert_eq!(read(values), None, "{values:?}");
        }
    }

    #[test]
    fn tokens_are_replaced_while_it_runs() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (old, old_text) = Grant::new("old", &[Scope::Read]).unwrap();
        let (new, new_text) = Grant::new("new", &[Scope::Order]).unwrap();
        std::fs::write(file.path(), format!("{old}\n")).unwrap();
        let access = Access::new(Tokens::read(file.path()).unwrap());
        let check = |text: &str, scope| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {text}")).unwrap());
            access.check(&headers, scope).map(|name| name.to_string()).map_err(|error| error.code)
        };
        assert_eq!(check(old_text.reveal(), Some(Scope::Read)), Ok("old".to_owned()));
        assert_eq!(check(old_text.reveal(), Some(Scope::Order)), Err(Code::Forbidden));
        assert_eq!(check(old_text.reveal(), None), Ok("old".to_owned()));
        assert_eq!(check(new_text.reveal(), Some(Scope::Order)), Err(Code::Unauthorized));
        std::fs::write(file.path(), format!("{new}\n")).unwrap();
        access.replace(Tokens::read(file.path()).unwrap());
        assert_eq!(check(old_text.reveal(), Some(Scope::Read)), Err(Code::Unauthorized));
        assert_eq!(check(new_text.reveal(), Some(Scope::Order)), Ok("new".to_owned()));
    }
}
