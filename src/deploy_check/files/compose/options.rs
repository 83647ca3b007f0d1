//! Options of servers, however they are given: flags of a command, lines of a script or of an option file.

use std::path::{Path, PathBuf};

/// The word with `-` replaced by `_` in the option's name; a value after `=` stays as it is.
pub(super) fn underscored(word: &str) -> String {
    match word.split_once('=') {
        Some((name, value)) => format!("{}={value}", name.replace('-', "_")),
        None if word.starts_with("--") => word.replace('-', "_"),
        None => word.to_owned(),
    }
}

/// The value of `--flag value` or `--flag=value`; if the flag is repeated, the last one counts.
pub(super) fn option_in(words: &[String], flag: &str) -> Option<String> {
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        if word == flag {
            found = words.get(at + 1).cloned();
        } else if let Some(value) = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
            found = Some(value.to_owned());
        }
    }
    found
}

/// The value of `-c name=value`, as PostgreSQL has it.
pub(super) fn setting_in(words: &[String], name: &str) -> Option<String> {
    let wanted = name.replace('-', "_");
    let settings = words.iter().rev().map(|word| word.strip_prefix("-c").unwrap_or(word));
    let mut pairs = settings.filter_map(|word| word.split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

/// The option files at a path: those of MySQL and MariaDB end in `.cnf`, those of Redis and PostgreSQL in `.conf`.
pub(super) fn option_files(path: &Path) -> Vec<PathBuf> {
    let is_options = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "cnf" || ending == "conf");
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten().take(100);
        return entries.map(|entry| entry.path()).filter(is_options).collect();
    }
    Some(path.to_owned()).filter(is_options).into_iter().collect()
}

/// The value in a line `name = value` or `name value`, with `_` or `-` in the name.
pub(super) fn option_in_file(text: &str, name: &str) -> Option<String> {
    let wanted = name.replace('-', "_");
    // If an option is repeated, the last one counts.
    let lines = text.lines().rev().map(str::trim).filter(|line| !line.starts_with(['#', ';', '[']));
    let pairs = lines.filter_map(|line| line.split_once(['=', ' ', '\t']));
    let mut values = pairs.filter(|(name, _)| name.trim().replace('-', "_") == wanted);
    let value = values.next().map(|(_, value)| value.trim_start_matches(['=', ' ']).trim())?;
    let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    Some(value.to_owned())
}

/// The words of a command line, split as a shell would.
pub(super) fn words_of(line: &str) -> Vec<String> {
    split(line, &['"', '\''], None)
}

/// The words of a line, which these marks quote, up to a word that begins with the mark of a comment. A backslash stands for the
/// character after it, but for what is quoted by other marks than `"`.
pub(in crate::deploy_check::files) fn split(line: &str, quotes: &[char], comment: Option<char>) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut begun, mut quote) = (String::new(), false, None);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, _) if quotes.contains(&character) => (quote, begun) = (Some(character), true),
            (None, _) if comment == Some(character) && !begun => break,
            (Some('"') | None, '\\') if characters.peek().is_some() => {
                // A line that goes on is one line.
                word.extend(characters.next().filter(|next| *next != '\n'));
                begun = true;
            }
            (None, _) if character.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(character);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_servers_are_found_however_they_are_written() {
        let words = |line: &str| line.split(' ').map(underscored).collect::<Vec<_>>();
        for line in ["--max-connections=200", "mysqld --max_connections 200"] {
            assert_eq!(option_in(&words(line), &underscored("--max-connections")).as_deref(), Some("200"), "{line}");
        }
        let file = "[mysqld]\n# max_connections = 1\nmax-connections = 300\nmaxmemory 64mb\nrequirepass \"x y\" # z\n";
        assert_eq!(option_in_file(file, "max-connections").as_deref(), Some("300"));
        assert_eq!(option_in_file(file, "maxmemory").as_deref(), Some("64mb"));
        assert_eq!(option_in_file(file, "requirepass").as_deref(), Some("x y"));
        assert_eq!(setting_in(&words("postgres -c max_connections=30"), "max-connections").as_deref(), Some("30"));
        assert_eq!(words_of("sh -c \"a 'b' c\" '' d\\ e"), ["sh", "-c", "a 'b' c", "", "d e"]);
    }
}
