//! The text of a statement without its values, so that no customer's data is kept and equal statements have one text.

/// The most characters that are kept of a statement.
const LONGEST: usize = 240;

/// A statement with a question mark in place of each value, lists of values as one, comments left out, and one space
/// wherever there is white space.
pub fn normalised(statement: &str) -> String {
    let mut scan = Scan { letters: statement.chars().peekable(), text: String::new() };
    while let Some(letter) = scan.letters.next() {
        scan.take(letter);
    }
    folded(scan.text.trim())
}

struct Scan<'a> {
    letters: std::iter::Peekable<std::str::Chars<'a>>,
    text: String,
}

impl Scan<'_> {
    fn take(&mut self, letter: char) {
        match letter {
            '\'' | '"' => {
                self.skip_quoted(letter);
                self.value();
            }
            '`' => {
                // A name, whose digits are no values.
                let letters = &mut self.letters;
                self.text.extend(std::iter::once('`').chain(letters.by_ref().take_while(|c| *c != '`')).chain(['`']));
            }
            '#' => self.skip_line(),
            '-' if self.letters.peek() == Some(&'-') => self.skip_line(),
            '/' if self.letters.peek() == Some(&'*') => self.skip_comment(),
            digit if digit.is_ascii_digit() && !self.is_in_word() => {
                let of_number = |c: &char| c.is_ascii_alphanumeric() || *c == '.';
                while self.letters.next_if(of_number).is_some() {}
                self.value();
            }
            space if space.is_whitespace() => self.space(),
            other => self.text.push(other),
        }
    }

    /// Whether what was written last is part of a name.
    fn is_in_word(&self) -> bool {
        self.text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '@'))
    }

    /// Writes a value. A prefix such as that of `x'00'` or `_utf8'a'` and a sign belong to it.
    fn value(&mut self) {
        let prefix = self.text.len() - self.text.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let kept = self.text.len() - prefix;
        if matches!(self.text[kept..].to_ascii_lowercase().as_str(), "x" | "b" | "n" | "_binary" | "_utf8mb4" | "_utf8")
        {
            self.text.truncate(kept);
        }
        self.text.push('?');
    }

    fn space(&mut self) {
        if !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    fn skip_quoted(&mut self, quote: char) {
        while let Some(letter) = self.letters.next() {
            match letter {
                '\\' => drop(self.letters.next()),
                // A doubled quote is a quote inside the value.
                letter if letter == quote && self.letters.next_if_eq(&quote).is_none() => return,
                _ => {}
            }
        }
    }

    fn skip_line(&mut self) {
        self.letters.by_ref().find(|letter| *letter == '\n');
        self.space();
    }

    fn skip_comment(&mut self) {
        self.letters.next();
        let mut star = false;
        for letter in self.letters.by_ref() {
            if star && letter == '/' {
                break;
            }
            star = letter == '*';
        }
        self.space();
    }
}

/// Joins lists of values, and cuts what is too long.
fn folded(text: &str) -> String {
    let mut folded = text.replace("( ", "(").replace(" )", ")").replace(" ,", ",").replace(", ", ",");
    for (list, one) in [("-?", "?"), ("?,?", "?"), ("(?),(?)", "(?)"), ("(...),(...)", "(...)")] {
        // `a - ?` is a difference, `= -?` a value.
        if list == "-?" {
            for before in ["=", ",", "("] {
                folded = folded.replace(&format!("{before}-?"), &format!("{before}?"));
            }
            continue;
        }
        while folded.contains(list) {
            folded = folded.replace(list, one);
        }
    }
    match folded.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &folded[..end]),
        None => folded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_keeps_its_words_and_loses_its_values() {
        for (statement, expected) in [
            (
                "SELECT * FROM users  WHERE email = 'a''b\\'c@d.e' AND id=17",
                "SELECT * FROM users WHERE email = ? AND id=?",
            ),
            ("INSERT INTO t2 VALUES (1, 'x'), (2, \"y\"),\n(3, x'ff')", "INSERT INTO t2 VALUES (?)"),
            (
                "select a1 from `t 1` where b in (1,2, 3) /* secret 7 */ limit 10",
                "select a1 from `t 1` where b in (?) limit ?",
            ),
            ("SELECT 1.5e3, -2, a-1 -- word 'x'\nFROM t", "SELECT ?,a-? FROM t"),
            ("SET @v1 = 0x1f", "SET @v1 = ?"),
            ("SELECT `COUNT` ( * ) FROM `t` WHERE `id` IN (...)", "SELECT `COUNT` (*) FROM `t` WHERE `id` IN (...)"),
        ] {
            assert_eq!(normalised(statement), expected);
        }
    }

    #[test]
    fn text_that_is_cut_within_a_value_shows_nothing_of_it() {
        assert_eq!(normalised("SELECT * FROM t WHERE a = 'geheim"), "SELECT * FROM t WHERE a = ?");
        assert_eq!(normalised(&format!("SELECT {}", "a, ".repeat(500))).chars().count(), LONGEST + 1);
        for odd in ["'", "\\", "`", "/*", "#", "--", "", "é'é", "`é"] {
            normalised(odd);
        }
    }
}
