//! What TLS is to use, and the files of it.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How a server is checked, and how we answer when it asks who we are.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// A file of certificates in PEM that are trusted instead of the system's.
    pub authorities: Option<PathBuf>,
    /// Our certificate with its chain, and its private key, both in PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether any certificate is accepted. The connection is then encrypted with whoever answers.
    pub insecure: bool,
}

/// Why TLS cannot be used as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// A file cannot be read.
    #[error("{path} cannot be read: {error}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// A file does not contain what is needed.
    #[error("{path} has no {what}: it must be in PEM, with -----BEGIN … lines", path = .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What is missing, such as `certificate`.
        what: &'static str,
    },
    /// A certificate or a key is not valid.
    #[error("{path} cannot be used: {why}", path = .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why, in a few words.
        why: String,
    },
    /// The host cannot be the name of a certificate.
    #[error("{0} is not a name that a certificate can have, so TLS cannot be used with it")]
    Name(String),
    /// The system has no certificates of authorities.
    #[error(
        "this machine trusts no authority: install the package ca-certificates, or give the certificate of the \
         service's authority as a file"
    )]
    NoAuthorities,
    /// The cipher suites cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Unavailable(rustls::Error),
}

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, InvalidTls> {
    let found = CertificateDer::pem_slice_iter(&read(path)?).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| InvalidTls::Unusable { path: path.to_owned(), why: error.to_string() })?;
    if found.is_empty() {
        return Err(InvalidTls::Empty { path: path.to_owned(), what: "certificate" });
    }
    Ok(found)
}

pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, InvalidTls> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        rustls::pki_types::pem::Error::NoItemsFound => {
            InvalidTls::Empty { path: path.to_owned(), what: "private key that is not encrypted" }
        }
        error => InvalidTls::Unusable { path: path.to_owned(), why: error.to_string() },
    })
}

fn read(path: &Path) -> Result<Vec<u8>, InvalidTls> {
    std::fs::read(path).map_err(|error| InvalidTls::Unreadable { path: path.to_owned(), error })
}
