//! Reads a file of nginx into directives. Each word keeps its position, so that a copy can be made in which some words are
//! replaced.

use std::ops::Range;
use std::path::Path;

use crate::deploy_check::place::{Place, Problem};

/// The deepest nesting of blocks.
const DEEPEST: usize = 64;

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
    pub(in crate::deploy_check) place: Place,
    pub(in crate::deploy_check) arguments: Vec<Word>,
    pub(in crate::deploy_check) block: Vec<Directive>,
    /// Its bytes in the file, from its name to its semicolon or closing brace.
    pub(in crate::deploy_check) span: Range<usize>,
    /// The position after the brace that opens its block; `None` without a block.
    pub(in crate::deploy_check) opened: Option<usize>,
}

impl Directive {
    /// The argument at an index, from 0; empty if there is none.
    pub(in crate::deploy_check) fn argument(&self, index: usize) -> &str {
        self.arguments.get(index).map_or("", |word| &word.text)
    }
}

/// The directives of a text.
pub(super) fn directives(path: &Path, text: &str) -> Result<Vec<Directive>, Problem> {
    let place = Place::new(path, 0);
    let mut reader = Reader { text, at: 0, start: 0, counted: 0, line: 1, place };
    reader.block(0).map_err(|(line, says)| Problem::new(&reader.place.at(line), says))
}

/// The tokenizer.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The position in bytes at which the last token begins.
    start: usize,
    /// Up to where lines were counted, and the line there.
    counted: usize,
    line: usize,
    place: Place,
}

enum Token {
    Word(Word),
    Semicolon,
    Open,
    Close,
    End,
}

/// The line, and what is wrong in it.
type Fault = (usize, String);

impl Reader<'_> {
    fn block(&mut self, depth: usize) -> Result<Vec<Directive>, Fault> {
        if depth > DEEPEST {
            return Err((self.line(), format!("blocks are nested deeper than {DEEPEST} levels")));
        }
        let mut directives = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut first = 0;
        loop {
            let token = self.token()?;
            let line = self.line();
            if words.is_empty() {
                first = line;
            }
            match token {
                Token::Word(word) => words.push(word),
                Token::Semicolon => directives.extend(self.directive(&mut words, first, Vec::new(), None)),
                Token::Open => {
                    let Some(name) = words.first() else {
                        return Err((line, "a brace without a name".to_owned()));
                    };
                    let opened = self.at;
                    let block = if name.text.ends_with("_by_lua_block") {
                        self.skip_code()?;
                        Vec::new()
                    } else {
                        self.block(depth + 1)?
                    };
                    directives.extend(self.directive(&mut words, first, block, Some(opened)));
                }
                Token::Close if depth > 0 && words.is_empty() => return Ok(directives),
                Token::End if depth == 0 && words.is_empty() => return Ok(directives),
                Token::Close if words.is_empty() => return Err((line, "a brace too many".to_owned())),
                Token::End if words.is_empty() => return Err((0, "a brace is not closed".to_owned())),
                Token::Close | Token::End => return Err((line, "a semicolon is missing".to_owned())),
            }
        }
    }

    fn directive(
        &self,
        words: &mut Vec<Word>,
        line: usize,
        block: Vec<Directive>,
        opened: Option<usize>,
    ) -> Option<Directive> {
        let mut words = std::mem::take(words).into_iter();
        let name = words.next()?;
        let span = name.span.start..self.at;
        Some(Directive { name: name.text, place: self.place.at(line), arguments: words.collect(), block, span, opened })
    }

    /// The line, from 1, in which the last token begins. Lines are counted once, so that long files take no longer.
    fn line(&mut self) -> usize {
        if self.start > self.counted {
            self.line += self.text[self.counted..self.start].matches('\n').count();
            self.counted = self.start;
        }
        self.line
    }

    /// Passes a block in another language, up to the brace that closes it.
    fn skip_code(&mut self) -> Result<(), Fault> {
        let bytes = self.text.as_bytes();
        let (mut depth, mut quote) = (1_usize, None);
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match (quote, byte) {
                (Some(_), b'\\') => self.at += 1,
                (Some(open), _) if byte == open || byte == b'\n' => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'-') if bytes.get(self.at) == Some(&b'-') => {
                    self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
                }
                (None, b'{') => depth += 1,
                (None, b'}') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err((self.line(), "a brace is not closed".to_owned()))
    }

    fn token(&mut self) -> Result<Token, Fault> {
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
        let text = self.word(bytes, start)?;
        Ok(Token::Word(Word { text: String::from_utf8_lossy(&text).into_owned(), span: start..self.at }))
    }

    fn word(&mut self, bytes: &[u8], start: usize) -> Result<Vec<u8>, Fault> {
        let quote = Some(bytes[start]).filter(|byte| matches!(byte, b'"' | b'\''));
        let mut text = Vec::new();
        self.at += usize::from(quote.is_some());
        loop {
            let Some(&byte) = bytes.get(self.at) else {
                if quote.is_some() {
                    let line = self.line();
                    return Err((line, "a quote is not closed".to_owned()));
                }
                return Ok(text);
            };
            match byte {
                b'\\' if bytes.get(self.at + 1).is_some_and(u8::is_ascii) => {
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
                    return Ok(text);
                }
                // `${name}` is a variable and does not open a block.
                b'$' if quote.is_none() && bytes.get(self.at + 1) == Some(&b'{') => {
                    let line = self.line();
                    // A name ends soon; without a limit each of many open braces would be looked for to the end.
                    let ahead = &bytes[self.at..bytes.len().min(self.at + 256)];
                    let length = ahead.iter().position(|byte| *byte == b'}');
                    let length = length.ok_or((line, "a brace is not closed".to_owned()))? + 1;
                    text.extend_from_slice(&bytes[self.at..self.at + length]);
                    self.at += length;
                    continue;
                }
                b';' | b'{' if quote.is_none() => return Ok(text),
                _ if quote.is_none() && byte.is_ascii_whitespace() => return Ok(text),
                _ => text.push(byte),
            }
            self.at += 1;
        }
    }
}
