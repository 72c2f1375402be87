//! Writing logs and reading them back.

use std::io::{Read, Write};

use serde_json::{Value, json};

use super::client::*;

/// One log with one field, topic `t` and a tag, at a time.
pub(crate) fn group(time: i64, key: &str, value: &str) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        out.extend_from_slice(bytes);
        out
    };
    let pair = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
    let mut log = vec![0x08];
    let mut rest = u64::try_from(time).unwrap();
    while rest >= 0x80 {
        log.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    log.push(rest.to_le_bytes()[0]);
    log.extend(field(2, &pair));
    [field(1, &log), field(3, b"t"), field(4, b"s")].concat()
}

pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A project with a Logstore that has an index over everything.
pub(crate) fn ready() -> Emulator {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let index =
        json!({"line": {"token": [" "]}, "keys": {"k": {"type": "text", "token": [" "], "doc_value": true}}});
    assert_eq!(emulator.sls("my-proj", "POST", "/logstores/abc/index", &index).status, 200);
    emulator
}

fn put(emulator: &Emulator, body: Vec<u8>, headers: &[(&str, &str)]) -> Reply {
    let mut all = vec![("content-type", "application/x-protobuf")];
    all.extend_from_slice(headers);
    emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", "/logstores/abc/shards/lb", body, &all))
}

fn query(emulator: &Emulator, headers: &[(&str, &str)]) -> Reply {
    let body = json!({"from": now() - 3600, "to": now() + 60, "query": "*"}).to_string().into_bytes();
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", "/logstores/abc/logs", body, &all))
}

fn count(emulator: &Emulator) -> Value {
    emulator.logstore("my-proj", "abc")["eventCount"].clone()
}

#[test]
fn plain_group_is_stored_and_read_back() {
    let emulator = ready();
    let reply = put(&emulator, group(now(), "k", "v"), &[]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let found = query(&emulator, &[]).body_json();
    assert_eq!(found["data"][0]["k"], "v");
    assert_eq!(found["data"][0]["__topic__"], "t");
    assert_eq!(found["meta"]["progress"], "Complete");
}

#[test]
fn lz4_group_is_stored() {
    let emulator = ready();
    let raw = group(now(), "k", "v");
    let size = raw.len().to_string();
    let headers = [("x-log-compresstype", "lz4"), ("x-log-bodyrawsize", size.as_str())];
    assert_eq!(put(&emulator, lz4_flex::block::compress(&raw), &headers).status, 200);
    assert_eq!(count(&emulator), 1);
}

#[test]
fn deflated_group_is_stored() {
    let emulator = ready();
    let raw = group(now(), "k", "v");
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&raw).unwrap();
    let size = raw.len().to_string();
    let headers = [("x-log-compresstype", "deflate"), ("x-log-bodyrawsize", size.as_str())];
    assert_eq!(put(&emulator, encoder.finish().unwrap(), &headers).status, 200);
    assert_eq!(count(&emulator), 1);
}

#[test]
fn broken_groups_are_refused_and_store_nothing() {
    let emulator = ready();
    let raw = group(now(), "k", "v");
    let packed = lz4_flex::block::compress(&raw);
    let lie = [("x-log-compresstype", "lz4"), ("x-log-bodyrawsize", "999999999999")];
    assert_refused(&put(&emulator, packed.clone(), &lie), 413, "PostBodyTooLarge");
    let short = [("x-log-compresstype", "lz4"), ("x-log-bodyrawsize", "3")];
    assert_refused(&put(&emulator, packed, &short), 400, "PostBodyUncompressError");
    assert_refused(&put(&emulator, vec![0x0a, 0xff, 0xff], &[]), 400, "PostBodyInvalid");
    assert_refused(&put(&emulator, raw, &[("x-log-compresstype", "rar")]), 400, "InvalidEncoding");
    assert_eq!(count(&emulator), 0);
}

#[test]
fn group_over_three_megabytes_is_refused() {
    let emulator = ready();
    let raw = vec![0; 3 * 1024 * 1024 + 1];
    for headers in [&[][..], &[("x-log-bodyrawsize", "1")]] {
        assert_refused(&put(&emulator, raw.clone(), headers), 413, "PostBodyTooLarge");
    }
    let size = raw.len().to_string();
    let headers = [("x-log-compresstype", "lz4"), ("x-log-bodyrawsize", size.as_str())];
    assert_refused(&put(&emulator, lz4_flex::block::compress(&raw), &headers), 413, "PostBodyTooLarge");
}

