//! Log groups on the wire: protobuf, and the compressions around bodies (cloud-api §6.4, §6.5).
//!
//! Pure: bytes in, values out. No input makes it allocate more than the caps say.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::ZlibEncoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// Largest uncompressed log group accepted, bytes (cloud-api §6.5).
pub(crate) const RAW_BYTES_MAX: usize = 3 * 1024 * 1024;

/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Largest zstd window accepted, bytes: what the highest ordinary level of the reference encoder uses.
const ZSTD_WINDOW_MAX: u64 = 16 * 1024 * 1024;

/// Several groups, as they are pulled.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct LogGroupList {
    /// The groups.
    #[prost(message, repeated, tag = "1")]
    pub(crate) groups: Vec<LogGroup>,
}

/// A group of logs.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct LogGroup {
    /// The logs.
    #[prost(message, repeated, tag = "1")]
    pub(crate) logs: Vec<Log>,
    /// Category of all of them.
    #[prost(string, optional, tag = "2")]
    pub(crate) category: Option<String>,
    /// Topic of all of them.
    #[prost(string, optional, tag = "3")]
    pub(crate) topic: Option<String>,
    /// Source of all of them.
    #[prost(string, optional, tag = "4")]
    pub(crate) source: Option<String>,
    /// Machine that all of them come from.
    #[prost(string, optional, tag = "5")]
    pub(crate) machine_uuid: Option<String>,
    /// Tags of all of them.
    #[prost(message, repeated, tag = "6")]
    pub(crate) tags: Vec<Pair>,
}

/// One log.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Log {
    /// Epoch seconds.
    #[prost(uint32, optional, tag = "1")]
    pub(crate) time: Option<u32>,
    /// The fields.
    #[prost(message, repeated, tag = "2")]
    pub(crate) contents: Vec<Pair>,
    /// Nanoseconds within the second.
    #[prost(fixed32, optional, tag = "4")]
    pub(crate) time_ns: Option<u32>,
}

/// A field or a tag.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Pair {
    /// Name.
    #[prost(string, optional, tag = "1")]
    pub(crate) key: Option<String>,
    /// Value.
    #[prost(string, optional, tag = "2")]
    pub(crate) value: Option<String>,
}

/// How a body is packed. What Log Service calls `gzip` is a zlib stream: the official Python and Java clients
/// write and read nothing else under that name. A real gzip file is read as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Lz4,
    Zstd,
    Deflate,
    Gzip,
}

impl Packing {
    /// The packing of that name; empty is none.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "" => Some(Self::Plain),
            "lz4" => Some(Self::Lz4),
            "zstd" => Some(Self::Zstd),
            "deflate" => Some(Self::Deflate),
            "gzip" => Some(Self::Gzip),
            _ => None,
        }
    }

    /// The packing an answer goes out in, by `Accept-Encoding`. The `gzip, deflate` that many HTTP libraries
    /// send by themselves asks for nothing: what those unpack is `Content-Encoding`, which is not used here.
    pub(crate) fn accepted(accept_encoding: &str) -> Self {
        let asked = accept_encoding.trim().to_ascii_lowercase();
        let mut names = asked.split(',').map(|name| name.split(';').next().unwrap_or_default().trim());
        match names.find(|name| matches!(*name, "lz4" | "zstd")) {
            Some(name) => Self::of_name(name).unwrap_or(Self::Plain),
            None if asked == "gzip" => Self::Gzip,
            None => Self::Plain,
        }
    }

    /// Name in `x-log-compresstype`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Lz4 => Some("lz4"),
            Self::Zstd => Some("zstd"),
            Self::Deflate => Some("deflate"),
            Self::Gzip => Some("gzip"),
        }
    }
}

/// Unpacks a body; `None` when it is not what it claims to be. `raw_size` is the claimed size.
pub(crate) fn unpack(packing: Packing, body: &[u8], raw_size: usize) -> Option<Vec<u8>> {
    if raw_size > RAW_BYTES_MAX {
        return None;
    }
    match packing {
        Packing::Plain => Some(body.to_vec()),
        Packing::Lz4 => lz4_flex::block::decompress(body, raw_size).ok().filter(|raw| raw.len() == raw_size),
        Packing::Zstd => unzstd(body, raw_size),
        Packing::Gzip if body.starts_with(&GZIP_MAGIC) => inflate(GzDecoder::new(body), raw_size),
        Packing::Deflate | Packing::Gzip => inflate(ZlibDecoder::new(body), raw_size),
    }
}

