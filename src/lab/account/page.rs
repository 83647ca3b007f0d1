//! The account as one page.

use super::Account;

pub(super) fn page(_: &Account) -> String {
    String::new()
}