#[test]
fn group_of_very_many_small_things_is_refused_by_their_number() {
    let emulator = ready();
    let logs = put(&emulator, [0x0a, 0].repeat(4097), &[]);
    assert_refused(&logs, 400, "ParameterInvalid");
    assert!(logs.message().contains("at most 4096 logs"), "{}", logs.text());
    let tags = put(&emulator, [0x32, 0].repeat(64 * 4096 + 1), &[]);
    assert_refused(&tags, 400, "ParameterInvalid");
    assert!(tags.message().contains("at most 262144 fields"), "{}", tags.text());
}

#[test]
fn log_from_another_time_is_refused() {
    let emulator = ready();
    for time in [now() - 8 * 86_400, now() + 3600] {
        assert_refused(&put(&emulator, group(time, "k", "v"), &[]), 400, "InvalidTimestamp");
    }
}

#[test]
fn dedicated_logstore_refuses_other_writers() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let target = "/logstores/innertrail_prod-ops/shards/lb";
    let wire = sls_bytes(&emulator.key, "my-audit", "POST", target, group(now(), "k", "v"), &[]);
    let reply = emulator.send(&wire);
    assert_refused(&reply, 401, "Unauthorized");
    assert!(reply.message().contains("accepts only the logs of trail prod-ops"), "{}", reply.text());
}

#[test]
fn answers_are_packed_as_the_caller_asks() {
    let emulator = ready();
    put(&emulator, group(now(), "k", "v"), &[]);
    let plain = query(&emulator, &[]);
    assert_eq!(plain.header("x-log-compresstype"), None);
    let lz4 = query(&emulator, &[("accept-encoding", "lz4")]);
    let size = lz4.header("x-log-bodyrawsize").unwrap().parse().unwrap();
    assert_eq!(lz4.header("x-log-compresstype"), Some("lz4"));
    let raw = lz4_flex::block::decompress(&lz4.body, size).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&raw).unwrap()["data"][0]["k"], "v");
    // What Log Service calls gzip is a zlib stream.
    let gzip = query(&emulator, &[("accept-encoding", "gzip")]);
    let mut text = String::new();
    flate2::read::ZlibDecoder::new(gzip.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["data"][0]["k"], "v");
    let zstd = query(&emulator, &[("accept-encoding", "zstd")]);
    assert_eq!(zstd.header("x-log-compresstype"), Some("zstd"));
    assert_eq!(zstd.body[..4], [0x28, 0xb5, 0x2f, 0xfd]);
}

#[test]
fn what_http_libraries_accept_by_themselves_packs_nothing() {
    let emulator = ready();
    assert_eq!(query(&emulator, &[("accept-encoding", "gzip, deflate")]).header("x-log-compresstype"), None);
}

#[test]
fn first_version_of_the_query_answers_an_array_with_headers() {
    let emulator = ready();
    put(&emulator, group(now(), "k", "v"), &[]);
    let target =
        format!("/logstores/abc?type=log&from={}&to={}&query=&line=10&offset=0", now() - 60, now() + 60);
    let reply = emulator.sls("my-proj", "GET", &target, &Value::Null);
    assert_eq!(reply.body_json()[0]["k"], "v");
    assert_eq!(reply.header("x-log-progress"), Some("Complete"));
    assert_eq!(reply.header("x-log-count"), Some("1"));
}

#[test]
fn histograms_count_what_was_stored() {
    let emulator = ready();
    put(&emulator, group(now(), "k", "v"), &[]);
    for base in ["/logstores/abc/index", "/logstores/abc"] {
        let target = format!("{base}?type=histogram&from={}&to={}&query=*", now() - 600, now() + 60);
        let reply = emulator.sls("my-proj", "GET", &target, &Value::Null);
        assert_eq!(reply.header("x-log-count"), Some("1"), "{}", reply.text());
    }
}

#[test]
fn bars_of_a_histogram_are_as_long_as_is_asked_for() {
    let emulator = ready();
    let ask = |interval: &str| {
        let target = format!("/logstores/abc/index?type=histogram&from=0&to=130&query=*&interval={interval}");
        emulator.sls("my-proj", "GET", &target, &Value::Null)
    };
    let bars = ask("60").body_json();
    let edges: Vec<_> = bars.as_array().unwrap().iter().map(|bar| bar["to"].as_i64().unwrap()).collect();
    assert_eq!(edges, [60, 120, 130]);
    for wrong in ["0", "-60", "soon"] {
        assert_refused(&ask(wrong), 400, "ParameterInvalid");
    }
}

