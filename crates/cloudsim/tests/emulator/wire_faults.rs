//! Faults of time and of the wire, over real sockets.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::*;

fn set(emulator: &Emulator, fault: &Value) {
    emulator.post("/_sim/faults", &json!([fault]));
}

/// Strikes the next call of an operation.
fn strike(emulator: &Emulator, action: &str, effect: &Value) {
    set(emulator, &json!({"match": {"action": action}, "effect": effect}));
}

fn create_project(emulator: &Emulator) -> Wire {
    sls(&emulator.key, "my-proj", "POST", "/", &json!({"projectName": "my-proj"}))
}

fn get_role(emulator: &Emulator) -> Wire {
    rpc(&emulator.key, RAM, "GetRole", &[("RoleName", ROLE)])
}

fn project_count(emulator: &Emulator) -> usize {
    emulator.account()["projects"].as_array().unwrap().len()
}

/// Everything that comes before the end, and how it ended.
fn raw(emulator: &Emulator, wire: &Wire) -> (Vec<u8>, std::io::Result<usize>) {
    let mut stream = wire.start(emulator.address(), Form::Absolute);
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    (bytes, ended)
}

fn last_fault(emulator: &Emulator) -> Value {
    emulator.last_entry()["fault"].clone()
}

#[test]
fn delay_before_the_effect_comes_before_it() {
    let emulator = Emulator::start();
    strike(&emulator, "CreateProject", &json!({"kind": "delay-before", "milliseconds": 400}));
    let started = Instant::now();
    let mut stream = create_project(&emulator).start(emulator.address(), Form::Absolute);
    assert_eq!(project_count(&emulator), 0);
    assert_eq!(finish(&mut stream).unwrap().status, 200);
    assert!(started.elapsed() >= Duration::from_millis(400));
    assert_eq!((project_count(&emulator), last_fault(&emulator)), (1, json!("delay-before")));
}

