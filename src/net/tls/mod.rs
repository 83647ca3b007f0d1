//! TLS: of outgoing connections, whom to trust and who we are; of a server of ours, its certificate.

mod files;
mod server;
mod trust;
mod validity;
mod words;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;

pub use files::{InvalidTls, TlsOptions};
use files::{certificates, private_key};
pub use server::ServerTls;
pub use validity::Validity;
pub(super) use words::sentence;
pub use words::{TlsNames, tls_sentence};

/// The sessions that a user keeps, to resume one where the last connection ended.
const SESSIONS: usize = 2;

/// The settings of TLS, read and checked.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    insecure: bool,
}

/// The settings of one user, who keeps sessions of its own: a stranger's would make its first connection cheaper than it
/// is.
#[derive(Clone, Debug)]
pub(super) struct UserTls(pub(super) Arc<ClientConfig>);

/// A protocol that is offered in the handshake (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpn {
    Http1,
    Http2,
}

impl TlsOptions {
    /// Whether the files can be used, so that a mistake is told before anything is connected.
    pub fn check_files(&self) -> Result<(), InvalidTls> {
        if let Some(path) = &self.authorities {
            certificates(path)?;
        }
        match &self.identity {
            // Any authorities will do for looking at them.
            Some(_) => Tls::read(&Self { insecure: true, authorities: None, ..self.clone() }).map(drop),
            None => Ok(()),
        }
    }
}

impl Tls {
    /// Reads the files of the options.
    pub(super) fn read(options: &TlsOptions) -> Result<Self, InvalidTls> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = trust::verifier(options, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(InvalidTls::Unavailable)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(certificates(chain)?, private_key(key)?)
                .map_err(|error| InvalidTls::Unusable { path: chain.clone(), why: words::of_identity(&error) })?,
        };
        Ok(Self { config: Arc::new(config), insecure: options.insecure })
    }

    /// Whether any certificate is accepted.
    pub(super) fn is_insecure(&self) -> bool {
        self.insecure
    }

    pub(super) fn for_a_user(&self, alpn: Alpn) -> UserTls {
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        config.alpn_protocols = vec![alpn.name().to_vec()];
        UserTls(Arc::new(config))
    }
}

impl Alpn {
    pub(super) fn name(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// The name that the certificate of a host must have.
pub(super) fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).ok()
}
