//! Reads the bodies of requests, within a size limit, a deadline and a memory budget that all requests share.

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use memmap2::MmapMut;
use tokio::time::Instant;

use super::budget::{BodyBudget, Share};
use super::error::ApiError;
use crate::units;
use crate::wire::Code;

/// The longest body, in bytes, that is kept on the heap. Longer ones get memory directly from the system and return it
/// at once, because the memory that an allocator retains adds up to hundreds of megabytes after many large bodies.
const LONGEST_ON_HEAP: usize = 64 * 1024;

/// A body that was read, with its share of the budget.
#[derive(Debug, Default)]
pub(super) struct ReadBody {
    pub(super) bytes: Bytes,
    _share: Share,
}

/// The limits for one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits<'a> {
    /// The most bytes of the body.
    pub(super) bytes: usize,
    /// The time by which the whole body must have arrived.
    pub(super) deadline: Instant,
    /// The budget that this body shares with all others.
    pub(super) budget: &'a BodyBudget,
}

/// Reads a body that is declared as JSON, within its limits.
pub(super) async fn read_json<B>(headers: &HeaderMap, body: B, limits: BodyLimits<'_>) -> Result<ReadBody, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if !is_json(headers) {
        return Err(ApiError::new(Code::UnsupportedMediaType, "send the body as content-type: application/json"));
    }
    // A declared length above the limit is refused before reading, so that the client need not send the body.
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.bytes as u64) {
        return Err(too_large(limits.bytes));
    }
    let reading = read_all(body, declared.map(|length| length as usize), limits);
    match tokio::time::timeout_at(limits.deadline, reading).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::new(Code::RequestTimeout, "the body did not arrive in time")),
    }
}

async fn read_all<B>(mut body: B, declared: Option<usize>, limits: BodyLimits<'_>) -> Result<ReadBody, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut share = Share::default();
    let mut buffer = Buffer::default();
    while let Some(frame) = body.frame().await {
        // Usually the client has disconnected and never reads this answer.
        let frame = frame.map_err(|_| ApiError::new(Code::MalformedJson, "the body ended early"))?;
        let Ok(piece) = frame.into_data() else { continue };
        let length = buffer.len() + piece.len();
        if length > limits.bytes {
            return Err(too_large(limits.bytes));
        }
        if !limits.budget.grow(&mut share, length) {
            let sentence = "too many large bodies are being worked on: try again in a moment";
            return Err(ApiError::new(Code::Overloaded, sentence));
        }
        // The piece is copied because it is a slice of the connection's buffer and would keep all of that alive.
        buffer.add(&piece, declared.unwrap_or(limits.bytes)).map_err(|error| {
            tracing::warn!(%error, "there is no memory for a body");
            ApiError::new(Code::Overloaded, "there is no memory for this body: try again in a moment")
        })?;
    }
    Ok(ReadBody { bytes: buffer.into_bytes(), _share: share })
}

/// The bytes of a body that have arrived so far.
enum Buffer {
    Heap(Vec<u8>),
    /// A separate memory mapping; the system provides only the pages that are written to.
    Mapped(Mapped),
}

struct Mapped {
    memory: MmapMut,
    filled: usize,
}

impl Default for Buffer {
    fn default() -> Self {
        Self::Heap(Vec::new())
    }
}

impl Buffer {
    fn len(&self) -> usize {
        match self {
            Self::Heap(bytes) => bytes.len(),
            Self::Mapped(Mapped { filled, .. }) => *filled,
        }
    }

    /// Appends a piece of a body that has at most `most` bytes.
    fn add(&mut self, piece: &[u8], most: usize) -> std::io::Result<()> {
        if let Self::Heap(bytes) = self {
            if bytes.len() + piece.len() <= LONGEST_ON_HEAP {
                bytes.extend_from_slice(piece);
                return Ok(());
            }
            let mut mapped = Mapped { memory: MmapMut::map_anon(most)?, filled: 0 };
            mapped.add(bytes);
            *self = Self::Mapped(mapped);
        }
        if let Self::Mapped(mapped) = self {
            mapped.add(piece);
        }
        Ok(())
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Heap(bytes) => bytes.into(),
            Self::Mapped(mapped) => Bytes::from_owner(mapped),
        }
    }
}

impl Mapped {
    fn add(&mut self, piece: &[u8]) {
        self.memory[self.filled..self.filled + piece.len()].copy_from_slice(piece);
        self.filled += piece.len();
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.filled]
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(crate::wire::JSON)
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::BodyTooLarge, format!("a body has at most {}", units::bytes(limit as u64)))
}
