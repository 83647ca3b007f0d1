//! Tables in GitHub's Markdown (<https://github.github.com/gfm/#tables-extension->).

use super::{Align, Table, Tone};

impl Table {
    /// The table as GitHub's Markdown, to be pasted into an issue, with its title in bold above it. Columns are padded
    /// to equal width; totals are bold.
    pub fn to_markdown(&self) -> String {
        let head: Vec<String> = self.columns.iter().map(|(name, _)| plain(name)).collect();
        let row = |cells: &Vec<(String, Tone)>| cells.iter().take(head.len()).map(cell).collect::<Vec<String>>();
        let rows: Vec<Vec<String>> = self.rows.iter().map(row).collect();
        let width = |column: usize| {
            let texts = rows.iter().filter_map(|row| row.get(column)).chain([&head[column]]);
            texts.map(|text| text.chars().count()).max().unwrap_or(0).max(3)
        };
        let aligns = self.columns.iter().map(|(_, align)| *align);
        let columns: Vec<(Align, usize)> = aligns.enumerate().map(|(at, align)| (align, width(at))).collect();
        let rule = columns.iter().map(|(align, width)| match align {
            Align::Left => "-".repeat(*width),
            Align::Right => format!("{}:", "-".repeat(width - 1)),
        });
        let rule = format!("| {} |", rule.collect::<Vec<_>>().join(" | "));
        let title = (!self.title.is_empty()).then(|| format!("**{}**\n", plain(&self.title)));
        let body = rows.iter().map(|row| line(row, &columns));
        title.into_iter().chain([line(&head, &columns), rule]).chain(body).collect::<Vec<_>>().join("\n")
    }
}

fn line(cells: &[String], columns: &[(Align, usize)]) -> String {
    let cells = cells.iter().zip(columns).map(|(text, (align, width))| match align {
        Align::Left => format!("{text:<width$}"),
        Align::Right => format!("{text:>width$}"),
    });
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn cell((text, tone): &(String, Tone)) -> String {
    let text = plain(text);
    if *tone == Tone::Strong && !text.is_empty() { format!("**{text}**") } else { text }
}

/// Escapes a text so that nothing in it is Markdown. An underscore inside a word has no meaning and would be hard to
/// read if escaped.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = ' ';
    let mut characters = text.trim().chars().peekable();
    while let Some(character) = characters.next() {
        let in_word = before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
        match character {
            '\n' => safe.push_str("<br>"),
            '<' => safe.push_str("&lt;"),
            '_' if in_word => safe.push('_'),
            '|' | '*' | '`' | '\\' | '[' | '~' | '_' => safe.extend(['\\', character]),
            other => safe.push(other),
        }
        before = character;
    }
    safe
}
