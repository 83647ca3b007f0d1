//! From when until when a certificate is valid.

use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

/// The time in which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first instant.
    pub begins: SystemTime,
    /// The last instant.
    pub ends: SystemTime,
}

impl Validity {
    /// Reads it from a certificate. webpki tells the two instants only to whoever asks at another time, and looks at them
    /// before anything else.
    pub(in crate::net) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = EndEntityCert::try_from(certificate).ok()?;
        let judged_at = |instant| {
            let usage = KeyUsage::server_auth();
            certificate.verify_for_usage(&[], &[], &[], instant, usage, None, None).err()
        };
        let long_ago = UnixTime::since_unix_epoch(Duration::ZERO);
        let far_ahead = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
        match (judged_at(long_ago)?, judged_at(far_ahead)?) {
            (Error::CertNotValidYet { not_before, .. }, Error::CertExpired { not_after, .. }) => {
                Some(Self { begins: instant(not_before), ends: instant(not_after) })
            }
            _ => None,
        }
    }
}

fn instant(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}
