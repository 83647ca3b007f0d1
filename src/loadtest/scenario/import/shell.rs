//! Reads commands as a POSIX shell does, and `$'…'`, which browsers use. Nothing is run, and no file is opened: what the
//! shell would write to a file is left out, and a variable that the text does not set is one of the environment.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use super::imported::ImportError;
use super::without_secrets::is_secret;

/// What stands around the name of a variable within a word. Neither is a character that people write (Unicode, private use).
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// The same two as a URL has them.
const MARKS_IN_URL: [&str; 2] = ["%EE%80%80", "%EE%80%81"];

/// The words of each command.
pub(super) fn commands(text: &str) -> Result<Vec<Vec<String>>, ImportError> {
    // "Copy as cURL (cmd)": a caret takes the meaning of the character behind it, also of the end of a line.
    let is_cmd = text.contains("^\"") || text.lines().any(|line| line.trim_end().ends_with(" ^"));
    let text = if is_cmd { without_carets(text) } else { text.to_owned() };
    let chars = text.chars().peekable();
    let mut shell =
        Shell { chars, is_cmd, word: None, is_file: false, all: vec![Vec::new()], variables: BTreeMap::new() };
    while let Some(c) = shell.chars.next() {
        shell.read(c)?;
    }
    shell.end_command();
    shell.all.retain(|words| !words.is_empty());
    Ok(shell.all)
}

/// Whether a word holds the value of a variable.
pub(super) fn has_variable(word: &str) -> bool {
    word.contains(MARKS[0])
}

/// A text with what is written in place of each variable.
pub(super) fn with_variables(text: &str, plain: impl Fn(&str) -> String, in_url: impl Fn(&str) -> String) -> String {
    let once = replaced(text, [&MARKS[0].to_string(), &MARKS[1].to_string()], plain);
    replaced(&once, MARKS_IN_URL, in_url)
}

fn replaced(text: &str, [start, end]: [&str; 2], written: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(start);
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, behind) = part.split_once(end).unwrap_or((part, ""));
        all.push_str(&written(name));
        all.push_str(behind);
    }
    all
}

/// The name and the value of `NAME=value`.
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, value))
}

fn without_carets(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '^' => match chars.next() {
                Some('\r') => drop(chars.next_if_eq(&'\n')),
                Some('\n') | None => {}
                Some(other) => plain.push(other),
            },
            other => plain.push(other),
        }
    }
    plain
}

struct Shell<'a> {
    chars: Peekable<Chars<'a>>,
    is_cmd: bool,
    word: Option<String>,
    /// Whether the next word is the file of a redirection.
    is_file: bool,
    all: Vec<Vec<String>>,
    variables: BTreeMap<String, String>,
}

