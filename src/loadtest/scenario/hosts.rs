//! The other services of a scenario, which its paths name: `api:/orders`.

use crate::net::Target;

/// A service beside that of the run.
#[derive(Clone, Debug)]
pub(in crate::loadtest) struct Host {
    pub(super) name: String,
    pub(in crate::loadtest) target: Target,
}

/// The name before a path such as `api:/orders`, and the path behind it. None where it begins with a slash or a value.
pub(super) fn named(path: &str) -> Option<(&str, &str)> {
    let (name, rest) = path.split_once(":/")?;
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_name.then(|| (name, &path[path.len() - rest.len() - 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_the_path() {
        assert_eq!(named("api:/orders?a=b:/c"), Some(("api", "/orders?a=b:/c")));
        for path in ["/orders", "/a:/b", "{{order}}", "{{a}}:/b", ":/x"] {
            assert_eq!(named(path), None, "{path}");
        }
    }
}
