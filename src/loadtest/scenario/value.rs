//! The sources of the values in a request, and the scratch space in which one user draws them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use super::captured::Captured;
use super::encoding::Encoding;
use super::table::{Column, Rows};

/// The source of a value that differs from request to request. Everything that is known before the run (bounds, encoded
/// texts) is computed before.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A whole number from `least` to `most`, all equally likely.
    Random { least: i64, most: i64 },
    /// The same, but different from the other numbers of its group in the same request.
    Distinct { least: i64, most: i64, group: usize },
    /// The next number of a counter shared by all users.
    Sequence(Arc<AtomicU64>),
    /// A text from the environment, the same in every request, which is never shown.
    Secret(Hidden),
    /// One of several texts, all equally likely.
    Choice(Vec<Box<str>>),
    /// A cell of a table. All cells of one table in a request are from the same row.
    Column { table: usize, column: Column },
    /// A random UUID (RFC 9562, version 4) that differs in each run, because a service may remember those of an earlier
    /// run.
    Uuid,
    /// The number of the sending user, from 1.
    User,
    /// A value that this request has drawn before under a name; the field is its index.
    Again(usize),
    /// A value that the journey has captured, in this slot.
    Captured(usize, Encoding),
}

/// A text that is not shown, not even in a dump of what has it.
#[derive(Clone)]
pub(super) struct Hidden(pub(super) Box<str>);

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}

/// The values drawn for one request. A user has one and reuses it for every request.
#[derive(Debug, Default)]
pub(super) struct Draws {
    /// The start and end of each named value in `text`.
    named: Vec<(usize, usize)>,
    text: String,
    /// The row drawn from each table, if one was needed.
    rows: Vec<Option<usize>>,
    /// The numbers that the groups of `distinct` have used, sorted.
    given: Vec<(usize, i64)>,
    /// A value on its way into the place where it stands.
    pub(super) scratch: String,
    /// The first slot that was needed and has no value.
    pub(super) missing: Option<usize>,
}

impl Draws {
    /// Clears everything for a new request but the rows, which are those of a whole journey.
    pub(super) fn clear(&mut self) {
        self.named.clear();
        self.text.clear();
        self.given.clear();
        self.missing = None;
    }

    /// Forgets the rows of the tables, so that others are drawn.
    pub(super) fn clear_rows(&mut self) {
        self.rows.clear();
    }

    /// Keeps `written` as the value of the next name.
    pub(super) fn keep(&mut self, written: &str) {
        let start = self.text.len();
        self.text.push_str(written);
        self.named.push((start, self.text.len()));
    }

    /// Draws a value and writes it.
    pub(super) fn write(&mut self, source: &Source, who: &mut Who<'_>, into: &mut String) {
        match source {
            Source::Random { least, most } => write_integer(who.random.random_range(*least..=*most), into),
            Source::Distinct { least, most, group } => {
                write_integer(self.distinct(*least, *most, *group, who.random), into);
            }
            Source::Sequence(counter) => into.push_str(itoa::Buffer::new().format(next(counter))),
            Source::Secret(text) => into.push_str(&text.0),
            Source::Choice(texts) => into.push_str(&texts[who.random.random_range(0..texts.len())]),
            Source::Column { table, column } => column.write(self.row(*table, who), into),
            Source::Uuid => write_uuid(who.random.random::<u128>() ^ who.run, into),
            Source::User => into.push_str(itoa::Buffer::new().format(who.user)),
            Source::Again(name) => {
                let (start, end) = self.named[*name];
                into.push_str(&self.text[start..end]);
            }
            Source::Captured(slot, encoding) => match who.captured.get(*slot) {
                Some(text) => encoding.write(text, into),
                None => self.missing = self.missing.or(Some(*slot)),
            },
        }
    }