#[test]
fn delay_after_the_effect_keeps_back_the_reply_alone() {
    let emulator = Emulator::start();
    strike(&emulator, "CreateProject", &json!({"kind": "delay-after", "milliseconds": 60_000}));
    let mut stream = create_project(&emulator).start(emulator.address(), Form::Absolute);
    let deadline = Instant::now() + Duration::from_secs(20);
    while project_count(&emulator) == 0 {
        assert!(Instant::now() < deadline, "no effect");
    }
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let early = stream.read(&mut [0; 1]).unwrap_err().kind();
    assert!(matches!(early, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{early}");
    // What is delayed can be let go, so that nobody has to wait for it.
    emulator.post("/_sim/faults/release", &json!({}));
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(finish(&mut stream).unwrap().status, 200);
}

#[test]
fn truncated_reply_promises_more_than_it_brings() {
    let emulator = Emulator::start();
    strike(&emulator, "GetRole", &json!({"kind": "truncated"}));
    let reply = get_role(&emulator).send(emulator.address(), Form::Absolute).unwrap();
    let promised: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert_eq!((reply.status, reply.body.len()), (200, promised / 2));
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());
}

#[test]
fn truncation_leaves_as_many_bytes_as_asked_for() {
    let emulator = Emulator::start();
    strike(&emulator, "GetRole", &json!({"kind": "truncated", "bytes": 3}));
    assert_eq!(get_role(&emulator).send(emulator.address(), Form::Absolute).unwrap().body.len(), 3);
}

#[test]
fn truncated_reply_without_a_body_misses_a_byte() {
    let emulator = Emulator::start();
    strike(&emulator, "CreateProject", &json!({"kind": "truncated"}));
    let reply = create_project(&emulator).send(emulator.address(), Form::Absolute).unwrap();
    assert_eq!((reply.header("content-length"), reply.body.len()), (Some("1"), 0));
    assert_eq!(project_count(&emulator), 1);
}

#[test]
fn oversized_reply_is_as_large_as_asked_for() {
    let emulator = Emulator::start();
    strike(&emulator, "GetRole", &json!({"kind": "oversized", "bytes": 3_000_000}));
    let reply = get_role(&emulator).send(emulator.address(), Form::Absolute).unwrap();
    assert_eq!((reply.header("content-length"), reply.header("transfer-encoding")), (None, Some("chunked")));
    // Chunk sizes and ends come on top of the body.
    assert!((3_000_000..3_010_000).contains(&reply.body.len()), "{}", reply.body.len());
    assert!(reply.text().contains(ROLE));
}

#[test]
fn field_of_another_type_leaves_the_rest_as_it_is() {
    let emulator = Emulator::start();
    for (pointer, expected) in
        [("/Role/RoleName", json!([ROLE])), ("/Role/MaxSessionDuration", json!("3600"))]
    {
        strike(&emulator, "GetRole", &json!({"kind": "wrong-type", "field": pointer}));
        let reply = emulator.send(&get_role(&emulator));
        let body = reply.body_json();
        assert_eq!(body.pointer(pointer), Some(&expected));
        assert!(body["RequestId"].is_string() && reply.header("content-type").unwrap().contains("json"));
    }
}

#[test]
fn body_of_another_type_is_a_page() {
    let emulator = Emulator::start();
    strike(&emulator, "GetRole", &json!({"kind": "wrong-type"}));
    let reply = emulator.send(&get_role(&emulator));
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html")));
    assert!(reply.text().starts_with("<html>"));
}

#[test]
fn content_type_alone_can_be_wrong() {
    let emulator = Emulator::start();
    let effect = json!({"kind": "wrong-type", "field": "/none", "contentType": "application/xml"});
    strike(&emulator, "GetRole", &effect);
    let reply = emulator.send(&get_role(&emulator));
    assert_eq!(reply.header("content-type"), Some("application/xml"));
    assert_eq!(reply.body_json()["Role"]["RoleName"], ROLE);
}

#[test]
fn reset_connection_has_no_effect_and_no_byte() {
    let emulator = Emulator::start();
    strike(&emulator, "CreateProject", &json!({"kind": "connection-reset"}));
    let (bytes, ended) = raw(&emulator, &create_project(&emulator));
    assert_eq!((bytes.len(), ended.unwrap_err().kind()), (0, ErrorKind::ConnectionReset));
    assert_eq!(project_count(&emulator), 0);
    let entry = emulator.last_entry();
    assert_eq!((&entry["changed"], &entry["fault"]), (&json!(false), &json!("connection-reset")));
}

#[test]
fn lost_reply_is_no_reset() {
    let emulator = Emulator::start();
    strike(&emulator, "CreateProject", &json!({"kind": "lost-reply"}));
    let (bytes, ended) = raw(&emulator, &create_project(&emulator));
    assert_eq!((bytes.len(), ended.ok()), (0, Some(0)));
}

#[test]
fn slow_reply_arrives_byte_by_byte_and_complete() {
    let emulator = Emulator::start();
    strike(&emulator, "CreateProject", &json!({"kind": "slow-bytes", "milliseconds": 2}));
    let started = Instant::now();
    let mut stream = create_project(&emulator).start(emulator.address(), Form::Absolute);
    let mut first = [0; 64];
    assert_eq!(stream.read(&mut first).unwrap(), 1);
    let rest = raw_rest(&mut stream);
    assert_eq!(first[0], b'H');
    assert!(rest.starts_with(b"TTP/1.1 200 OK\r\n") && rest.ends_with(b"\r\n\r\n"));
    assert!(started.elapsed() >= Duration::from_millis(2 * rest.len() as u64));
}

fn raw_rest(stream: &mut std::net::TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn reads_are_stale_from_the_struck_write_until_the_clock_says_so() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    strike(&emulator, "CreateLogStore", &json!({"kind": "stale-reads", "seconds": 600}));
    emulator.make_logstore("my-proj", "abc");
    let read = || emulator.sls("my-proj", "GET", "/logstores/abc", &Value::Null);
    assert_refused(&read(), 404, "LogStoreNotExist");
    assert_eq!(last_fault(&emulator), "stale-reads");
    // Writes are judged by the state as it is.
    let again = emulator.sls(
        "my-proj",
        "POST",
        "/logstores",
        &json!({"logstoreName": "abc", "ttl": 30, "shardCount": 2}),
    );
    assert_refused(&again, 400, "LogStoreAlreadyExist");
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 601}));
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(601);
    let wire = unsigned_sls("my-proj", "GET", "/logstores/abc", Vec::new(), &[]);
    assert_eq!(emulator.send(&sign_sls(wire, &emulator.key, REGION, time)).status, 200);
    assert_eq!(last_fault(&emulator), Value::Null);
}

