//! Reads the text between `{{` and `}}`: `[name =] source [| encoding]`.

/// A placeholder as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    /// The name under which its value is kept for the rest of the request.
    pub(super) name: Option<String>,
    /// The source of the value.
    pub(super) call: Call,
    /// The encoding: `json`, `url` or `text`.
    pub(super) encoding: Option<String>,
}

/// A source with its arguments, or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// `random(1, 10)`, or `uuid` without brackets.
    Word(String, Vec<Argument>),
    /// A text in quotes, for text that could not be written otherwise, such as `{{"{{"}}`.
    Text(String),
}

/// An argument in the brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    Number(i64),
    Text(String),
    Word(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Number(i64),
    Text(String),
    Sign(char),
    End,
}

/// Reads a placeholder. `text` begins after its `{{`. Gives the placeholder and the number of bytes read, including the
/// `}}`.
pub(super) fn read(text: &str) -> Result<(Expression, usize), String> {
    let mut reader = Reader { text, at: 0 };
    let mut token = reader.next()?;
    let mut name = None;
    if let Token::Word(word) = &token
        && reader.peek()? == Token::Sign('=')
    {
        if word.contains('.') {
            return Err(format!("{word:?} cannot be a name: a name has no dot"));
        }
        name = Some(word.clone());
        reader.next()?;
        token = reader.next()?;
    }
    let call = match token {
        Token::Text(text) => Call::Text(text),
        Token::Word(word) => Call::Word(word, reader.arguments()?),
        _ => return Err("the value is missing: write one like {{random(1, 100)}}".to_owned()),
    };
    let encoding = if reader.peek()? == Token::Sign('|') {
        reader.next()?;
        match reader.next()? {
            Token::Word(word) => Some(word),
            _ => return Err("write json, url or text after |".to_owned()),
        }
    } else {
        None
    };
    match reader.next()? {
        Token::End => Ok((Expression { name, call, encoding }, reader.at)),
        _ => Err("}} was expected".to_owned()),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Result<Token, String> {
        let at = self.at;
        let token = self.next();
        self.at = at;
        token
    }

    fn next(&mut self) -> Result<Token, String> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Err("the closing }} is missing".to_owned()) };
        let (token, length) = match first {
            '}' if rest.starts_with("}}") => (Token::End, 2),
            '(' | ')' | ',' | '=' | '|' => (Token::Sign(first), 1),
            '"' | '\'' => {
                let end = rest[1..].find(first).ok_or_else(|| format!("the closing {first} of a text is missing"))?;
                (Token::Text(rest[1..=end].to_owned()), end + 2)
            }
            '-' | '0'..='9' => {
                let digits = |c: char| !(c.is_ascii_digit() || c == '_');
                let end = rest[1..].find(digits).map_or(rest.len(), |end| end + 1);
                let number = rest[..end].replace('_', "").parse();
                (Token::Number(number.map_err(|_| format!("{} is not a whole number", &rest[..end]))?), end)
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')));
                let end = end.unwrap_or(rest.len());
                (Token::Word(rest[..end].to_owned()), end)
            }
            other => return Err(format!("unexpected character {other:?}")),
        };
        self.at += length;
        Ok(token)
    }

    /// Reads the arguments in brackets; none if there are no brackets.
    fn arguments(&mut self) -> Result<Vec<Argument>, String> {
        let mut arguments = Vec::new();
        if self.peek()? != Token::Sign('(') {
            return Ok(arguments);
        }
        self.next()?;
        loop {
            arguments.push(match self.next()? {
                Token::Number(number) => Argument::Number(number),
                Token::Text(text) => Argument::Text(text),
                Token::Word(word) => Argument::Word(word),
                Token::Sign(')') if arguments.is_empty() => return Ok(arguments),
                _ => return Err("write numbers, names or texts in quotes in the brackets".to_owned()),
            });
            match self.next()? {
                Token::Sign(',') => {}
                Token::Sign(')') => return Ok(arguments),
                _ => return Err("a comma or the closing bracket was expected".to_owned()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_read_to_their_end() {
        let (expression, length) = read(" id = random(1, 10_000) }}}").unwrap();
        assert_eq!(length, 26);
        assert_eq!(expression.name.as_deref(), Some("id"));
        let arguments = vec![Argument::Number(1), Argument::Number(10_000)];
        assert_eq!(expression.call, Call::Word("random".to_owned(), arguments));
        let (expression, _) = read("csv.users.e-mail | json}}").unwrap();
        assert_eq!(expression.call, Call::Word("csv.users.e-mail".to_owned(), Vec::new()));
        assert_eq!(expression.encoding.as_deref(), Some("json"));
        let (expression, _) = read(r#"choice("}}", 'a"b', -3)}}"#).unwrap();
        let texts = ["}}", "a\"b"].map(|text| Argument::Text(text.to_owned()));
        let all = texts.into_iter().chain([Argument::Number(-3)]).collect();
        assert_eq!(expression.call, Call::Word("choice".to_owned(), all));
        assert_eq!(read("\"{{\"}}").unwrap().0.call, Call::Text("{{".to_owned()));
    }

    #[test]
    fn an_invalid_placeholder_is_refused_with_the_reason() {
        for (text, sentence) in [
            ("random(1, 2)", "the closing }} is missing"),
            ("}}", "the value is missing"),
            ("random(1 2)}}", "a comma"),
            ("random(1,)}}", "numbers, names"),
            ("choice('a)}}", "the closing ' of a text is missing"),
            ("random(1,2) random}}", "}} was expected"),
            ("a.b = uuid}}", "a name has no dot"),
            ("99999999999999999999}}", "not a whole number"),
            ("$x}}", "unexpected character '$'"),
            ("x | }}", "write json, url or text"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(sentence), "{text}: {error}");
        }
    }
}
