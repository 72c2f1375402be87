//! Logs written as JSON, and as lists of packed groups, over HTTP.

use serde_json::{Value, json};

use super::client::*;
use super::logs::{group, now, ready};

fn post(emulator: &Emulator, body: Vec<u8>, headers: &[(&str, &str)]) -> Reply {
    let target = "/logstores/abc/shards/lb";
    emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", target, body, headers))
}

fn rows(emulator: &Emulator) -> Vec<Value> {
    let body = json!({"from": now() - 3600, "to": now() + 60, "query": "*"});
    let found = emulator.sls("my-proj", "POST", "/logstores/abc/logs", &body).body_json();
    found["data"].as_array().unwrap().clone()
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// A group of logs as JSON.
fn written(logs: Value) -> Vec<u8> {
    let mut group = json!({"__topic__": "t", "__source__": "s", "__tags__": {"env": "test"}});
    group["__logs__"] = logs;
    group.to_string().into_bytes()
}

#[test]
fn group_as_json_is_stored_as_any_other() {
    let emulator = ready();
    let body =
        written(json!([{"__time__": now(), "__time_ns_part__": 7, "k": "v"}, {"__time__": now(), "k": "w"}]));
    let size = body.len().to_string();
    assert_eq!(post(&emulator, body.clone(), &[JSON]).status, 200);
    let packed = [JSON, ("x-log-compresstype", "lz4"), ("x-log-bodyrawsize", size.as_str())];
    assert_eq!(post(&emulator, lz4_flex::block::compress(&body), &packed).status, 200);
    let rows = rows(&emulator);
    assert_eq!(rows.len(), 4);
    let first = rows.iter().find(|row| row["k"] == "v").unwrap();
    assert_eq!(
        (&first["__topic__"], &first["__source__"], &first["__tag__:env"]),
        (&json!("t"), &json!("s"), &json!("test"))
    );
}

#[test]
fn protobuf_that_is_called_json_is_read_as_what_it_is() {
    let emulator = ready();
    assert_eq!(post(&emulator, group(now(), "k", "v"), &[JSON]).status, 200);
    assert_eq!(rows(&emulator).len(), 1);
}

#[test]
fn json_that_is_no_group_is_refused_and_stores_nothing() {
    let emulator = ready();
    let good = json!({"__time__": now(), "k": "v"});
    let many = vec![good.clone(); 4097];
    for (logs, code) in [
        (json!([good, {"__time__": now(), "k": 1}]), "PostBodyInvalid"),
        (json!({}), "PostBodyInvalid"),
        (json!([good, {"k": "v"}]), "InvalidTimestamp"),
        (json!(many), "ParameterInvalid"),
    ] {
        assert_refused(&post(&emulator, written(logs), &[JSON]), 400, code);
    }
    assert_eq!(rows(&emulator), [Value::Null; 0]);
}

/// One package of a list: data, size, and a kind of compression.
fn package(data: &[u8], size: usize, kind: u8) -> Vec<u8> {
    let mut body = vec![0x0a];
    put_number(&mut body, data.len());
    body.extend(data);
    body.push(0x10);
    put_number(&mut body, size);
    body.extend([0x18, kind]);
    let mut package = vec![0x0a];
    put_number(&mut package, body.len());
    [package, body].concat()
}

fn put_number(out: &mut Vec<u8>, mut rest: usize) {
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

const LIST: [(&str, &str); 2] = [("x-log-mode", "batch_group"), ("x-log-compresstype", "lz4")];

#[test]
fn groups_of_a_list_are_unpacked_each_by_itself() {
    let emulator = ready();
    let raw = |value: &str| group(now(), "k", value);
    let (plain, lz4, zstd) = (raw("plain"), raw("lz4"), raw("zstd"));
    let packed =
        ruzstd::encoding::compress_to_vec(zstd.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    let body = [
        package(&plain, plain.len(), 0),
        package(&lz4_flex::block::compress(&lz4), lz4.len(), 2),
        package(&packed, zstd.len(), 3),
    ];
    let reply = post(&emulator, body.concat(), &LIST);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut values: Vec<String> =
        rows(&emulator).iter().map(|row| row["k"].as_str().unwrap().to_owned()).collect();
    values.sort();
    assert_eq!(values, ["lz4", "plain", "zstd"]);
}

#[test]
fn list_with_a_wrong_package_stores_nothing() {
    let emulator = ready();
    let raw = group(now(), "k", "v");
    let good = package(&raw, raw.len(), 0);
    let zeroes = vec![0; 2 * 1024 * 1024];
    let large = package(&lz4_flex::block::compress(&zeroes), zeroes.len(), 2);
    for (wrong, status, code) in [
        (package(&raw, raw.len() + 1, 2), 400, "PostBodyUncompressError"),
        (package(b"\x0a\xff", 2, 0), 400, "PostBodyInvalid"),
        (package(&raw, raw.len(), 9), 400, "PostBodyInvalid"),
        (package(&raw, 4 * 1024 * 1024, 2), 413, "PostBodyTooLarge"),
        (good.repeat(64), 400, "ParameterInvalid"),
        (vec![0; 3 * 1024 * 1024], 413, "PostBodyTooLarge"),
    ] {
        assert_refused(&post(&emulator, [good.clone(), wrong].concat(), &LIST), status, code);
    }
    let twice = post(&emulator, large.repeat(2), &LIST);
    assert_eq!(twice.status / 100, 4, "{}", twice.text());
    assert_eq!(rows(&emulator), [Value::Null; 0]);
}
