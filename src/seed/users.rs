//! Generates users: names with accents, and unique e-mail addresses in lower case.

use super::draws::{Draws, Stream};
use super::words::{DOMAINS, FIRST_NAMES, LAST_NAMES, PLAIN_LETTERS};
use crate::domain::{User, UserId};

/// The user with this number. It depends on the seed and the number alone. The address is unique because it contains the
/// number.
pub(super) fn user(seed: u64, id: u64) -> User {
    let mut draws = Draws::new(seed, Stream::User, id);
    let (first, last, domain) = (draws.pick(FIRST_NAMES), draws.pick(LAST_NAMES), draws.pick(DOMAINS));
    let email = format!("{}.{}.{id}@{domain}", plain(first), plain(last));
    User { id: UserId::new(id), name: format!("{first} {last}"), email }
}

/// A name in the form for an e-mail address, which has only the letters a to z.
fn plain(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for letter in name.to_lowercase().chars() {
        match PLAIN_LETTERS.iter().find(|(letters, _)| letters.contains(letter)) {
            Some((_, plain)) => text.push_str(plain),
            None if letter.is_ascii_lowercase() => text.push(letter),
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::NewUser;

    #[test]
    fn users_read_like_people() {
        let lines: Vec<_> =
            (1..=6).map(|id| user(1, id)).map(|user| format!("{} <{}>", user.name, user.email)).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        Hana Sjöberg <hana.sjoberg.1@example.org>
        Ümit Kaur <umit.kaur.2@example.com>
        João Novák <joao.novak.3@example.com>
        Lukas Lefèvre <lukas.lefevre.4@example.org>
        Marek Møller <marek.moller.5@example.com>
        Amélie Haddad <amelie.haddad.6@example.com>
        ");
    }

    #[test]
    fn the_store_itself_would_accept_every_one_as_it_is() {
        for id in 1..=20_000 {
            let user = user(1, id);
            let new = NewUser::new(&user.name, &user.email).unwrap();
            assert_eq!((new.name(), new.email()), (&*user.name, &*user.email));
        }
    }

    #[test]
    fn addresses_are_unique_in_lower_case() {
        let addresses: BTreeSet<_> = (1..=20_000).map(|id| user(1, id).email.to_lowercase()).collect();
        assert_eq!(addresses.len(), 20_000);
    }

    #[test]
    fn no_letter_of_a_name_is_lost_in_its_address() {
        for name in FIRST_NAMES.iter().chain(LAST_NAMES) {
            let letters = name.chars().filter(|letter| letter.is_alphabetic()).count();
            assert!(plain(name).len() >= letters, "{name} became {}", plain(name));
        }
        assert_eq!(
            [plain("O'Brien"), plain("Weiß"), plain("Zoë"), plain("Øyvind")],
            ["obrien", "weiss", "zoe", "oyvind"]
        );
    }

    #[test]
    fn many_names_carry_an_accent() {
        let accented = (1..=1_000).filter(|&id| !user(1, id).name.is_ascii()).count();
        assert!((500..900).contains(&accented), "{accented}");
    }
}