#[test]
fn stale_reads_of_one_service_leave_the_others_fresh() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    strike(&emulator, "CreateInnerTrail", &json!({"kind": "stale-reads", "seconds": 600}));
    assert_eq!(emulator.create_trail("prod-ops", "my-audit").status, 200);
    let trails = || emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]).body_json();
    assert_eq!(trails()["TrailList"], json!([]));
    let logstore = emulator.sls("my-audit", "GET", "/logstores/innertrail_prod-ops", &Value::Null);
    assert_eq!(logstore.status, 200);
    assert_eq!(control(emulator.address(), "DELETE", "/_sim/faults", "").status, 200);
    assert_eq!(trails()["TrailList"][0]["Name"], "prod-ops");
}

#[test]
fn stale_read_still_knows_its_caller_and_its_nonce() {
    let emulator = Emulator::start();
    strike(&emulator, "CreateRole", &json!({"kind": "stale-reads", "seconds": 600}));
    let trust = json!({"Version": "1", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}]});
    let made = [("RoleName", "late"), ("AssumeRolePolicyDocument", &trust.to_string())];
    assert_eq!(emulator.rpc(RAM, "CreateRole", &made).status, 200);
    let user = emulator.user("newcomer", &["ram:Get*"]);
    let wire = rpc(&user, RAM, "GetRole", &[("RoleName", "late")]);
    assert_refused(&emulator.send(&wire), 404, "EntityNotExist.Role");
    assert_refused(&emulator.send(&wire), 400, "SignatureNonceUsed");
}

#[test]
fn nth_call_is_struck_whatever_the_kind() {
    let kinds = [
        json!({"kind": "delay-before", "milliseconds": 1}),
        json!({"kind": "delay-after", "milliseconds": 1}),
        json!({"kind": "truncated"}),
        json!({"kind": "oversized", "bytes": 9}),
        json!({"kind": "wrong-type"}),
        json!({"kind": "slow-bytes", "milliseconds": 1}),
        json!({"kind": "stale-reads", "seconds": 0}),
        json!({"kind": "connection-reset"}),
    ];
    let emulator = Emulator::start();
    for effect in kinds {
        set(
            &emulator,
            &json!({"match": {"service": "ram", "action": "GetRole", "nth": 2}, "effect": effect}),
        );
        for _ in 0..3 {
            let _reply = get_role(&emulator).send(emulator.address(), Form::Absolute);
        }
        let faults: Vec<Value> =
            emulator.journal().into_iter().rev().take(3).map(|entry| entry["fault"].clone()).collect();
        assert_eq!(faults, [Value::Null, effect["kind"].clone(), Value::Null]);
        control(emulator.address(), "DELETE", "/_sim/faults", "");
    }
}

#[test]
fn fault_out_of_its_limits_is_refused() {
    let emulator = Emulator::start();
    for effect in [
        json!({"kind": "delay-before", "milliseconds": 600_001}),
        json!({"kind": "stale-reads", "seconds": 86_401}),
        json!({"kind": "slow-bytes", "milliseconds": -1}),
    ] {
        let body = json!([{"effect": effect}]).to_string();
        assert_eq!(control(emulator.address(), "POST", "/_sim/faults", &body).status, 400, "{body}");
    }
    assert_eq!(emulator.get("/_sim/faults")["faults"], json!([]));
}
