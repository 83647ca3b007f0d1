//! A text with placeholders. It is compiled once and rendered for every request without parsing it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::encoding::Encoding;
use super::expression::{self, Argument, Call, Expression};
use super::secrets::Secrets;
use super::table::Table;
use super::value::{Draws, Hidden, Source, Who};

#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Text that is the same in every request.
    Text(Box<str>),
    /// A value. `keep` says whether it is kept for the rest of the request.
    Value { source: Source, keep: bool, label: Box<str>, written: Written },
    /// A text that is written in base64, for a name and a password.
    Base64(Box<Template>),
}

/// Where a text stands, which decides how the values in it are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// As it is: the scenario says itself how a value is encoded.
    Nothing,
    /// A text of a JSON body. A placeholder alone keeps its type.
    Json,
    /// A field of a form.
    Form,
}

/// How a value is written into what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    AsItIs,
    Encoded(Encoding),
    /// As a JSON value of the type that it was captured with.
    Typed(usize),
}

/// Whether a value is a number, so that JSON has it without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Captured(usize),
}

/// The names that placeholders can use.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The variables of the scenario.
    pub(super) variables: BTreeMap<String, String>,
    /// The CSV tables, in the order of their indexes.
    pub(super) tables: Vec<Table>,
    /// The ranges from which numbers are drawn, by the variable that ends them.
    pub(super) ranges: BTreeMap<String, (i64, i64)>,
    /// One counter for each first number of a sequence.
    pub(super) counters: BTreeMap<u64, Arc<AtomicU64>>,
    /// The texts that were taken from the environment.
    pub(super) secrets: Secrets,
    /// The variables whose value is a number.
    pub(super) numbers: BTreeSet<String>,
    /// What the steps of a journey capture, in the order of their slots.
    pub(super) captures: Vec<String>,
    /// Those that the steps before have captured.
    pub(super) captured: BTreeSet<usize>,
}

/// The names and ranges that the placeholders of one request share.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The names given so far.
    named: Vec<(String, Kind)>,
    /// The ranges of `distinct` so far.
    ranges: Vec<(i64, i64)>,
}

/// Checks a text for the place where it will stand; the error says why it is not allowed there. None where all are.
pub(super) type Fits = Option<fn(&str) -> Result<(), &'static str>>;

impl Template {
    /// Compiles a text. An error gives the byte at which it is and what is wrong.
    pub(super) fn compile(
        text: &str,
        names: &mut Names,
        scope: &mut Scope,
        fits: Fits,
    ) -> Result<Self, (usize, String)> {
        let mut template = Self::default();
        template.append(text, names, scope, fits, Around::Nothing)?;
        Ok(template)
    }

    /// The text of a name and a password as basic authorization has it (RFC 7617).
    pub(super) fn basic(inner: Self) -> Self {
        Self { pieces: vec![Piece::Text("Basic ".into()), Piece::Base64(Box::new(inner))] }
    }

    /// Adds a text with placeholders, which stands in a JSON body or a form.
    pub(super) fn append(
        &mut self,
        text: &str,
        names: &mut Names,
        scope: &mut Scope,
        fits: Fits,
        around: Around,
    ) -> Result<(), (usize, String)> {
        let template = self;
        let is_value = around == Around::Json && is_one_placeholder(text);
        let is_text = around == Around::Json && !is_value;
        let constant = |text: &str| match around {
            Around::Nothing => text.to_owned(),
            Around::Json => Encoding::JsonInside.encoded(text),
            Around::Form => Encoding::Form.encoded(text),
        };
        if is_text {
            template.text("\"");
        }
        let mut at = 0;
        while let Some(length) = text[at..].find("{{") {
            let unchecked = template.unchecked();
            template.text(&constant(&text[at..at + length]));
            let start = at + length;
            let (expression, taken) = expression::read(&text[start + 2..]).map_err(|what| {
                let shown: String = text[start..].lines().next().unwrap_or_default().chars().take(40).collect();
                (start, format!("{shown}: {what}"))
            })?;
            at = start + 2 + taken;
            let told = |what| (start, format!("{}: {what}", &text[start..at]));
            let place = match around {
                Around::Nothing => Place::Bare,
                Around::Form => Place::Form,
                Around::Json if is_value => Place::JsonValue,
                Around::Json => Place::JsonText,
            };
            template.value(&expression, names, scope, place).map_err(told)?;
            template.fits(unchecked, fits).map_err(|what| told(what.to_owned()))?;
        }
        let unchecked = template.unchecked();
        if !is_value {
            template.text(&constant(&text[at..]));
        }
        if is_text {
            template.text("\"");
        }
        template.fits(unchecked, fits).map_err(|what| (at, format!("{text:?} {what}")))
    }

