//! Users, and their e-mail addresses.

use serde::Serialize;

use super::UserId;
use super::text::line_of_text;

/// The longest name, in characters: the size of the column.
const MAX_NAME_LENGTH: usize = 200;

/// The longest e-mail address, in characters (RFC 5321 allows a path of 256 with its brackets).
const MAX_EMAIL_LENGTH: usize = 254;

/// A user to be created, with checked fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    name: String,
    email: String,
}

/// The reason why a request is not a user.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUser {
    /// The name is empty, too long, or has control characters.
    #[error("a user's name has 1 to {MAX_NAME_LENGTH} characters and no control characters")]
    Name,
    /// The address does not have the form `local@domain`, is too long, or has white space.
    #[error("an e-mail address has the form name@domain and at most {MAX_EMAIL_LENGTH} characters")]
    Email,
}

impl NewUser {
    /// Checks both fields. The address is converted to lower case, because it is unique, and people take
    /// `Ada@example.com` and `ada@example.com` for the same address.
    pub fn new(name: &str, email: &str) -> Result<Self, InvalidUser> {
        let name = line_of_text(name, MAX_NAME_LENGTH).ok_or(InvalidUser::Name)?;
        let email = line_of_text(email, MAX_EMAIL_LENGTH).ok_or(InvalidUser::Email)?.to_lowercase();
        let parts = email.split_once('@');
        let shaped = parts.is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });
        if !shaped || email.contains(char::is_whitespace) || email.chars().count() > MAX_EMAIL_LENGTH {
            return Err(InvalidUser::Email);
        }
        Ok(Self { name, email })
    }

    /// The full name, without surrounding white space.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The e-mail address, in lower case.
    pub fn email(&self) -> &str {
        &self.email
    }
}

/// A stored user, as `GET /users/{id}` returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// The id of the user.
    pub id: UserId,
    /// The full name, 1 to 200 characters.
    pub name: String,
    /// The e-mail address, in lower case; unique among users.
    pub email: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(NewUser::new(" Ada ", "Ada@Example.com").unwrap(), NewUser::new("Ada", "ada@example.com").unwrap());
    }

    #[test]
    fn refuses_what_is_no_address() {
        for email in ["", "ada", "@example.com", "ada@", "a da@example.com", "a@b@c", "ada@.com", "a\u{0}@b"] {
            assert_eq!(NewUser::new("Ada", email), Err(InvalidUser::Email), "{email:?}");
        }
        assert_eq!(NewUser::new("\n", "a@b"), Err(InvalidUser::Name));
    }

    #[test]
    fn the_limits_are_included_and_what_is_beyond_is_refused() {
        let name = "é".repeat(MAX_NAME_LENGTH);
        let email = format!("{}@example.com", "a".repeat(MAX_EMAIL_LENGTH - "@example.com".len()));
        let user = NewUser::new(&name, &email).unwrap();
        assert_eq!((user.name(), user.email()), (name.as_str(), email.as_str()));
        assert_eq!(NewUser::new(&format!("{name}x"), &email), Err(InvalidUser::Name));
        assert_eq!(NewUser::new(&name, &format!("a{email}")), Err(InvalidUser::Email));
        // In lower case this letter is two characters long.
        let longer = email.replacen('a', "\u{130}", 1);
        assert_eq!(longer.chars().count(), MAX_EMAIL_LENGTH);
        assert_eq!(NewUser::new(&name, &longer), Err(InvalidUser::Email));
    }
}
