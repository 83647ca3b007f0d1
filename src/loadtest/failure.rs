//! What a failure is called, so that the same failures count together.

use hyper::StatusCode;

use crate::net::{NetError, Reply};

/// Bytes of an answer's sentence that are shown.
const LONGEST: usize = 160;

/// Why a request failed, for the table: of an answer its status and the sentence in its body's `error` (or `detail`,
/// `message`), otherwise what went wrong on the way.
pub(super) fn message(result: Result<&Reply<'_>, &NetError>) -> Option<String> {
    match result {
        Ok(reply) if reply.status < 400 => None,
        Ok(reply) => Some(match sentence(reply.body) {
            Some(sentence) => format!("{} {}", reply.status, without_numbers(&sentence)),
            None => StatusCode::from_u16(reply.status).map_or_else(|_| reply.status.to_string(), |s| s.to_string()),
        }),
        Err(error) => Some(error.to_string()),
    }
}

fn sentence(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let said = ["error", "detail", "message"].iter().find_map(|key| body.get(key)?.as_str())?;
    let line = said.lines().next().unwrap_or_default().trim();
    let end = line.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST).unwrap_or(line.len());
    (!line.is_empty()).then(|| line[..end].to_owned())
}

/// Numbers, which are ids and counts, as `N`: "product 17 has 3 in stock" and its like are one failure. A number in
/// brackets is a code, such as MySQL's (1040), and stays.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let coded = plain.ends_with('(') || plain.chars().next_back().is_some_and(char::is_alphanumeric);
        if !character.is_ascii_digit() || coded {
            plain.push(character);
            continue;
        }
        while characters.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
        plain.push('N');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(status: u16, body: &str) -> String {
        let reply = Reply { status, head: b"", body: body.as_bytes(), body_bytes: 0 };
        message(Ok(&reply)).unwrap_or_default()
    }

    #[test]
    fn failures_are_named_by_what_the_service_says() {
        assert_eq!(named(201, "{}"), "");
        assert_eq!(named(500, "<html>oops</html>"), "500 Internal Server Error");
        assert_eq!(named(500, r#"{"error":""}"#), "500 Internal Server Error");
        let refused = r#"{"error":"the database refused a connection: Too many connections (1040)"}"#;
        assert_eq!(named(503, refused), "503 the database refused a connection: Too many connections (1040)");
        let short = r#"{"error":"product 17 has 3 in stock and 4 were ordered"}"#;
        assert_eq!(named(409, short), "409 product N has N in stock and N were ordered");
        let python = r#"{"error":"(1040, 'Too many connections')\nTraceback"}"#;
        assert_eq!(named(500, python), "500 (1040, 'Too many connections')");
        assert_eq!(message(Err(&NetError::Refused)).unwrap(), "connection refused");
    }

    #[test]
    fn a_long_sentence_is_cut_between_characters() {
        let body = format!(r#"{{"error":"{}"}}"#, "é".repeat(500));
        let named = named(500, &body);
        assert!(named.len() <= LONGEST + 10, "{}", named.len());
    }
}