    pub(super) fn constant(text: &str) -> Self {
        let mut template = Self::default();
        template.text(text);
        template
    }

    /// Adds a text without placeholders.
    pub(super) fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(before)) => *before = format!("{before}{text}").into(),
            _ => self.pieces.push(Piece::Text(text.into())),
        }
    }

    fn value(
        &mut self,
        expression: &Expression,
        names: &mut Names,
        scope: &mut Scope,
        place: Place,
    ) -> Result<(), String> {
        let encoding = Encoding::of(expression.encoding.as_deref())?;
        let as_text = expression.encoding.as_deref() == Some("text");
        let (word, arguments) = match &expression.call {
            Call::Text(text) => {
                self.text(&place.constant(&encoding.encoded(text), Kind::Text));
                return Ok(());
            }
            Call::Word(word, arguments) => (word.as_str(), arguments.as_slice()),
        };
        if let (None, [], Some(text)) = (&expression.name, arguments, names.variables.get(word))
            && !scope.named.iter().any(|(name, _)| name == word)
        {
            let is_number = names.numbers.contains(word) && !as_text;
            let kind = if is_number { Kind::Number } else { Kind::Text };
            self.text(&place.constant(&encoding.encoded(text), kind));
            return Ok(());
        }
        if let Some(variable) = word.strip_prefix("env.") {
            let sent = encoding.encoded(&names.secrets.take(variable, arguments)?);
            let sent = place.constant(&sent, Kind::Text);
            names.secrets.add_form(variable, sent.trim_matches('"').to_owned());
            let source = Source::Secret(Hidden(sent.into()));
            if expression.name.is_some() {
                return Err(format!("{word} is the same everywhere: leave its name out"));
            }
            self.pieces.push(Piece::Value { source, keep: false, label: word.into(), written: Written::AsItIs });
            return Ok(());
        }
        let source = source(word, arguments, names, scope, encoding)?;
        let takes_encoding = matches!(source, Source::Choice(_) | Source::Column { .. } | Source::Captured(..));
        if expression.encoding.is_some() && !as_text && !takes_encoding {
            return Err(format!("{word} needs no encoding: leave out the | and what follows it"));
        }
        let kind = kind(&source, arguments, scope);
        if let Some(name) = &expression.name {
            if scope.named.iter().any(|(known, _)| known == name) {
                return Err(format!("the name {name} is given twice: choose another"));
            }
            if names.captures.contains(name) {
                return Err(format!("{name} is the name of a capture: choose another"));
            }
            scope.named.push((name.clone(), kind));
        }
        let label = expression.name.as_deref().unwrap_or(word.strip_prefix("csv.").unwrap_or(word)).into();
        let written = place.written(if as_text { Kind::Text } else { kind });
        self.pieces.push(Piece::Value { source, keep: expression.name.is_some(), label, written });
        Ok(())
    }

    /// The first piece that what is read next can change: a text at the end may get longer. A column may have millions of
    /// cells, so it is checked once.
    fn unchecked(&self) -> usize {
        self.pieces.len() - usize::from(matches!(self.pieces.last(), Some(Piece::Text(_))))
    }

    /// Checks every text of the last pieces that is known before the run.
    fn fits(&self, from: usize, fits: Fits) -> Result<(), &'static str> {
        let Some(fits) = fits else { return Ok(()) };
        self.pieces[from..].iter().try_for_each(|piece| match piece {
            Piece::Text(text) => fits(text),
            Piece::Value { source: Source::Choice(texts), .. } => texts.iter().try_for_each(|text| fits(text)),
            Piece::Value { source: Source::Column { column, .. }, .. } => column.check(fits),
            Piece::Value { source: Source::Secret(text), .. } => fits(&text.0),
            Piece::Value { .. } | Piece::Base64(_) => Ok(()),
        })
    }

    /// Writes the text with its values to `into`.
    pub(super) fn render(&self, draws: &mut Draws, who: &mut Who<'_>, into: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => into.push_str(text),
                Piece::Value { source, keep, written: Written::AsItIs, .. } => {
                    let start = into.len();
                    draws.write(source, who, into);
                    if *keep {
                        draws.keep(&into[start..]);
                    }
                }
                Piece::Value { source, keep, written, .. } => {
                    let mut scratch = std::mem::take(&mut draws.scratch);
                    scratch.clear();
                    draws.write(source, who, &mut scratch);
                    if *keep {
                        draws.keep(&scratch);
                    }
                    match *written {
                        Written::Encoded(encoding) => encoding.write(&scratch, into),
                        Written::Typed(slot) if who.captured.is_text(slot) => Encoding::Json.write(&scratch, into),
                        Written::Typed(_) | Written::AsItIs => into.push_str(&scratch),
                    }
                    draws.scratch = scratch;
                }
                Piece::Base64(inner) => {
                    let mut plain = String::new();
                    inner.render(draws, who, &mut plain);
                    STANDARD.encode_string(plain, into);
                }
            }
        }
    }

    /// Whether it begins with a captured value, so that what it begins with is not known before the run.
    pub(super) fn begins_with_a_captured_value(&self) -> bool {
        matches!(self.pieces.first(), Some(Piece::Value { source: Source::Captured(..), .. }))
    }

    /// Adds another text behind it.
    pub(super) fn join(&mut self, behind: Self) {
        for piece in behind.pieces {
            match piece {
                Piece::Text(text) => self.text(&text),
                other => self.pieces.push(other),
            }
        }
    }

    /// Whether the text is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The text with the names of its placeholders in braces: the same for all requests.
    pub(super) fn label(&self) -> String {
        let shown = |piece: &Piece| match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Value { label, .. } => format!("{{{label}}}"),
            Piece::Base64(_) => String::new(),
        };
        self.pieces.iter().map(shown).collect()
    }
}

