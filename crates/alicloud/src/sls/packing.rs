//! The compressions of Log Service (cloud-api §6.4, §6.5): how the body of a call is packed, its size before that
//! in `x-log-bodyrawsize`.
//!
//! *Invariant:* a claimed size is checked against a cap before anything of that size is allocated, and nothing is
//! unpacked beyond it.

use std::io::{Read, Write as _};

use bytes::Bytes;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::ZlibEncoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::header;
use crate::reply::Reply;

/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Largest zstd window accepted, bytes: what the highest ordinary level of the reference encoder uses.
const ZSTD_WINDOW_MAX: u64 = 16 * 1024 * 1024;

/// How logs are packed on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// One raw lz4 block: what the older official clients use.
    #[default]
    Lz4,
    /// One zstd frame.
    Zstd,
    /// A zlib stream, which Log Service calls `deflate` when it is written and `gzip` when it is read, as the
    /// official client `alibabacloud-gateway-sls` 0.4.2 does.
    Zlib,
}

impl Compression {
    /// The name in `x-log-compresstype` of what is written.
    pub(super) const fn written_as(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Lz4 => Some("lz4"),
            Self::Zstd => Some("zstd"),
            Self::Zlib => Some("deflate"),
        }
    }

    /// The name in `accept-encoding` of what is asked for.
    pub(super) const fn asked_as(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Lz4 => Some("lz4"),
            Self::Zstd => Some("zstd"),
            Self::Zlib => Some("gzip"),
        }
    }

    /// `raw` packed. Packing into memory does not fail; if it did, nothing would be sent.
    pub(super) fn pack(self, raw: Vec<u8>) -> std::io::Result<Bytes> {
        let packed = match self {
            Self::Plain => raw,
            Self::Lz4 => lz4_flex::block::compress(&raw),
            Self::Zstd => compress_to_vec(raw.as_slice(), CompressionLevel::Fastest),
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&raw)?;
                encoder.finish()?
            }
        };
        Ok(Bytes::from(packed))
    }
}

/// The body of a reply as it was before compression, whichever was asked for: the service may choose another. It may be
/// `limit` bytes.
pub(super) fn unpacked(reply: &Reply, limit: usize) -> Result<Bytes, &'static str> {
    let kind = header(&reply.headers, "x-log-compresstype").unwrap_or_default().to_ascii_lowercase();
    let unpack = match kind.as_str() {
        "" => return Ok(reply.body.clone()),
        "lz4" => unlz4,
        "zstd" => unzstd,
        "gzip" | "deflate" => unzip,
        _ => return Err("the reply is compressed in a way that is not known"),
    };
    let size = header(&reply.headers, "x-log-bodyrawsize").and_then(|text| text.trim().parse().ok());
    let size: usize = size.ok_or("the compressed reply does not say its size")?;
    if size > limit {
        return Err("the compressed reply is too large");
    }
    let raw = unpack(&reply.body, size).ok_or("the reply cannot be uncompressed")?;
    if raw.len() == size {
        Ok(Bytes::from(raw))
    } else {
        Err("the compressed reply has another size than it says")
    }
}

fn unlz4(body: &[u8], size: usize) -> Option<Vec<u8>> {
    lz4_flex::block::decompress(body, size).ok()
}

fn unzstd(body: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(ZSTD_WINDOW_MAX);
    read(StreamingDecoder::new_with_decoder(body, decoder).ok()?, size)
}

/// The official clients read a zlib stream under both names; a gzip file is read too.
fn unzip(body: &[u8], size: usize) -> Option<Vec<u8>> {
    if body.starts_with(&GZIP_MAGIC) {
        read(GzDecoder::new(body), size)
    } else {
        read(ZlibDecoder::new(body), size)
    }
}

/// Reads one byte more than `size` at most: enough to see that the size is a lie.
fn read(reader: impl Read, size: usize) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    reader.take(u64::try_from(size).ok()?.saturating_add(1)).read_to_end(&mut raw).ok()?;
    Some(raw)
}
