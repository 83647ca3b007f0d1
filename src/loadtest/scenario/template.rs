//! A text with placeholders. It is compiled once and rendered for every request without parsing it again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::encoding::Encoding;
use super::expression::{self, Argument, Call, Expression};
use super::table::Table;
use super::value::{Draws, Source, Who};

#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Text that is the same in every request.
    Text(Box<str>),
    /// A value. `keep` says whether it is kept for the rest of the request.
    Value { source: Source, keep: bool, label: Box<str> },
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
}

/// The names and ranges that the placeholders of one request share.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The names given so far.
    named: Vec<String>,
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
        let mut at = 0;
        while let Some(length) = text[at..].find("{{") {
            let unchecked = template.unchecked();
            template.text(&text[at..at + length]);
            let start = at + length;
            let (expression, taken) = expression::read(&text[start + 2..]).map_err(|what| {
                let shown: String = text[start..].lines().next().unwrap_or_default().chars().take(40).collect();
                (start, format!("{shown}: {what}"))
            })?;
            at = start + 2 + taken;
            let told = |what| (start, format!("{}: {what}", &text[start..at]));
            template.value(&expression, names, scope).map_err(told)?;
            template.fits(unchecked, fits).map_err(|what| told(what.to_owned()))?;
        }
        let unchecked = template.unchecked();
        template.text(&text[at..]);
        template.fits(unchecked, fits).map_err(|what| (at, format!("{text:?} {what}")))?;
        Ok(template)
    }

    pub(super) fn constant(text: &str) -> Self {
        let mut template = Self::default();
        template.text(text);
        template
    }

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(before)) => *before = format!("{before}{text}").into(),
            _ => self.pieces.push(Piece::Text(text.into())),
        }
    }

    fn value(&mut self, expression: &Expression, names: &mut Names, scope: &mut Scope) -> Result<(), String> {
        let encoding = Encoding::of(expression.encoding.as_deref())?;
        let (word, arguments) = match &expression.call {
            Call::Text(text) => {
                self.text(&encoding.encoded(text));
                return Ok(());
            }
            Call::Word(word, arguments) => (word.as_str(), arguments.as_slice()),
        };
        if let (None, [], Some(text)) = (&expression.name, arguments, names.variables.get(word))
            && !scope.named.iter().any(|name| name == word)
        {
            self.text(&encoding.encoded(text));
            return Ok(());
        }
        let source = source(word, arguments, names, scope, encoding)?;
        if expression.encoding.is_some() && !matches!(source, Source::Choice(_) | Source::Column { .. }) {
            return Err(format!("{word} needs no encoding: leave out the | and what follows it"));
        }
        if let Some(name) = &expression.name {
            if scope.named.contains(name) {
                return Err(format!("the name {name} is given twice: choose another"));
            }
            scope.named.push(name.clone());
        }
        let label = expression.name.as_deref().unwrap_or(word.strip_prefix("csv.").unwrap_or(word)).into();
        self.pieces.push(Piece::Value { source, keep: expression.name.is_some(), label });
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
            Piece::Value { .. } => Ok(()),
        })
    }

    /// Writes the text with its values to `into`.
    pub(super) fn render(&self, draws: &mut Draws, who: &mut Who<'_>, into: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => into.push_str(text),
                Piece::Value { source, keep, .. } => {
                    let start = into.len();
                    draws.write(source, who, into);
                    if *keep {
                        draws.keep(&into[start..]);
                    }
                }
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
        };
        self.pieces.iter().map(shown).collect()
    }
}

fn source(
    word: &str,
    arguments: &[Argument],
    names: &mut Names,
    scope: &mut Scope,
    encoding: Encoding,
) -> Result<Source, String> {
    if let Some(place) = scope.named.iter().position(|name| name == word).filter(|_| arguments.is_empty()) {
        return Ok(Source::Again(place));
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
    let known: Vec<_> = names.variables.keys().chain(&scope.named).map(String::as_str).collect();
    let known = if known.is_empty() { String::new() } else { format!(" or one of your names: {}", known.join(", ")) };
    format!(
        "{word} is not known; write random(1, 100), distinct(1, 100), sequence, choice(\"a\", \"b\"), csv.TABLE.COLUMN, \
         uuid, user{known}"
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