fn inflate(reader: impl Read, raw_size: usize) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    // One byte beyond the claim is enough to see that the claim is a lie.
    let cap = u64::try_from(raw_size).ok()?.saturating_add(1);
    reader.take(cap).read_to_end(&mut raw).ok()?;
    (raw.len() == raw_size).then_some(raw)
}

fn unzstd(body: &[u8], raw_size: usize) -> Option<Vec<u8>> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(ZSTD_WINDOW_MAX);
    inflate(StreamingDecoder::new_with_decoder(body, decoder).ok()?, raw_size)
}

/// Packs an answer.
pub(crate) fn pack(packing: Packing, raw: Vec<u8>) -> std::io::Result<Vec<u8>> {
    match packing {
        Packing::Plain => Ok(raw),
        Packing::Lz4 => Ok(lz4_flex::block::compress(&raw)),
        Packing::Zstd => Ok(compress_to_vec(raw.as_slice(), CompressionLevel::Fastest)),
        Packing::Deflate | Packing::Gzip => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&raw)?;
            encoder.finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn captured_group_is_read() {
        let bytes =
            hex::decode("0a0e0880e2cfaa0612060a016b1201761a01742201733208 0a02746b12027476".replace(' ', ""))
                .unwrap();
        let group = LogGroup::decode(bytes.as_slice()).unwrap();
        assert_eq!((group.topic.as_deref(), group.source.as_deref()), (Some("t"), Some("s")));
        assert_eq!(group.logs[0].time, Some(1_700_000_000));
        assert_eq!(group.logs[0].contents[0].value.as_deref(), Some("v"));
        assert_eq!(group.tags[0].key.as_deref(), Some("tk"));
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let raw = b"the same words, the same words, the same words".as_slice();
        for packing in [Packing::Plain, Packing::Lz4, Packing::Zstd, Packing::Deflate, Packing::Gzip] {
            let packed = pack(packing, raw.to_vec()).unwrap();
            assert_eq!(unpack(packing, &packed, raw.len()).as_deref(), Some(raw), "{packing:?}");
        }
    }

    #[test]
    fn lying_about_the_size_is_found_out() {
        let raw = vec![0_u8; 10_000];
        for packing in [Packing::Lz4, Packing::Zstd, Packing::Deflate, Packing::Gzip] {
            let packed = pack(packing, raw.clone()).unwrap();
            assert_eq!(unpack(packing, &packed, 9_999), None, "{packing:?}");
            assert_eq!(unpack(packing, &packed, 10_001), None, "{packing:?}");
            assert_eq!(unpack(packing, &packed, usize::MAX), None, "{packing:?}");
        }
    }

    #[test]
    fn gzip_files_are_read_too() {
        // `printf abc | gzip -n`.
        let body = hex::decode("1f8b08000000000000034b4c4a0600c241243503000000").unwrap();
        assert_eq!(unpack(Packing::Gzip, &body, 3).as_deref(), Some(b"abc".as_slice()));
    }

    #[test]
    fn zstd_of_the_reference_encoder_is_read() {
        // `printf abcabcabc | zstd -1` without and with its checksum.
        for hex in ["28b52ffd2009490000616263616263616263", "28b52ffd044849000061626361626361626357465217"] {
            let body = hex::decode(hex).unwrap();
            assert_eq!(unpack(Packing::Zstd, &body, 9).as_deref(), Some(b"abcabcabc".as_slice()));
        }
    }

    #[test]
    fn zstd_with_a_huge_window_is_refused() {
        // Window descriptor of 1 GiB, then an empty last block.
        let body = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00];
        assert_eq!(unpack(Packing::Zstd, &body, 0), None);
        let small = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00, 0x01, 0x00, 0x00];
        assert_eq!(unpack(Packing::Zstd, &small, 0).as_deref(), Some([].as_slice()));
    }

    #[test]
    fn first_packing_that_is_asked_for_is_used() {
        assert_eq!(Packing::accepted("zstd"), Packing::Zstd);
        assert_eq!(Packing::accepted("LZ4, zstd"), Packing::Lz4);
        assert_eq!(Packing::accepted("gzip"), Packing::Gzip);
        assert_eq!(Packing::accepted("gzip, deflate"), Packing::Plain);
        assert_eq!(Packing::accepted(""), Packing::Plain);
    }
}
