//! Reads a chunked body (RFC 9112, section 7.1), whatever pieces it comes in. It keeps nothing but its state.

use super::NetError;

/// The most bytes of a line with the length of a chunk and its extensions.
const LONGEST_LINE: u32 = 8 << 10;

/// The most bytes of all trailers together.
const MOST_TRAILER_BYTES: u32 = 64 << 10;

/// The state of a reader of a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// Within the line with the length of a chunk.
    Length(LengthLine),
    /// Inside a chunk, this many bytes before its end.
    Inside(u64),
    /// After a chunk, before its end of line; true after the carriage return.
    AfterChunk(bool),
    /// Among the trailers, with the bytes of all of them and of this line, without its end.
    Trailers {
        /// Bytes of all trailers so far.
        all: u32,
        /// Bytes of this line so far.
        line: u32,
    },
    /// After the end of the body.
    Done,
}

/// The part of a line with a chunk's length that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LengthLine {
    length: u64,
    digits: u32,
    bytes: u32,
    /// Whether the digits are over: white space or an extension follows.
    after_digits: bool,
}

impl Default for Chunks {
    fn default() -> Self {
        Self::Length(LengthLine::default())
    }
}

impl Chunks {
    /// Reads the next bytes and gives the body data to `data`. Returns how many were read: all, unless the body ends
    /// before.
    pub(super) fn read(&mut self, received: &[u8], mut data: impl FnMut(&[u8])) -> Result<usize, NetError> {
        let mut at = 0;
        while at < received.len() && *self != Self::Done {
            if let Self::Inside(left) = *self {
                let rest = &received[at..];
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                data(&rest[..here]);
                at += here;
                let left = left - here as u64;
                *self = if left == 0 { Self::AfterChunk(false) } else { Self::Inside(left) };
            } else {
                *self = self.after(received[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    /// The state after the next byte between two chunks.
    fn after(self, byte: u8) -> Result<Self, NetError> {
        match self {
            Self::Length(line) => line.after(byte),
            Self::AfterChunk(false) if byte == b'\r' => Ok(Self::AfterChunk(true)),
            Self::AfterChunk(_) if byte == b'\n' => Ok(Self::default()),
            Self::AfterChunk(_) => Err(NetError::Malformed { why: "a chunk is longer than it says" }),
            Self::Trailers { line: 0, .. } if byte == b'\n' => Ok(Self::Done),
            Self::Trailers { all, .. } if byte == b'\n' => Ok(Self::Trailers { all, line: 0 }),
            Self::Trailers { all, .. } if all >= MOST_TRAILER_BYTES => {
                Err(NetError::Malformed { why: "its trailers are too long" })
            }
            Self::Trailers { all, line } => Ok(Self::Trailers { all: all + 1, line: line + u32::from(byte != b'\r') }),
            Self::Inside(_) | Self::Done => Ok(self),
        }
    }
}

impl LengthLine {
    fn after(mut self, byte: u8) -> Result<Chunks, NetError> {
        let not_a_number = NetError::Malformed { why: "a chunk's length is not a number" };
        self.bytes += 1;
        if self.bytes > LONGEST_LINE {
            return Err(NetError::Malformed { why: "a chunk begins with an endless line" });
        }
        match byte {
            b'\n' if self.digits == 0 => return Err(not_a_number),
            b'\n' if self.length == 0 => return Ok(Chunks::Trailers { all: 0, line: 0 }),
            b'\n' => return Ok(Chunks::Inside(self.length)),
            _ if self.after_digits => {}
            b' ' | b'\t' if self.digits == 0 => {}
            b';' | b' ' | b'\t' | b'\r' if self.digits > 0 => self.after_digits = true,
            _ => {
                let digit = char::from(byte)
                    .to_digit(16)
                    .ok_or(NetError::Malformed { why: "a chunk's length is not a number" })?;
                if self.length > u64::MAX >> 4 {
                    return Err(not_a_number);
                }
                self.length = self.length << 4 | u64::from(digit);
                self.digits += 1;
            }
        }
        Ok(Chunks::Length(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_read_wherever_they_are_split() {
        let whole = b"4;name=value\r\nWiki\r\n0005\r\npedia\r\n0\r\nTrailer: x\r\n\r\nnext";
        for cut in 0..whole.len() {
            let (mut chunks, mut data) = (Chunks::default(), Vec::new());
            let first = chunks.read(&whole[..cut], |piece| data.extend_from_slice(piece)).unwrap();
            let second = chunks.read(&whole[cut..], |piece| data.extend_from_slice(piece)).unwrap();
            let rest = &whole[first + second..];
            assert_eq!((chunks, rest, &data[..]), (Chunks::Done, &b"next"[..], &b"Wikipedia"[..]), "{cut}");
        }
        for wrong in ["x\r\n", "\r\n", "+4\r\nWiki", "2\r\nWiki\r\n", "4 x4", "fffffffffffffffff\r\n"] {
            let read = Chunks::default().read(wrong.as_bytes(), |_| {});
            assert!(read.is_err() || wrong == "4 x4", "{wrong:?}");
        }
    }

    #[test]
    fn what_a_server_may_write_between_chunks_is_bounded() {
        let mut extensions = Chunks::default();
        let error = (0..10_000).find_map(|_| extensions.read(b"1;x=yyyyyyyy", |_| {}).err());
        assert!(error.unwrap().to_string().contains("an endless line"));
        let mut trailers = Chunks::default();
        trailers.read(b"0\r\n", |_| {}).unwrap();
        let error = (0..100_000).find_map(|_| trailers.read(b"x: y\r\n", |_| {}).err());
        assert!(error.unwrap().to_string().contains("its trailers are too long"));
    }
}