    /// Draws a number that this request has not used in the group, all equally likely. If the range has too few
    /// numbers, one is repeated.
    fn distinct(&mut self, least: i64, most: i64, group: usize, random: &mut Pcg64Mcg) -> i64 {
        let given = self.given.iter().filter(|(of, _)| *of == group).count();
        let Some(end) = most.checked_sub(given as i64).filter(|end| *end >= least) else {
            return random.random_range(least..=most);
        };
        let mut number = random.random_range(least..=end);
        // `given` is sorted: every used number at or below ours moves ours up by one.
        for (_, taken) in self.given.iter().filter(|(of, _)| *of == group) {
            number += i64::from(number >= *taken);
        }
        let place = self.given.partition_point(|before| *before < (group, number));
        self.given.insert(place, (group, number));
        number
    }

    fn row(&mut self, table: usize, who: &mut Who<'_>) -> usize {
        if self.rows.len() <= table {
            self.rows.resize(table + 1, None);
        }
        *self.rows[table].get_or_insert_with(|| match &who.tables[table] {
            Rows::Random(rows) => who.random.random_range(0..*rows),
            Rows::Sequential(rows, counter) => (next(counter) % *rows as u64) as usize,
        })
    }
}

/// The user who sends, with its random numbers and the shared tables.
#[derive(Debug)]
pub(super) struct Who<'a> {
    /// The number of the user, from 1.
    pub(super) user: u64,
    /// The random numbers of the user.
    pub(super) random: &'a mut Pcg64Mcg,
    /// The tables of the scenario.
    pub(super) tables: &'a [Rows],
    /// The number that makes the UUIDs of this run differ from those of other runs.
    pub(super) run: u128,
    /// What its journey has captured.
    pub(super) captured: &'a Captured,
}

fn next(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

fn write_integer(number: i64, into: &mut String) {
    into.push_str(itoa::Buffer::new().format(number));
}

fn write_uuid(bits: u128, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    for place in 0..32 {
        if matches!(place, 8 | 12 | 16 | 20) {
            into.push('-');
        }
        into.push(char::from(HEX[(bits >> (124 - 4 * place)) as usize & 0xf]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn drawn(source: &Source, draws: &mut Draws, random: &mut Pcg64Mcg) -> String {
        let mut text = String::new();
        draws.write(
            source,
            &mut Who { user: 7, random, tables: &[], run: 0, captured: &Captured::default() },
            &mut text,
        );
        text
    }

    #[test]
    fn distinct_numbers_differ_as_long_as_the_range_has_enough() {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let source = Source::Distinct { least: 1, most: 3, group: 0 };
        let mut firsts = [0; 3];
        for _ in 0..3_000 {
            let mut draws = Draws::default();
            let three: Vec<_> = (0..3).map(|_| drawn(&source, &mut draws, &mut random)).collect();
            let mut sorted = three.clone();
            sorted.sort();
            assert_eq!(sorted, ["1", "2", "3"]);
            firsts[three[0].parse::<usize>().unwrap() - 1] += 1;
            let fourth: u32 = drawn(&source, &mut draws, &mut random).parse().unwrap();
            assert!((1..=3).contains(&fourth));
        }
        assert!(firsts.iter().all(|count| (900..1_100).contains(count)), "{firsts:?}");
    }

    #[test]
    fn a_uuid_is_random_and_of_version_4() {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let uuids: Vec<_> = (0..100).map(|_| drawn(&Source::Uuid, &mut Draws::default(), &mut random)).collect();
        for uuid in &uuids {
            assert!(uuid.len() == 36 && &uuid[14..15] == "4" && "89ab".contains(&uuid[19..20]), "{uuid}");
        }
        assert_ne!(uuids[0], uuids[1]);
    }

    #[test]
    fn a_counter_continues_over_requests() {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let source = Source::Sequence(Arc::new(AtomicU64::new(5)));
        let three = [(); 3].map(|()| drawn(&source, &mut Draws::default(), &mut random));
        assert_eq!(three, ["5", "6", "7"]);
    }
}