impl Shell<'_> {
    fn read(&mut self, c: char) -> Result<(), ImportError> {
        match c {
            '\\' => match self.chars.next() {
                Some('\n') | None => {}
                Some('\r') => drop(self.chars.next_if_eq(&'\n')),
                Some(other) => self.push(other),
            },
            '\'' if !self.is_cmd => self.single_quoted()?,
            '"' => self.double_quoted()?,
            '$' if !self.is_cmd && self.chars.next_if_eq(&'\'').is_some() => self.escaped()?,
            '$' if !self.is_cmd => self.variable(),
            '#' if self.word.is_none() => while self.chars.next_if(|c| *c != '\n').is_some() {},
            '>' | '<' => self.redirection(),
            ';' | '\n' | '|' => self.end_command(),
            '&' if self.chars.peek() == Some(&'>') => {}
            '&' if self.word.is_none() || self.chars.peek().is_none_or(|next| next.is_whitespace() || *next == '&') => {
                self.end_command();
            }
            space if space.is_whitespace() => self.end_word(),
            other => self.push(other),
        }
        Ok(())
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn inside(&mut self) -> Result<char, ImportError> {
        let unclosed =
            || ImportError("a quote of a curl command is not closed: give the command as a whole".to_owned());
        self.chars.next().ok_or_else(unclosed)
    }

    fn single_quoted(&mut self) -> Result<(), ImportError> {
        self.word.get_or_insert_default();
        loop {
            match self.inside()? {
                '\'' => return Ok(()),
                other => self.push(other),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<(), ImportError> {
        self.word.get_or_insert_default();
        loop {
            match self.inside()? {
                '"' => return Ok(()),
                '\\' => match self.inside()? {
                    '\n' => {}
                    other if matches!(other, '"' | '\\' | '$' | '`') => self.push(other),
                    other => self.word.get_or_insert_default().extend(['\\', other]),
                },
                '$' if !self.is_cmd => self.variable(),
                other => self.push(other),
            }
        }
    }

    /// `$'…'`: bytes and characters by their numbers. Two halves of a character are one (UTF-16).
    fn escaped(&mut self) -> Result<(), ImportError> {
        let mut bytes: Vec<u8> = Vec::new();
        let mut first_half: Option<u32> = None;
        loop {
            let c = self.inside()?;
            let mut number = None;
            let read = match c {
                '\'' => break,
                '\\' => match self.inside()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'x' => {
                        bytes.push(self.hex(2) as u8);
                        continue;
                    }
                    'u' => char::from_u32(*number.insert(self.hex(4))).unwrap_or(char::REPLACEMENT_CHARACTER),
                    'U' => char::from_u32(self.hex(8)).unwrap_or(char::REPLACEMENT_CHARACTER),
                    other => other,
                },
                other => other,
            };
            match (number, first_half.take()) {
                (Some(number @ 0xd800..=0xdbff), _) => first_half = Some(number),
                (Some(number @ 0xdc00..=0xdfff), Some(first)) => {
                    let whole = 0x1_0000 + ((first - 0xd800) << 10) + (number - 0xdc00);
                    push(&mut bytes, char::from_u32(whole).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                _ => push(&mut bytes, read),
            }
        }
        self.word.get_or_insert_default().push_str(&String::from_utf8_lossy(&bytes));
        Ok(())
    }

    /// A number of at most so many digits.
    fn hex(&mut self, most: usize) -> u32 {
        let mut number = 0;
        for _ in 0..most {
            let Some(digit) = self.chars.peek().and_then(|c| c.to_digit(16)) else { break };
            self.chars.next();
            number = number * 16 + digit;
        }
        number
    }

    /// What follows a `$`: the name of a variable, or a command whose output nobody knows.
    fn variable(&mut self) {
        let mut name = String::new();
        match self.chars.peek() {
            Some('{') => {
                self.chars.next();
                name.extend(std::iter::from_fn(|| self.chars.next_if(|c| *c != '}')));
                self.chars.next();
                name.truncate(name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len()));
            }
            Some('(') => {
                let mut depth = 0;
                for c in self.chars.by_ref() {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    if depth == 0 {
                        break;
                    }
                }
                name.push_str("VALUE");
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => {
                let of_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                name.extend(std::iter::from_fn(|| self.chars.next_if(of_name)));
            }
            _ => return self.push('$'),
        }
        let written = match self.variables.get(&name) {
            Some(value) => value.clone(),
            None => format!("{}{name}{}", MARKS[0], MARKS[1]),
        };
        self.word.get_or_insert_default().push_str(&written);
    }

    /// `> file`, `2>&1`, `< file`: no part of the request.
    fn redirection(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while self.chars.next_if(|c| matches!(c, '>' | '<' | '&')).is_some() {}
        self.is_file = true;
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let is_file = std::mem::take(&mut self.is_file);
        if let Some(last) = self.all.last_mut().filter(|_| !is_file) {
            last.push(word);
        }
    }

    /// Keeps a command of curl, and the variables that are set for what follows.
    fn end_command(&mut self) {
        self.end_word();
        self.is_file = false;
        let Some(mut words) = self.all.pop() else { return };
        if words.first().is_some_and(|word| word == "$" || word == "export") {
            words.remove(0);
        }
        let set = words.iter().take_while(|word| assignment(word).is_some()).count();
        if set == words.len() {
            let known = words.iter().filter_map(|word| assignment(word)).filter(|(name, _)| !is_secret(name));
            self.variables.extend(known.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        words.drain(..set);
        if words.first().is_some_and(|word| word == "curl" || word == "curl.exe") {
            self.all.push(words);
        }
        self.all.push(Vec::new());
    }
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (text, expected) in [
            (r"curl $'\ud83d\ude00 \xc3\xa9 \u00e9 it\'s'", vec!["curl", "😀 é é it's"]),
            ("curl x > out.json 2>&1", vec!["curl", "x"]),
            ("curl x &> f", vec!["curl", "x"]),
            ("A=1 B='2 3' curl x", vec!["curl", "x"]),
            ("export A=1\ncurl \"x$A\" ${A}y '$A'", vec!["curl", "x1", "1y", "$A"]),
            (
                "curl ^\"http://h/?a=1^&b=2^\" ^\n  -d ^\"{^\\^\"a^\\^\":^\\^\"it's $5^\\^\"}^\"",
                vec!["curl", "http://h/?a=1&b=2", "-d", "{\"a\":\"it's $5\"}"],
            ),
            ("curl \"http://h/\" ^\r\n -H \"a: b\"", vec!["curl", "http://h/", "-H", "a: b"]),
            ("$ curl a\\\n b # c", vec!["curl", "a", "b"]),
            ("curl a | jq '.[0]'", vec!["curl", "a"]),
            ("curl http://h/?a=1&b=2", vec!["curl", "http://h/?a=1&b=2"]),
        ] {
            assert_eq!(commands(text).unwrap(), [expected], "{text}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_marked() {
        let words = &commands("TOKEN=x\ncurl $BASE/a \"$TOKEN-$(date +%s)\" $1").unwrap()[0];
        let shown: Vec<_> =
            words.iter().map(|word| with_variables(word, |name| format!("<{name}>"), str::to_owned)).collect();
        assert_eq!(shown, ["curl", "<BASE>/a", "<TOKEN>-<VALUE>", "$1"]);
        assert!(has_variable(&words[1]) && !has_variable(&words[3]));
        assert_eq!(with_variables("%EE%80%80A%EE%80%81/b", str::to_owned, |name| format!("[{name}]")), "[A]/b");
    }
}
