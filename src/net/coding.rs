//! Content codings: bodies that are compressed on the wire (RFC 9110, section 8.4).

use std::io::{self, Read};
use std::sync::Arc;

use super::body::{BodyBudget, KeepBody, Kept};
use super::lean::Reply;

/// The value of Accept-Encoding for what can be decoded.
pub const ACCEPTED_CODINGS: &str = "gzip, br, zstd";

/// The most bytes that one body is decoded to. More is not a page or a list but an attack on whoever reads it.
const MOST_DECODED_BYTES: u64 = 64 << 20;

/// The largest window of a zstd frame, as RFC 9659 has it for content of the web. A decoder keeps at least as much in memory,
/// whatever is kept of the body in the end.
const MOST_WINDOW: u64 = 8 << 20;

/// How much is decoded at a time.
const PIECE: usize = 16 << 10;

/// A body cannot be decoded, in a sentence without a full stop.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// It has a coding that is not known, or several.
    #[error("the body has the content coding {0:?}, which is not known: gzip, br and zstd are")]
    Unknown(String),
    /// It is not what its coding says.
    #[error("the body is not valid {0}")]
    Invalid(&'static str),
    /// It is made so that it takes much memory.
    #[error("the body is zstd with a window of more than 8 MiB, which RFC 9659 forbids")]
    Window,
    /// It is far larger than what came.
    #[error("the body is larger than 64 MiB when it is decoded")]
    TooLarge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

/// Decodes bodies, and keeps the last one.
#[derive(Debug)]
pub struct Decoder {
    kept: Kept,
}

impl Decoder {
    /// What it keeps counts for the budget.
    pub fn new(budget: &Arc<BodyBudget>) -> Self {
        Self { kept: Kept::new(budget) }
    }

    /// Decodes the body of an answer, as far as it was kept, by its own head. None if it has no content coding.
    pub fn decode<'a>(&'a mut self, reply: &Reply<'a>) -> Result<Option<Reply<'a>>, Undecodable> {
        let Some(coding) = coding(reply)? else { return Ok(None) };
        let is_whole = reply.whole_body().is_some();
        self.kept.begin(if is_whole { KeepBody::Whole } else { KeepBody::Start });
        let body_bytes = match self.read(coding, reply.body) {
            Ok(decoded) => decoded,
            // The beginning of a body ends anywhere.
            Err(Undecodable::Invalid(_)) if !is_whole => reply.body_bytes,
            Err(error) => return Err(error),
        };
        let body_bytes = if is_whole { body_bytes } else { reply.body_bytes.max(body_bytes + 1) };
        Ok(Some(Reply { body: self.kept.bytes(), body_bytes, ..*reply }))
    }

    /// Discards what was kept.
    pub fn rest(&mut self) {
        self.kept.rest();
    }

    fn read(&mut self, coding: Coding, body: &[u8]) -> Result<u64, Undecodable> {
        let mut bytes = 0;
        let read = match coding {
            Coding::Gzip => self.read_all(flate2::read::MultiGzDecoder::new(body), &mut bytes),
            Coding::Brotli => self.read_all(brotli_decompressor::Decompressor::new(body, PIECE), &mut bytes),
            Coding::Zstd => self.read_frames(body, &mut bytes),
        };
        read.map_err(|error| error.unwrap_or(Undecodable::Invalid(coding.name())))?;
        Ok(bytes)
    }

    /// One frame of zstd after the other; what may be skipped is skipped (RFC 8878, section 3.1).
    fn read_frames(&mut self, mut body: &[u8], bytes: &mut u64) -> Result<(), Option<Undecodable>> {
        while !body.is_empty() {
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, size @ ..] = body {
                let (size, rest) = size.split_first_chunk().ok_or(None)?;
                body = rest.get(u32::from_le_bytes(*size) as usize..).ok_or(None)?;
                continue;
            }
            if zstd_window(body).ok_or(None)? > MOST_WINDOW {
                return Err(Some(Undecodable::Window));
            }
            let decoder = ruzstd::decoding::StreamingDecoder::new(&mut body).map_err(|_| None)?;
            self.read_all(decoder, bytes)?;
        }
        Ok(())
    }

    /// Adds the number of bytes; the error is None if they are not valid.
    fn read_all(&mut self, mut decoder: impl Read, bytes: &mut u64) -> Result<(), Option<Undecodable>> {
        let mut piece = [0; PIECE];
        loop {
            match decoder.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    *bytes += count as u64;
                    if *bytes > MOST_DECODED_BYTES {
                        return Err(Some(Undecodable::TooLarge));
                    }
                    self.kept.add(&piece[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(None),
            }
        }
    }
}

/// How much of what it has decoded a decoder of this frame must keep (RFC 8878, section 3.1.1.1); None if it is no frame.
fn zstd_window(frame: &[u8]) -> Option<u64> {
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, rest @ ..] = frame else { return None };
    if descriptor & 0x20 == 0 {
        let window = *rest.first()?;
        let least = 1 << (10 + u64::from(window >> 3));
        return Some(least + least / 8 * u64::from(window & 7));
    }
    // All of the content is the window; its size stands behind the number of the dictionary.
    let behind = rest.get([0, 1, 2, 4][usize::from(descriptor & 3)]..)?;
    Some(match descriptor >> 6 {
        0 => u64::from(*behind.first()?),
        1 => u64::from(u16::from_le_bytes(*behind.first_chunk()?)) + 256,
        2 => u64::from(u32::from_le_bytes(*behind.first_chunk()?)),
        _ => u64::from_le_bytes(*behind.first_chunk()?),
    })
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// The coding that the head of an answer names; None if there is none, or no body.
fn coding(reply: &Reply<'_>) -> Result<Option<Coding>, Undecodable> {
    if reply.body.is_empty() {
        return Ok(None);
    }
    let mut named = Vec::new();
    for value in reply.header("content-encoding") {
        let value = String::from_utf8_lossy(&value).to_ascii_lowercase();
        named.extend(value.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
    }
    named.retain(|name| name != "identity");
    match named.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(None),
        ["gzip" | "x-gzip"] => Ok(Some(Coding::Gzip)),
        ["br"] => Ok(Some(Coding::Brotli)),
        ["zstd"] => Ok(Some(Coding::Zstd)),
        _ => Err(Undecodable::Unknown(named.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn decoded(head: &str, body: &[u8]) -> Result<Option<(Vec<u8>, u64)>, Undecodable> {
        let mut decoder = Decoder::new(&Arc::default());
        let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n");
        let reply = Reply::of(200, head.as_bytes(), body);
        Ok(decoder.decode(&reply)?.map(|reply| (reply.body.to_vec(), reply.body_bytes)))
    }

    /// `hello hello hello`, made by the tools brotli and zstd.
    const BROTLI: &[u8] = &[
        0x1f, 0x10, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0x44, 0x55, 0x86, 0x96, 0x6c, 0x20, 0x6f, 0x01, 0x4f, 0x1c,
        0x60, 0x1c,
    ];
    const ZSTD: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x65, 0x00, 0x00, 0x30, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x01, 0x00,
        0x31, 0x4a, 0x11, 0xa2, 0xed, 0x1e, 0x0c,
    ];
    const TEXT: &[u8] = b"hello hello hello";

    #[test]
    fn bodies_are_decoded_as_their_head_says() {
        for head in ["content-encoding: gzip", "Content-Encoding: X-GZIP", "content-encoding: identity, gzip"] {
            assert_eq!(decoded(head, &gzip(TEXT)), Ok(Some((TEXT.to_vec(), 17))), "{head}");
        }
        assert_eq!(decoded("content-encoding: br", BROTLI), Ok(Some((TEXT.to_vec(), 17))));
        assert_eq!(decoded("content-encoding: zstd", ZSTD), Ok(Some((TEXT.to_vec(), 17))));
        let two = [gzip(b"hello "), gzip(b"hello hello")].concat();
        assert_eq!(decoded("content-encoding: gzip", &two), Ok(Some((TEXT.to_vec(), 17))), "two members");
        let skipped = b"\x50\x2a\x4d\x18\x02\0\0\0ab";
        let frames = [skipped, ZSTD, ZSTD, skipped].concat();
        assert_eq!(decoded("content-encoding: zstd", &frames), Ok(Some((TEXT.repeat(2), 34))), "two frames");
        let behind = [ZSTD, b"more"].concat();
        assert_eq!(decoded("content-encoding: zstd", &behind), Err(Undecodable::Invalid("zstd")), "more behind it");
        assert_eq!(decoded("content-encoding: identity", TEXT), Ok(None));
        assert_eq!(decoded("x: gzip", TEXT), Ok(None));
        assert_eq!(decoded("content-encoding: gzip", b""), Ok(None), "a body that was not kept");
        let unknown = Undecodable::Unknown("gzip, br".to_owned());
        assert_eq!(decoded("content-encoding: gzip, br", &gzip(TEXT)), Err(unknown));
        for coding in ["gzip", "br", "zstd"] {
            let error = decoded(&format!("content-encoding: {coding}"), b"\xffnothing of the kind").unwrap_err();
            assert_eq!(error, Undecodable::Invalid(coding));
        }
        let cut = &gzip(TEXT)[..20];
        assert_eq!(decoded("content-encoding: gzip", cut), Err(Undecodable::Invalid("gzip")), "cut short");
    }

    #[test]
    fn what_is_decoded_is_bounded() {
        let bomb = gzip(&vec![0; 65 << 20]);
        assert_eq!(decoded("content-encoding: gzip", &bomb), Err(Undecodable::TooLarge));
        // Frames of 600 blocks, each of which is one byte 131,072 times.
        let frame =
            |window: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, window][..], &[0x02, 0x00, 0x10, 7].repeat(600)].concat();
        assert_eq!(decoded("content-encoding: zstd", &frame(0x68)), Err(Undecodable::TooLarge), "a window of 8 MiB");
        assert_eq!(decoded("content-encoding: zstd", &frame(0x69)), Err(Undecodable::Window));
        assert_eq!(decoded("content-encoding: zstd", &frame(0xff)), Err(Undecodable::Window));
        let single =
            [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &(1_u64 << 40).to_le_bytes(), &[0x02, 0x00, 0x10, 7]].concat();
        assert_eq!(decoded("content-encoding: zstd", &single), Err(Undecodable::Window));
        let large = gzip(&vec![b'x'; 9 << 20]);
        assert_eq!(decoded("content-encoding: gzip", &large), Ok(Some((Vec::new(), 9 << 20))), "counted, not kept");
    }

    #[test]
    fn the_beginning_of_a_body_is_decoded_as_far_as_it_goes() {
        let body = gzip(&(0..20_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
        let reply = Reply {
            body: &body[..4_096],
            body_bytes: body.len() as u64,
            ..Reply::of(500, b"x\r\ncontent-encoding: gzip\r\n\r\n", b"")
        };
        let mut decoder = Decoder::new(&Arc::default());
        let found = decoder.decode(&reply).unwrap().unwrap();
        assert!(found.body.starts_with(&[0, 0, 0, 0, 1, 0, 0, 0]) && found.whole_body().is_none());
    }
}
