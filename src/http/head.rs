//! Checks of the request head that hyper does not make.

use hyper::header::{HOST, TRANSFER_ENCODING};
use hyper::{Request, Version};

use super::error::ApiError;
use crate::wire::Code;

/// Checks the head of a request, independent of its route.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), ApiError> {
    let refuse = |sentence: &str| Err(ApiError::new(Code::InvalidParameter, sentence));
    // RFC 9112, section 3.2: with several Host headers, a proxy could route by another one than we read.
    match request.headers().get_all(HOST).iter().count() {
        1 => {}
        0 if request.version() < Version::HTTP_11 => {}
        0 => return refuse("the request has no Host header"),
        _ => return refuse("the request has more than one Host header"),
    }
    // RFC 9112, section 6.1: a body with another transfer coding would be read without being decoded.
    let codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    let names = codings.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    let mut names = names.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    let only_chunked = names.next().is_none_or(|name| name.eq_ignore_ascii_case(b"chunked")) && names.next().is_none();
    if only_chunked { Ok(()) } else { refuse("the only transfer-encoding is chunked") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(headers: &[(&str, &str)], version: Version) -> Option<String> {
        let mut request = Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap()).err().map(|error| error.sentence)
    }

    #[test]
    fn one_host_and_no_coding_but_chunked() {
        let (host, two_hosts) = ([("host", "store")], [("host", "store"), ("host", "store")]);
        assert_eq!(sentence(&host, Version::HTTP_11), None);
        assert_eq!(sentence(&[], Version::HTTP_10), None);
        assert!(sentence(&[], Version::HTTP_11).unwrap().contains("no Host"));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(sentence(&two_hosts, version).unwrap().contains("more than one Host"));
        }
        for (codings, fine) in [
            (&["chunked"][..], true),
            (&["Chunked"], true),
            (&["gzip, chunked"], false),
            (&["gzip", "chunked"], false),
            (&["chunked, chunked"], false),
            (&["identity"], false),
        ] {
            let headers: Vec<_> = codings.iter().map(|coding| ("transfer-encoding", *coding)).chain(host).collect();
            assert_eq!(sentence(&headers, Version::HTTP_11).is_none(), fine, "{codings:?}");
        }
    }
}
