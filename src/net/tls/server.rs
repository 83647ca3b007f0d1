//! TLS of a server of ours: its certificate and key, and the names that the certificate is for.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use webpki::EndEntityCert;

use super::files::{InvalidTls, certificates, private_key};
use super::server_name;
use super::validity::Validity;
use super::words;

/// The settings of a server that speaks HTTP/1.1 over TLS.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
}

impl ServerTls {
    /// Reads a certificate with its chain and its private key, both in PEM.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, InvalidTls> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(InvalidTls::Unavailable)?;
        let (found, key) = (certificates(chain)?, private_key(key)?);
        let unusable = |why| InvalidTls::Unusable { path: chain.to_owned(), why };
        let certificate = found[0].clone();
        let config = builder.with_no_client_auth().with_single_cert(found, key);
        let mut config = config.map_err(|error| unusable(words::of_identity(&error)))?;
        config.alpn_protocols = vec![super::Alpn::Http1.name().to_vec()];
        Ok(Self { config: Arc::new(config), certificate })
    }

    /// Whether the certificate is for a name or an address.
    pub fn covers(&self, name: &str) -> bool {
        let parsed = ParsedCertificate::try_from(&self.certificate);
        parsed.ok().zip(server_name(name)).is_some_and(|(parsed, name)| verify_server_name(&parsed, &name).is_ok())
    }

    /// The time in which the certificate is valid; `None` if it does not say.
    pub fn validity(&self) -> Option<Validity> {
        Validity::of(&self.certificate)
    }

    /// The names of the certificate that are each one name: a pattern such as `*.example` is none, and addresses are left out.
    pub fn names(&self) -> Vec<String> {
        let Ok(certificate) = EndEntityCert::try_from(&self.certificate) else { return Vec::new() };
        certificate.valid_dns_names().filter(|name| !name.contains('*')).map(str::to_owned).collect()
    }

    /// The handshake with a client that has connected.
    pub(crate) async fn accept<Stream>(&self, stream: Stream) -> io::Result<TlsStream<Stream>>
    where
        Stream: AsyncRead + AsyncWrite + Unpin,
    {
        TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).await
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ServerTls").finish_non_exhaustive()
    }
}
