//! Whether the certificate of a server is accepted.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::files::{InvalidTls, TlsOptions, certificates};

/// Checks certificates by the authorities that are trusted.
#[derive(Debug)]
struct Trusting {
    /// None if any certificate is accepted.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that the user named: one of them is trusted for itself, even if it is that of an authority. This is
    /// how a service signs for itself.
    named: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

pub(super) fn verifier(
    options: &TlsOptions,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, InvalidTls> {
    let provider = Arc::clone(provider);
    if options.insecure {
        return Ok(Arc::new(Trusting { authorities: None, named: Vec::new(), provider }));
    }
    let named = options.authorities.as_deref().map(certificates).transpose()?.unwrap_or_default();
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.authorities {
        for certificate in &named {
            roots.add(certificate.clone()).map_err(|_| InvalidTls::Unusable {
                path: path.clone(),
                why: "one of its certificates is not valid".to_owned(),
            })?;
        }
    } else {
        roots = system_roots().clone();
        if roots.is_empty() {
            return Err(InvalidTls::NoAuthorities);
        }
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let authorities = Some(verifier.map_err(|_| InvalidTls::NoAuthorities)?);
    Ok(Arc::new(Trusting { authorities, named, provider }))
}

/// The authorities that the system trusts, read once: there are more than a hundred, and some callers make a connection for
/// each request.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // A system may have certificates that cannot be read; the others are still good.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        let found = authorities.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        // A certificate may sign for itself and say that it is an authority, which a server may not be.
        let is_of_an_authority = matches!(
            found,
            Err(Error::InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer))
        );
        if is_of_an_authority && self.named.iter().any(|named| named == end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        found
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
