//! `.env` and other files of variables, as Compose reads them: quotes over several lines, `export`, names alone, spaces
//! in values, variables within values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::interpolation::interpolate;
use crate::deploy_check::place::{Place, Problem};

pub(in crate::deploy_check) struct Variables {
    pub(in crate::deploy_check) path: PathBuf,
    pub(in crate::deploy_check) values: BTreeMap<String, String>,
    /// The line of each.
    pub(in crate::deploy_check) lines: BTreeMap<String, usize>,
}

/// Shows the names only, because values may be secrets.
impl std::fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Variables")
            .field("path", &self.path)
            .field("names", &self.lines.keys())
            .finish_non_exhaustive()
    }
}

impl Variables {
    /// Reads the file; `known` are the variables that it may refer to, and that a name alone takes its value from.
    pub(in crate::deploy_check) fn parse(
        path: &Path,
        text: &str,
        known: &BTreeMap<String, String>,
    ) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let mut reader = Reader { text: &text, at: 0, line: 1, place: Place::new(path, 1) };
        let mut all = known.clone();
        let (mut values, mut lines) = (BTreeMap::new(), BTreeMap::new());
        while let Some((name, line)) = reader.name()? {
            let value = if reader.rest().starts_with(['=', ':']) {
                reader.at += 1;
                reader.value(&all)?
            } else {
                let Some(value) = known.get(&name) else { continue };
                value.clone()
            };
            all.entry(name.clone()).or_insert_with(|| value.clone());
            lines.insert(name.clone(), line);
            values.insert(name, value);
        }
        Ok(Self { path: path.to_owned(), values, lines })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    place: Place,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn advance(&mut self, length: usize) -> &'a str {
        let passed = &self.rest()[..length];
        self.line += passed.matches('\n').count();
        self.at += length;
        passed
    }

    fn advance_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        self.advance(self.rest().find(|character| !wanted(character)).unwrap_or(self.rest().len()))
    }

    fn refused(&self, line: usize, why: &str) -> Problem {
        Problem::new(&self.place.at(line), why)
    }

    /// The next name and its line; `None` at the end.
    fn name(&mut self) -> Result<Option<(String, usize)>, Problem> {
        loop {
            self.advance_while(char::is_whitespace);
            if !self.rest().starts_with('#') {
                break;
            }
            self.advance_while(|character| character != '\n');
        }
        if self.rest().is_empty() {
            return Ok(None);
        }
        let line = self.line;
        if let Some(after) = self.rest().strip_prefix("export")
            && after.starts_with([' ', '\t'])
        {
            self.advance("export".len());
            self.advance_while(|character| character == ' ' || character == '\t');
        }
        let name = self.advance_while(|character| character.is_alphanumeric() || "_.-[]".contains(character));
        self.advance_while(|character| character == ' ' || character == '\t');
        if name.is_empty() || !(self.rest().is_empty() || self.rest().starts_with(['=', ':', '\n', '#'])) {
            return Err(self.refused(line, "this line is not NAME=value"));
        }
        Ok(Some((name.to_owned(), line)))
    }

    fn value(&mut self, known: &BTreeMap<String, String>) -> Result<String, Problem> {
        self.advance_while(|character| character == ' ' || character == '\t');
        let line = self.line;
        let quote = self.rest().chars().next().filter(|first| matches!(first, '"' | '\''));
        let expanded = |text: &str, reader: &Self| {
            interpolate(text, known, &mut Vec::new()).map_err(|why| reader.refused(line, &why))
        };
        let Some(quote) = quote else {
            let whole = self.advance_while(|character| character != '\n');
            // A number sign begins a comment where a space stands before it.
            let mut end = whole.len();
            for (at, _) in whole.match_indices('#') {
                if at == 0 || whole[..at].ends_with([' ', '\t']) {
                    end = at;
                    break;
                }
            }
            return expanded(whole[..end].trim(), self);
        };
        let inside = &self.rest()[1..];
        let mut escaped = false;
        let end = inside.find(|character| {
            let closes = character == quote && !escaped;
            escaped = character == '\\' && !escaped;
            closes
        });
        let Some(end) = end else { return Err(self.refused(line, "a quote is not closed")) };
        let inside = &inside[..end];
        self.advance(end + 2);
        // What follows the quote on its line, such as a comment, is not part of the value.
        self.advance_while(|character| character != '\n');
        if quote == '\'' { Ok(inside.to_owned()) } else { expanded(&unescaped(inside), self) }
    }
}

/// The text of double quotes: `\n`, `\r`, `\t` and escaped quotes and backslashes. `\$` stays a dollar sign.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => result.push('\n'),
            Some('r') => result.push('\r'),
            Some('t') => result.push('\t'),
            Some('$') => result.push_str("$$"),
            Some(other @ ('"' | '\\' | '\'')) => result.push(other),
            Some(other) => result.extend(['\\', other]),
            None => result.push('\\'),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let known = BTreeMap::from([("NAME".to_owned(), "from outside".to_owned())]);
        Variables::parse(Path::new(".env"), text, &known).unwrap().values.into_iter().collect()
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_by_its_number_alone() {
        let parse = |text| Variables::parse(Path::new(".env"), text, &BTreeMap::new()).unwrap_err().to_string();
        assert_eq!(parse("A=1\nDB PASSWORD = geheim nis\n"), ".env:2: this line is not NAME=value");
        assert_eq!(parse("A=1\nB=\"geheim\n\n"), ".env:2: a quote is not closed");
        let read = Variables::parse(Path::new(".env"), "A='two words'\n", &BTreeMap::new()).unwrap();
        assert!(!format!("{read:?}").contains("two words"));
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        for (text, value) in [
            ("A=1", "1"),
            ("A=My Shop", "My Shop"),
            ("A=0 3 * * *", "0 3 * * *"),
            ("A=C:\\x", "C:\\x"),
            ("A=it's", "it's"),
            ("\u{feff}A=1\r\n", "1"),
            ("export A=1", "1"),
            ("A = 1 # note", "1"),
            ("A=a#b", "a#b"),
            ("A=", ""),
            ("A=\"one\ntwo\" # note", "one\ntwo"),
            ("A='one\n$two'", "one\n$two"),
            ("A=\"\\\"q\\\" $NAME\"", "\"q\" from outside"),
            ("A=${B:-x}", "x"),
            ("A=abc$&xyz", "abc$&xyz"),
            ("A: yaml", "yaml"),
        ] {
            assert_eq!(read(text), [("A".to_owned(), value.to_owned())], "{text}");
        }
        assert_eq!(
            read("my-key=1\nNAME\nOTHER\n# x\n\nB=$my"),
            [
                ("B".to_owned(), String::new()),
                ("NAME".to_owned(), "from outside".to_owned()),
                ("my-key".to_owned(), "1".to_owned()),
            ]
        );
    }
}
