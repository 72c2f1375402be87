//! Shards, cursors and pulled logs, over HTTP.

use serde_json::{Value, json};

use super::client::*;
use super::logs::{group, now};

pub(crate) const STORE: &str = "abc";

/// A Logstore of two shards with so many logs.
pub(crate) fn filled(logs: usize) -> Emulator {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", STORE);
    for _ in 0..logs {
        let target = format!("/logstores/{STORE}/shards/lb");
        let wire = sls_bytes(&emulator.key, "my-proj", "POST", &target, group(now(), "k", "v"), &[]);
        let reply = emulator.send(&wire);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    emulator
}

pub(crate) fn ask(emulator: &Emulator, method: &str, below: &str, body: &Value) -> Reply {
    emulator.sls("my-proj", method, &format!("/logstores/{STORE}/{below}"), body)
}

pub(crate) fn get(emulator: &Emulator, below: &str) -> Reply {
    ask(emulator, "GET", below, &Value::Null)
}

fn cursor(emulator: &Emulator, shard: usize, from: &str) -> String {
    let reply = get(emulator, &format!("shards/{shard}?type=cursor&from={from}"));
    reply.body_json()["cursor"].as_str().unwrap().replace('=', "%3D")
}

/// A pull as JSON.
fn pull(emulator: &Emulator, shard: usize, cursor: &str, more: &str) -> Reply {
    let target = format!("/logstores/{STORE}/shards/{shard}?type=log&cursor={cursor}{more}");
    let json = [("accept", "application/json")];
    emulator.send(&sls_bytes(&emulator.key, "my-proj", "GET", &target, Vec::new(), &json))
}

#[test]
fn every_log_is_in_one_shard() {
    let emulator = filled(5);
    let mut seen = 0;
    for shard in 0..2 {
        let reply = pull(&emulator, shard, &cursor(&emulator, shard, "begin"), "&count=1000");
        for group in reply.body_json()["logGroupList"].as_array().unwrap() {
            assert_eq!((&group["Topic"], &group["Source"]), (&json!("t"), &json!("s")));
            assert_eq!(group["LogItems"][0]["Contents"][0], json!({"Key": "k", "Value": "v"}));
            seen += group["LogItems"].as_array().unwrap().len();
        }
        assert_eq!(
            reply.header("x-log-cursor").unwrap().replace('=', "%3D"),
            cursor(&emulator, shard, "end")
        );
    }
    assert_eq!(seen, 5);
}

#[test]
fn pull_without_a_wish_for_json_is_protobuf() {
    let emulator = filled(1);
    let bodies: Vec<Reply> = (0..2)
        .map(|shard| {
            let cursor = cursor(&emulator, shard, "begin");
            get(&emulator, &format!("shards/{shard}?type=log&cursor={cursor}&count=10"))
        })
        .collect();
    let full = bodies.iter().find(|reply| reply.header("x-log-count") == Some("1")).unwrap();
    assert_eq!(full.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(full.header("x-log-bodyrawsize").unwrap(), full.body.len().to_string());
    assert_eq!(full.body[0], 0x0a);
    let empty = bodies.iter().find(|reply| reply.header("x-log-count") == Some("0")).unwrap();
    assert!(empty.body.is_empty());
}

#[test]
fn pull_gives_back_what_was_written() {
    let emulator = filled(0);
    // A log with fields z, a and a again, and TimeNs 7; category c, topic t, source s, machine m, tag tk=tv.
    let mut log = group(now(), "z", "1")[2..].to_vec();
    log.truncate(log.len() - 6);
    log.extend(b"\x12\x06\x0a\x01a\x12\x012\x12\x06\x0a\x01a\x12\x013\x25\x07\x00\x00\x00");
    let mut sent = vec![0x0a, u8::try_from(log.len()).unwrap()];
    sent.extend(log);
    sent.extend(b"\x12\x01c\x1a\x01t\x22\x01s\x2a\x01m\x32\x08\x0a\x02tk\x12\x02tv");
    let target = format!("/logstores/{STORE}/shards/lb");
    let reply = emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", &target, sent.clone(), &[]));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let pulled = |shard| {
        let target = format!("shards/{shard}?type=log&cursor={}", cursor(&emulator, shard, "begin"));
        get(&emulator, &target).body
    };
    let body = [pulled(0), pulled(1)].concat();
    assert_eq!(body[2..], sent, "{body:x?}");
    let shown = |shard| pull(&emulator, shard, &cursor(&emulator, shard, "begin"), "").body_json();
    let groups = [shown(0), shown(1)].map(|body| body["logGroupList"].as_array().unwrap().clone()).concat();
    assert_eq!(groups[0]["LogItems"][0]["TimeNs"], 7);
}

#[test]
fn pull_tells_where_the_last_log_of_it_is() {
    let emulator = filled(4);
    for shard in 0..2 {
        let all = pull(&emulator, shard, &cursor(&emulator, shard, "begin"), "");
        let last = all.header("x-log-read-last-cursor").unwrap().replace('=', "%3D");
        let reply = pull(&emulator, shard, &last, "");
        assert_eq!(reply.body_json()["logGroupList"][0]["LogItems"].as_array().unwrap().len(), 1);
        assert_eq!(reply.header("x-log-cursor"), all.header("x-log-cursor"));
        let end = pull(&emulator, shard, &cursor(&emulator, shard, "end"), "");
        assert_eq!(end.header("x-log-read-last-cursor"), None);
    }
}

#[test]
fn pull_at_the_end_stays_there() {
    let emulator = filled(1);
    let end = cursor(&emulator, 0, "end");
    let reply = pull(&emulator, 0, &end, "&count=1");
    assert_eq!(reply.body_json()["logGroupList"], json!([]));
    assert_eq!(reply.header("x-log-cursor").unwrap().replace('=', "%3D"), end);
}

/// A Logstore with one log that has expired, and the cursors of its shards from before that: begin and end.
fn expired() -> (Emulator, Vec<(String, String)>) {
    let emulator = filled(0);
    let target = format!("/logstores/{STORE}/shards/lb");
    let old = group(now() - 3 * 86_400, "k", "old");
    let reply = emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", &target, old, &[]));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let cursors =
        (0..2).map(|shard| (cursor(&emulator, shard, "begin"), cursor(&emulator, shard, "end"))).collect();
    emulator.act(&json!({"action": "set-retention", "project": "my-proj", "logstore": STORE, "days": 1}));
    (emulator, cursors)
}

#[test]
fn cursor_of_an_expired_log_goes_on_at_the_first_that_is_kept() {
    let (emulator, cursors) = expired();
    for (shard, (begin, end)) in cursors.iter().enumerate() {
        let reply = pull(&emulator, shard, begin, "");
        assert_eq!(reply.body_json()["logGroupList"], json!([]), "{}", reply.text());
        assert_eq!(reply.header("x-log-cursor").unwrap().replace('=', "%3D"), *end);
    }
}

#[test]
fn end_stays_where_it_is_when_everything_has_expired() {
    let (emulator, cursors) = expired();
    for (shard, (_, end)) in cursors.iter().enumerate() {
        assert_eq!(
            (cursor(&emulator, shard, "begin"), cursor(&emulator, shard, "end")),
            (end.clone(), end.clone())
        );
    }
}

#[test]
fn log_that_comes_after_all_have_expired_is_behind_the_old_end() {
    let (emulator, cursors) = expired();
    let target = format!("/logstores/{STORE}/shards/lb");
    emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", &target, group(now(), "k", "new"), &[]));
    let counts = (0..2)
        .map(|shard| pull(&emulator, shard, &cursors[shard].1, "").header("x-log-count").unwrap() == "1");
    assert_eq!(counts.filter(|found| *found).count(), 1);
}

#[test]
fn places_that_are_not_there_are_refused() {
    let emulator = filled(1);
    assert_refused(&get(&emulator, "shards/2?type=cursor&from=begin"), 400, "ShardNotExist");
    assert_refused(&get(&emulator, "shards/-1?type=cursor&from=begin"), 400, "ShardNotExist");
    assert_refused(&get(&emulator, "shards/0?type=cursor&from=noon"), 400, "ParameterInvalid");
    assert_refused(&pull(&emulator, 0, "OTk5OTk%3D", ""), 400, "InvalidCursor");
    assert_refused(
        &pull(&emulator, 0, &cursor(&emulator, 0, "begin"), "&count=1001"),
        400,
        "ParameterInvalid",
    );
    assert_refused(&pull(&emulator, 0, &cursor(&emulator, 0, "begin"), "&query=x"), 400, "ParameterInvalid");
}

/// Number and status of every shard.
fn shards(emulator: &Emulator) -> Vec<(u64, String)> {
    let list = get(emulator, "shards").body_json();
    let status =
        |shard: &Value| (shard["shardID"].as_u64().unwrap(), shard["status"].as_str().unwrap().to_owned());
    list.as_array().unwrap().iter().map(status).collect()
}

fn write(emulator: &Emulator, value: &str) {
    let target = format!("/logstores/{STORE}/shards/lb");
    let body = group(now(), "k", value);
    let reply = emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", &target, body, &[]));
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// The values in a shard, from its begin.
fn values(emulator: &Emulator, shard: usize) -> Vec<String> {
    let body = pull(emulator, shard, &cursor(emulator, shard, "begin"), "").body_json();
    let groups = body["logGroupList"].as_array().unwrap().iter();
    let logs = groups.flat_map(|group| group["LogItems"].as_array().unwrap().clone());
    logs.map(|log| log["Contents"][0]["Value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn split_closes_a_shard_and_opens_two_that_share_its_keys() {
    let emulator = filled(0);
    let made =
        ask(&emulator, "POST", "shards/0?action=split&key=20000000000000000000000000000000", &Value::Null);
    let made = made.body_json();
    assert_eq!(
        (&made[0]["status"], &made[1]["shardID"], &made[2]["shardID"]),
        (&json!("readonly"), &json!(2), &json!(3))
    );
    assert_eq!(made[1]["exclusiveEndKey"], "20000000000000000000000000000000");
    assert_eq!(
        (&made[2]["inclusiveBeginKey"], &made[2]["exclusiveEndKey"]),
        (&made[1]["exclusiveEndKey"], &made[0]["exclusiveEndKey"])
    );
    let status: Vec<String> = shards(&emulator).into_iter().map(|(_, status)| status).collect();
    assert_eq!(status, ["readonly", "readwrite", "readwrite", "readwrite"]);
}

#[test]
fn logs_stay_in_the_shard_they_were_put_in_when_it_is_split() {
    let emulator = filled(0);
    for number in 0..4 {
        write(&emulator, &format!("old-{number}"));
    }
    let before = [values(&emulator, 0), values(&emulator, 1)];
    assert_eq!(ask(&emulator, "POST", "shards/0?action=split", &Value::Null).status, 200);
    for number in 0..6 {
        write(&emulator, &format!("new-{number}"));
    }
    assert_eq!(values(&emulator, 0), before[0]);
    let mut new =
        [values(&emulator, 1)[before[1].len()..].to_vec(), values(&emulator, 2), values(&emulator, 3)];
    assert!(
        new.iter().all(|part| part.len() == 2 && part.iter().all(|value| value.starts_with("new"))),
        "{new:?}"
    );
    new.sort();
    assert_eq!(new.concat().len(), 6);
}

#[test]
fn end_of_a_closed_shard_does_not_move() {
    let emulator = filled(2);
    ask(&emulator, "POST", "shards/0?action=split", &Value::Null);
    let end = cursor(&emulator, 0, "end");
    write(&emulator, "later");
    assert_eq!(cursor(&emulator, 0, "end"), end);
    let reply = pull(&emulator, 0, &cursor(&emulator, 0, "begin"), "");
    assert_eq!(reply.header("x-log-cursor").unwrap().replace('=', "%3D"), end);
}

#[test]
fn merge_closes_neighbours_and_opens_one_for_both() {
    let emulator = filled(0);
    let made = ask(&emulator, "POST", "shards/0?action=merge", &Value::Null).body_json();
    assert_eq!((&made[1]["shardID"], &made[1]["status"]), (&json!(1), &json!("readonly")));
    assert_eq!(
        (&made[2]["inclusiveBeginKey"], &made[2]["exclusiveEndKey"]),
        (&json!("0".repeat(32)), &json!("f".repeat(32)))
    );
    write(&emulator, "later");
    assert_eq!(values(&emulator, 2), ["later"]);
}

#[test]
fn splits_and_merges_that_make_no_sense_are_refused() {
    let emulator = filled(0);
    let wrong = |below: &str| ask(&emulator, "POST", below, &Value::Null);
    for key in ["0", "ffffffffffffffffffffffffffffffff", "x"] {
        assert_refused(&wrong(&format!("shards/0?action=split&key={key}")), 400, "ParameterInvalid");
    }
    assert_refused(&wrong("shards/0?action=split&shardCount=3"), 400, "ParameterInvalid");
    assert_refused(&wrong("shards/9?action=split"), 400, "ShardNotExist");
    assert_refused(&wrong("shards/1?action=merge"), 400, "ParameterInvalid");
    assert_refused(&wrong("shards/0?action=shake"), 405, "InvalidMethod");
    wrong("shards/0?action=split");
    assert_refused(&wrong("shards/0?action=split"), 400, "ParameterInvalid");
}
