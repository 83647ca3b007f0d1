//! What may stand where in a request: a value that would end a header or a path early is never sent.

use hyper::header::HeaderValue;

/// Checks a text that will stand in a path.
pub(super) fn path_text(text: &str) -> Result<(), &'static str> {
    let fine = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if fine {
        Ok(())
    } else {
        Err("has a character that is not allowed in a path: write %20 for a space, or add | url to a value")
    }
}

/// Checks a text that will stand in a header.
pub(super) fn header_text(text: &str) -> Result<(), &'static str> {
    let fine = HeaderValue::from_str(text).is_ok();
    if fine { Ok(()) } else { Err("has a character that is not allowed in a header: add | url, or use another value") }
}