/// Whether a text is one placeholder and nothing else.
fn is_one_placeholder(text: &str) -> bool {
    let inside = text.strip_prefix("{{").and_then(|rest| expression::read(rest).ok());
    inside.is_some_and(|(_, taken)| taken + 2 == text.len())
}

/// The place of one value within what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Bare,
    JsonValue,
    JsonText,
    Form,
}

impl Place {
    fn written(self, kind: Kind) -> Written {
        match (self, kind) {
            (Self::Bare, _) | (_, Kind::Number) => Written::AsItIs,
            (Self::JsonValue, Kind::Captured(slot)) => Written::Typed(slot),
            (Self::JsonValue, Kind::Text) => Written::Encoded(Encoding::Json),
            (Self::JsonText, _) => Written::Encoded(Encoding::JsonInside),
            (Self::Form, _) => Written::Encoded(Encoding::Form),
        }
    }

    /// A value that is known before the run, as it is written here.
    fn constant(self, text: &str, kind: Kind) -> String {
        match self.written(kind) {
            Written::Encoded(encoding) => encoding.encoded(text),
            Written::AsItIs | Written::Typed(_) => text.to_owned(),
        }
    }
}

/// Whether a value is a number.
fn kind(source: &Source, arguments: &[Argument], scope: &Scope) -> Kind {
    match source {
        Source::Random { .. } | Source::Distinct { .. } | Source::Sequence(_) | Source::User => Kind::Number,
        Source::Choice(_) if arguments.iter().all(|argument| matches!(argument, Argument::Number(_))) => Kind::Number,
        Source::Again(place) => scope.named[*place].1,
        Source::Captured(slot, Encoding::Plain) => Kind::Captured(*slot),
        Source::Captured(..) | Source::Choice(_) | Source::Column { .. } | Source::Secret(_) | Source::Uuid => {
            Kind::Text
        }
    }
}