#[test]
fn analysis_groups_events() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.post("/_sim/events", &json!({"count": 20}));
    let query = "* | select EventProduct, count(*) as c group by EventProduct";
    let body = json!({"from": now() - 600, "to": now() + 60, "query": query});
    let found = emulator.sls("my-audit", "POST", "/logstores/innertrail_prod-ops/logs", &body).body_json();
    let total: i64 = found["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["c"].as_str().unwrap().parse::<i64>().unwrap())
        .sum();
    assert_eq!(total, 20);
    assert_eq!(found["meta"]["hasSQL"], true);
}

#[test]
fn line_does_not_count_for_an_analysis() {
    let emulator = ready();
    put(&emulator, group(now(), "k", "v"), &[]);
    for line in [json!(-1), json!(1000), json!("many")] {
        let ask = |query: &str| {
            let body = json!({"from": now() - 60, "to": now() + 60, "query": query, "line": line});
            emulator.sls("my-proj", "POST", "/logstores/abc/logs", &body)
        };
        assert_eq!(ask("* | select count(1) as c").body_json()["data"][0]["c"], "1", "{line}");
        assert_refused(&ask("*"), 400, "InvalidLine");
    }
}

#[test]
fn query_without_index_is_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    assert_refused(&query(&emulator, &[]), 400, "IndexConfigNotExist");
}

#[test]
fn bad_queries_are_refused_by_their_codes() {
    let emulator = ready();
    let cases = [
        (json!({"from": 1, "to": 2, "query": "a and and ("}), "ParameterInvalid"),
        (json!({"from": 5, "to": 2}), "InvalidTimeRange"),
        (json!({"to": 2}), "MissingParameter"),
        (json!({"from": "x", "to": 2}), "ParameterInvalid"),
        (json!({"from": 1, "to": 2, "line": 101}), "InvalidLine"),
        (json!({"from": 1, "to": 2, "offset": -1}), "InvalidOffset"),
        (json!({"from": 1, "to": 2, "reverse": "maybe"}), "InvalidReverse"),
    ];
    for (body, code) in cases {
        let reply = emulator.sls("my-proj", "POST", "/logstores/abc/logs", &body);
        assert_refused(&reply, 400, code);
    }
}

#[test]
fn logs_past_their_retention_are_gone() {
    let emulator = ready();
    put(&emulator, group(now() - 3 * 86_400, "k", "old"), &[]);
    emulator.act(&json!({"action": "set-retention", "project": "my-proj", "logstore": "abc", "days": 1}));
    assert_eq!(count(&emulator), 0);
    let body = json!({"from": now() - 4 * 86_400, "to": now() - 2 * 86_400, "query": "*"});
    let found = emulator.sls("my-proj", "POST", "/logstores/abc/logs", &body).body_json();
    assert_eq!(found["data"], json!([]));
}

#[test]
fn incomplete_search_answers_a_part_and_says_so() {
    let emulator = ready();
    put(&emulator, group(now(), "k", "1"), &[]);
    put(&emulator, group(now(), "k", "2"), &[]);
    emulator.post("/_sim/faults", &json!({"effect": {"kind": "incomplete"}, "times": 2}));
    let found = query(&emulator, &[]).body_json();
    assert_eq!((&found["meta"]["progress"], &found["meta"]["count"]), (&json!("Incomplete"), &json!(1)));
    let target = format!("/logstores/abc?type=log&from={}&to={}&query=*", now() - 60, now() + 60);
    let first = emulator.sls("my-proj", "GET", &target, &Value::Null);
    assert_eq!(
        (first.header("x-log-progress"), first.header("x-log-count")),
        (Some("Incomplete"), Some("1"))
    );
    assert_eq!(emulator.last_entry()["fault"], "incomplete");
    assert_eq!(query(&emulator, &[]).body_json()["meta"]["progress"], "Complete");
}

#[test]
fn incomplete_histogram_has_not_seen_the_later_half() {
    let emulator = ready();
    put(&emulator, group(now(), "k", "v"), &[]);
    emulator.post("/_sim/faults", &json!({"effect": {"kind": "incomplete"}}));
    let target =
        format!("/logstores/abc/index?type=histogram&from={}&to={}&query=*", now() - 600, now() + 60);
    let reply = emulator.sls("my-proj", "GET", &target, &Value::Null);
    assert_eq!(
        (reply.header("x-log-progress"), reply.header("x-log-count")),
        (Some("Incomplete"), Some("0"))
    );
    let bars = reply.body_json();
    let progress: Vec<&Value> = bars.as_array().unwrap().iter().map(|bar| &bar["progress"]).collect();
    assert_eq!((progress[0], progress[progress.len() - 1]), (&json!("Complete"), &json!("Incomplete")));
}
