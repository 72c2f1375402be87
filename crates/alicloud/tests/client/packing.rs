//! Compressed bodies: what is written, and replies whose size or packing is a lie.

use std::io::{Read as _, Write as _};

use alicloud::{CallError, Compression, FaultKind, LogBatch, LogEntry, LogQuery, Logs};
use bytes::Bytes;
use flate2::read::ZlibDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::json;

use crate::support::{Answer, Script, empty, header, only, session};

const EVERY: [Compression; 4] = [Compression::Plain, Compression::Lz4, Compression::Zstd, Compression::Zlib];

/// One page of logs.
fn page() -> Vec<u8> {
    let row = json!({ "EventID": "e-1", "text": "the same words, the same words" });
    json!({ "meta": { "progress": "Complete" }, "data": [row] }).to_string().into_bytes()
}

fn zlib(raw: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// The page under each name that a reply may give its packing.
fn packed() -> Vec<(&'static str, Vec<u8>)> {
    let raw = page();
    vec![
        ("lz4", lz4_flex::block::compress(&raw)),
        ("zstd", compress_to_vec(raw.as_slice(), CompressionLevel::Fastest)),
        ("gzip", zlib(&raw)),
        ("GZIP", gzip(&raw)),
        ("deflate", zlib(&raw)),
    ]
}

fn reply(kind: &str, size: &str, body: &[u8]) -> Answer {
    let reply =
        http::Response::builder().header("x-log-compresstype", kind).header("x-log-bodyrawsize", size);
    Ok(reply.body(Bytes::copy_from_slice(body)).unwrap())
}

fn query() -> LogQuery {
    LogQuery { from: 0, to: 9, query: "*".to_owned(), line: 10, offset: 0, reverse: false }
}

async fn logs(answer: Answer) -> Result<Logs, CallError> {
    session(Script::new([answer])).get_logs("my-proj", "l", &query()).await
}

/// What is made of a reply whose packing lies.
async fn why_refused(answer: Answer) -> String {
    let error = logs(answer).await.unwrap_err();
    assert_eq!(error.fault().kind, FaultKind::Unexpected);
    error.message().to_owned()
}

#[tokio::test]
async fn a_reply_is_unpacked_however_it_is_packed() {
    let size = page().len().to_string();
    for (kind, body) in packed() {
        let read = logs(reply(kind, &size, &body)).await.unwrap();
        assert_eq!(read.rows[0]["EventID"], "e-1", "{kind}");
    }
}

#[tokio::test]
async fn each_compression_is_asked_for_by_the_name_of_the_service() {
    for (compression, name) in EVERY.into_iter().zip(["", "lz4", "zstd", "gzip"]) {
        let script = Script::new([Ok(http::Response::new(Bytes::from(page())))]);
        session(script.clone()).get_logs_packed("my-proj", "l", &query(), compression).await.unwrap();
        assert_eq!(header(&only(&script), "accept-encoding"), name);
    }
}

/// What a body was before it was packed under that name.
fn written(name: &str, body: &[u8], size: usize) -> Vec<u8> {
    let mut raw = Vec::new();
    match name {
        "" => raw.extend_from_slice(body),
        "lz4" => raw = lz4_flex::block::decompress(body, size).unwrap(),
        "zstd" => {
            let mut decoder = ruzstd::decoding::StreamingDecoder::new(body).unwrap();
            decoder.read_to_end(&mut raw).unwrap();
        }
        "deflate" => {
            ZlibDecoder::new(body).read_to_end(&mut raw).unwrap();
        }
        other => panic!("packed as {other}"),
    }
    raw
}

#[tokio::test]
async fn logs_are_the_same_however_they_are_packed() {
    let entry =
        LogEntry { time: 1, contents: vec![("k".to_owned(), "v".repeat(200))], ..LogEntry::default() };
    let batch = LogBatch { logs: vec![entry], ..LogBatch::default() };
    let mut bodies = Vec::new();
    for (compression, name) in EVERY.into_iter().zip(["", "lz4", "zstd", "deflate"]) {
        let script = Script::new([empty()]);
        session(script.clone()).put_logs_packed("my-proj", "l", &batch, compression).await.unwrap();
        let request = only(&script);
        assert_eq!(header(&request, "x-log-compresstype"), name);
        let size = header(&request, "x-log-bodyrawsize").parse().unwrap();
        bodies.push(written(name, request.body(), size));
        assert_eq!(bodies.last().unwrap().len(), size, "{name}");
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn a_claim_of_too_much_is_refused_before_anything_is_unpacked() {
    for (kind, body) in packed() {
        let why = why_refused(reply(kind, "9000000000000", &body)).await;
        assert_eq!(why, "the compressed reply is too large", "{kind}");
    }
}

#[tokio::test]
async fn a_reply_of_another_size_than_claimed_is_refused() {
    let size = page().len();
    for (kind, body) in packed() {
        for claimed in [size - 1, size + 1] {
            why_refused(reply(kind, &claimed.to_string(), &body)).await;
        }
    }
}

#[tokio::test]
async fn a_bomb_is_unpacked_no_further_than_it_claims() {
    let bomb = zlib(&vec![b' '; 64 * 1024 * 1024]);
    assert_eq!(
        why_refused(reply("gzip", "100", &bomb)).await,
        "the compressed reply has another size than it says"
    );
}

#[tokio::test]
async fn a_zstd_frame_with_a_huge_window_is_refused() {
    // A window of 1 GiB, then an empty last block.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00];
    assert_eq!(why_refused(reply("zstd", "0", &frame)).await, "the reply cannot be uncompressed");
}

#[tokio::test]
async fn a_broken_or_sizeless_body_is_refused() {
    for kind in ["lz4", "zstd", "gzip", "deflate"] {
        why_refused(reply(kind, "100", b"\xff\xff\xff\xff")).await;
        why_refused(reply(kind, "many", b"")).await;
    }
}

#[tokio::test]
async fn a_packing_nobody_knows_is_refused() {
    assert_eq!(
        why_refused(reply("br", "2", b"{}")).await,
        "the reply is compressed in a way that is not known"
    );
}