fn source(
    word: &str,
    arguments: &[Argument],
    names: &mut Names,
    scope: &mut Scope,
    encoding: Encoding,
) -> Result<Source, String> {
    if let Some(place) = scope.named.iter().position(|(name, _)| name == word).filter(|_| arguments.is_empty()) {
        return Ok(Source::Again(place));
    }
    if let Some(slot) = names.captures.iter().position(|name| name == word).filter(|_| arguments.is_empty()) {
        if !names.captured.contains(&slot) {
            return Err(format!("{word} is captured only later: an earlier step has to capture it"));
        }
        return Ok(Source::Captured(slot, encoding));
    }
    if let Some(column) = word.strip_prefix("csv.") {
        return self::column(column, &names.tables, encoding);
    }
    match (word, arguments) {
        ("uuid", []) => Ok(Source::Uuid),
        ("user", []) => Ok(Source::User),
        ("sequence", []) => Ok(sequence(1, names)),
        ("sequence", [first]) => Ok(sequence(
            number(first, names)?.try_into().map_err(|_| "the first number of a sequence must be 0 or more")?,
            names,
        )),
        ("random", [least, most]) => {
            let (least, most) = range(least, most, names)?;
            Ok(Source::Random { least, most })
        }
        ("distinct", [least, most]) => {
            let (least, most) = range(least, most, names)?;
            let known = scope.ranges.iter().position(|range| *range == (least, most));
            let group = known.unwrap_or_else(|| {
                scope.ranges.push((least, most));
                scope.ranges.len() - 1
            });
            Ok(Source::Distinct { least, most, group })
        }
        ("choice", [_, ..]) => {
            let texts: Result<Vec<_>, _> = arguments.iter().map(|argument| text(argument, names)).collect();
            Ok(Source::Choice(texts?.iter().map(|text| encoding.encoded(text).into()).collect()))
        }
        ("random" | "distinct", _) => Err(format!("write {word}(LEAST, MOST) with two whole numbers")),
        ("choice", _) => Err("write choice(\"one\", \"other\") with the texts to choose from".to_owned()),
        ("sequence" | "uuid" | "user", _) => Err(format!("{word} does not take these arguments")),
        _ => Err(unknown(word, names, scope)),
    }
}

fn unknown(word: &str, names: &Names, scope: &Scope) -> String {
    let known: Vec<_> = {
        let given = scope.named.iter().map(|(name, _)| name);
        let captured = names.captured.iter().filter_map(|slot| names.captures.get(*slot));
        names.variables.keys().chain(given).chain(captured).map(String::as_str).collect()
    };
    let known = if known.is_empty() { String::new() } else { format!(" or one of your names: {}", known.join(", ")) };
    format!(
        "{word} is not known; write random(1, 100), distinct(1, 100), sequence, choice(\"a\", \"b\"), csv.TABLE.COLUMN, \
         env.VARIABLE, uuid, user{known}"
    )
}

fn column(path: &str, tables: &[Table], encoding: Encoding) -> Result<Source, String> {
    let (name, column) = path.split_once('.').ok_or("write csv.TABLE.COLUMN")?;
    let Some(table) = tables.iter().position(|table| table.name == name) else {
        return Err(format!("there is no table {name}: add its file under [csv]"));
    };
    Ok(Source::Column { table, column: tables[table].column(column, encoding)? })
}

fn sequence(first: u64, names: &mut Names) -> Source {
    let counter = names.counters.entry(first).or_insert_with(|| Arc::new(AtomicU64::new(first)));
    Source::Sequence(Arc::clone(counter))
}

fn range(least: &Argument, most: &Argument, names: &mut Names) -> Result<(i64, i64), String> {
    let ends = most;
    let (least, most) = (number(least, names)?, number(most, names)?);
    if least > most {
        return Err(format!("the range must go from the smaller to the larger number, not from {least} to {most}"));
    }
    if let Argument::Word(variable) = ends {
        names.ranges.insert(variable.clone(), (least, most));
    }
    Ok((least, most))
}

fn number(argument: &Argument, names: &Names) -> Result<i64, String> {
    match argument {
        Argument::Number(number) => Ok(*number),
        Argument::Word(word) => {
            let Some(value) = names.variables.get(word) else {
                return Err(format!("there is no variable {word}: set it under [variables]"));
            };
            value.parse().map_err(|_| format!("the variable {word} is {value:?} and not a whole number"))
        }
        Argument::Text(text) => Err(format!("{text:?} is a text where a whole number is needed: leave out the quotes")),
    }
}

fn text(argument: &Argument, names: &Names) -> Result<String, String> {
    match argument {
        Argument::Number(number) => Ok(number.to_string()),
        Argument::Text(text) => Ok(text.clone()),
        Argument::Word(word) => {
            let value = names.variables.get(word).cloned();
            value.ok_or_else(|| format!("there is no variable {word}: set it under [variables], or write it in quotes"))
        }
    }
}
