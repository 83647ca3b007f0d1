//! The errors of TLS in words that say what to do.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use crate::units;

/// The most names of a certificate that are told.
const MOST_NAMES: usize = 5;

/// The names of a program's options for TLS, for sentences that say what to set.
#[derive(Clone, Copy, Debug)]
pub struct TlsNames {
    /// The authority's certificate.
    pub authority: &'static str,
    /// Our own certificate.
    pub certificate: &'static str,
    /// Its private key.
    pub key: &'static str,
    /// What a server without TLS speaks.
    pub in_clear: &'static str,
}

/// Those of a load test.
const OPTIONS: TlsNames = TlsNames { authority: "--ca", certificate: "--cert", key: "--key", in_clear: "plain HTTP" };

/// An error of TLS as a sentence without a full stop.
pub(in crate::net) fn sentence(error: &Error) -> String {
    tls_sentence(error, OPTIONS)
}

/// An error of TLS as a sentence without a full stop, for a program whose options have these names.
pub fn tls_sentence(error: &Error, names: TlsNames) -> String {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error, names.authority),
        Error::AlertReceived(alert) => of_alert(*alert, names),
        Error::PeerIncompatible(why) => match why {
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled => OLD_PROTOCOL.to_owned(),
            PeerIncompatible::ExtendedMasterSecretExtensionRequired => {
                "the server speaks a TLS 1.2 without extended master secrets, which is not safe".to_owned()
            }
            why => format!("the server and storemgr have no TLS in common: {why:?}"),
        },
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::MessageTooLarge) => {
            let in_clear = names.in_clear;
            format!("the answer to the TLS handshake is not TLS: does the service speak {in_clear} on this port?")
        }
        Error::NoApplicationProtocol => NO_PROTOCOL.to_owned(),
        error => format!("TLS failed: {error}"),
    }
}

const OLD_PROTOCOL: &str = "the server speaks neither TLS 1.2 nor TLS 1.3";
const NO_PROTOCOL: &str = "the server does not speak the version of HTTP that was asked for";

fn of_certificate(error: &CertificateError, ca: &str) -> String {
    match error {
        CertificateError::Expired => "the certificate of the server has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate of the server expired on {}", shown(*not_after))
        }
        CertificateError::NotValidYet => "the certificate of the server is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate of the server is not valid before {}: is the clock right?", shown(*not_before))
        }
        CertificateError::Revoked => "the certificate of the server was revoked".to_owned(),
        CertificateError::UnknownIssuer => {
            format!(
                "the certificate of the server is signed by nobody who is trusted here: give the authority's certificate \
                 with {ca}, or the chain is incomplete"
            )
        }
        CertificateError::BadSignature => {
            format!(
                "the certificate of the server was not signed by the authority that it names: {ca} may be an older one of \
                 the same name"
            )
        }
        CertificateError::NotValidForName => "the certificate of the server is for another name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> = presented.iter().take(MOST_NAMES).map(|name| plain(name)).collect();
            let more = if presented.len() > MOST_NAMES { " and others" } else { "" };
            let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
            format!("the certificate of the server is not for {} but for {names}{more}", expected.to_str())
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate of the server is not one for servers".to_owned()
        }
        CertificateError::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            format!("the certificate of the server is that of an authority: to trust it for itself, give it with {ca}")
        }
        error => format!("the certificate of the server is not valid: {error}"),
    }
}

fn of_alert(alert: AlertDescription, names: TlsNames) -> String {
    let TlsNames { certificate, key, .. } = names;
    match alert {
        AlertDescription::CertificateRequired => {
            format!("the server asks for a certificate of the client: give one with {certificate} and {key}")
        }
        AlertDescription::HandshakeFailure => {
            format!(
                "the server refused the TLS handshake: it may ask for a certificate of the client ({certificate} and \
                 {key}), or there is no cipher in common"
            )
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => {
            format!("the server does not accept the client's certificate (alert {alert:?}): look at {certificate}")
        }
        AlertDescription::ProtocolVersion => OLD_PROTOCOL.to_owned(),
        AlertDescription::NoApplicationProtocol => NO_PROTOCOL.to_owned(),
        AlertDescription::UnrecognisedName => "the server does not know the name of the host".to_owned(),
        alert => format!("the server ended TLS with the alert {alert:?}"),
    }
}

/// Why our own certificate and key cannot be used.
pub(super) fn of_identity(error: &Error) -> String {
    match error {
        Error::InconsistentKeys(_) => "the private key is not that of the certificate".to_owned(),
        error => error.to_string(),
    }
}

/// `DnsName("x")` and `IpAddress(1.2.3.4)`, as rustls tells names, without the kind.
fn plain(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner);
    inner.trim_end_matches(')').trim_matches('"')
}

fn shown(instant: UnixTime) -> String {
    units::timestamp(SystemTime::UNIX_EPOCH + Duration::from_secs(instant.as_secs()))
}
