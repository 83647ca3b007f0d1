//! What the options about TLS to the database and to Redis mean together.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use storemgr::net::TlsOptions;

use crate::failure::Failure;

/// Whether connections are encrypted, and the server checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// In clear.
    Off,
    /// Encrypted with whoever answers.
    Require,
    /// Encrypted with a server whose certificate is for its host and signed by an authority that is trusted.
    Verify,
}

impl TlsMode {
    /// Reads the name of a mode; nothing means off, as compose passes a variable that is not set.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" | "off" => Ok(Self::Off),
            "require" => Ok(Self::Require),
            "verify" => Ok(Self::Verify),
            other => Err(format!("{other:?} is none of off, require and verify")),
        }
    }
}

/// The files that go with a mode, as they were given.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles<'a> {
    pub(crate) ca: &'a Option<OsString>,
    pub(crate) cert: &'a Option<OsString>,
    pub(crate) key: &'a Option<OsString>,
}

impl TlsFiles<'_> {
    /// What TLS is to use; `prefix` is that of the variables, such as `DB_TLS`. A file that would not be used is an error:
    /// whoever gave it relies on it.
    pub(crate) fn options(&self, mode: TlsMode, prefix: &str) -> Result<Option<TlsOptions>, Failure> {
        let path = |given: &Option<OsString>| given.as_ref().filter(|path| !path.is_empty()).map(PathBuf::from);
        let (ca, cert, key) = (path(self.ca), path(self.cert), path(self.key));
        if mode == TlsMode::Off {
            if ca.is_some() || cert.is_some() || key.is_some() {
                let sentence =
                    format!("{prefix} is off, so the files of {prefix}_… are not used: set {prefix} to verify");
                return Err(Failure::usage(anyhow!(sentence)));
            }
            return Ok(None);
        }
        if mode == TlsMode::Require && ca.is_some() {
            let sentence = format!("{prefix}_CA is used by {prefix}=verify alone: with require, nobody is checked");
            return Err(Failure::usage(anyhow!(sentence)));
        }
        let identity = match (cert, key) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some((cert, key)),
            _ => return Err(Failure::usage(anyhow!("{prefix}_CERT and {prefix}_KEY belong together: give both"))),
        };
        let options = TlsOptions { authorities: ca, identity, insecure: mode == TlsMode::Require };
        options.check_files().with_context(|| format!("{prefix} cannot be used")).map_err(Failure::usage)?;
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(mode: &str, [ca, cert, key]: [&str; 3]) -> Result<Option<TlsOptions>, String> {
        let given = |text: &str| Some(OsString::from(text));
        let (ca, cert, key) = (given(ca), given(cert), given(key));
        let files = TlsFiles { ca: &ca, cert: &cert, key: &key };
        files.options(TlsMode::parse(mode)?, "DB_TLS").map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn a_file_that_would_not_be_used_is_refused() {
        assert!(options("", ["", "", ""]).unwrap().is_none());
        assert!(options("require", ["", "", ""]).unwrap().unwrap().insecure);
        assert!(!options("verify", ["", "", ""]).unwrap().unwrap().insecure);
        for (mode, files, why) in [
            ("off", ["ca.pem", "", ""], "DB_TLS is off"),
            ("require", ["ca.pem", "", ""], "DB_TLS_CA is used by DB_TLS=verify alone"),
            ("verify", ["", "cert.pem", ""], "belong together"),
            ("verify", ["absent.pem", "", ""], "absent.pem cannot be read"),
            ("on", ["", "", ""], "none of off, require and verify"),
        ] {
            let refused = options(mode, files).unwrap_err();
            assert!(refused.contains(why), "{mode}: {refused}");
        }
    }
}
