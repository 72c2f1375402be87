//! Bad input: the documented code, nothing changed, and the emulator goes on. Altered signatures, nonces and keys are
//! in `signatures` and `tampering`, tokens in `sessions`.

use std::io::Write as _;
use std::net::TcpStream;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::*;
use super::logs;

/// A project with a Logstore, and the state that nothing may change.
struct Quiet {
    emulator: Emulator,
    before: Value,
}

impl Quiet {
    fn start() -> Self {
        let emulator = Emulator::start();
        emulator.make_project("my-proj");
        emulator.make_logstore("my-proj", "abc");
        let before = emulator.get("/_sim/state")["accounts"].clone();
        Self { emulator, before }
    }

    /// A signed call to Log Service with any body.
    fn sls(&self, method: &str, target: &str, body: &[u8], headers: &[(&str, &str)]) -> Reply {
        let wire = sls_bytes(&self.emulator.key, "my-proj", method, target, body.to_vec(), headers);
        self.emulator.send(&wire)
    }

    fn put_logs(&self, body: &[u8], headers: &[(&str, &str)]) -> Reply {
        self.sls("POST", "/logstores/abc/shards/lb", body, headers)
    }
}

/// Checked at the end of every test: no change, and a call that is in order still succeeds.
impl Drop for Quiet {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.emulator.get("/_sim/state")["accounts"], self.before);
            assert_eq!(self.emulator.rpc(STS, "GetCallerIdentity", &[]).status, 200);
        }
    }
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[test]
fn body_that_is_no_json_is_refused() {
    let quiet = Quiet::start();
    let bodies: [&[u8]; 6] =
        [b"{", b"\"text\"", b"[]", b"\xff\xfe", b"{\"logstoreName\":\"\xff\"}", b"{\"a\":1}{"];
    for body in bodies {
        let text = String::from_utf8_lossy(body).into_owned();
        let reply = quiet.sls("POST", "/logstores", body, &JSON);
        let (status, code) = reply.error();
        assert_eq!(status, 400, "{text}: {}", reply.text());
        assert!(["PostBodyInvalid", "ParameterInvalid"].contains(&code.as_str()), "{text}: {code}");
    }
}

#[test]
fn deeply_nested_json_is_refused() {
    let quiet = Quiet::start();
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    for target in ["/logstores", "/logstores/abc/index", "/dashboards", "/tag", "/savedsearches"] {
        let reply = quiet.sls("POST", target, deep.as_bytes(), &JSON);
        assert_eq!(reply.error().0, 400, "{target}: {}", reply.text());
        let inner = format!(r#"{{"logstoreName":"x","deep":{deep}}}"#);
        let reply = quiet.sls("POST", target, inner.as_bytes(), &JSON);
        assert_eq!(reply.error().0, 400, "{target}: {}", reply.text());
    }
}

#[test]
fn deeply_nested_policy_is_refused() {
    let quiet = Quiet::start();
    let deep = format!("{}{}", "[".repeat(2_900), "]".repeat(2_900));
    let parameters = [("PolicyName", "deep"), ("PolicyDocument", deep.as_str())];
    assert_refused(&quiet.emulator.rpc(RAM, "CreatePolicy", &parameters), 400, "MalformedPolicyDocument");
}

#[test]
fn deeply_nested_query_is_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let index = json!({"line": {"token": [" "]}});
    assert_eq!(emulator.sls("my-proj", "POST", "/logstores/abc/index", &index).status, 200);
    for depth in [30_000, 100_000] {
        let deep = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        let body = json!({"from": 1, "to": 2, "query": deep});
        let reply = emulator.sls("my-proj", "POST", "/logstores/abc/logs", &body);
        assert_refused(&reply, 400, "InvalidQueryString");
    }
}

#[test]
fn body_beyond_the_cap_is_refused_unread() {
    let quiet = Quiet::start();
    let body = vec![b' '; 10 * 1024 * 1024 + 65 * 1024];
    assert_refused(&quiet.put_logs(&body, &[]), 413, "PostBodyTooLarge");
    let wire = Wire::new("POST", RAM, "/?Action=GetRole", body);
    assert_refused(&quiet.emulator.send(&wire), 413, "PostBodyTooLarge");
}

/// The head of a request that announces the largest body, and none of the body.
fn announced(emulator: &Emulator) -> TcpStream {
    let mut stream = emulator.connect();
    let head = "POST /logstores/abc/shards/lb HTTP/1.1\r\nhost: my-proj.cn-hangzhou.log.aliyuncs.com\r\ncontent-length: 10485760\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn large_bodies_that_never_come_hold_up_no_small_call() {
    let quiet = Quiet::start();
    let waiting: Vec<TcpStream> = (0..40).map(|_| announced(&quiet.emulator)).collect();
    assert_eq!(quiet.emulator.rpc(STS, "GetCallerIdentity", &[]).status, 200);
    assert_eq!(quiet.sls("GET", "/logstores/abc", b"", &[]).status, 200);
    drop(waiting);
}

#[test]
fn head_beyond_the_cap_is_refused() {
    let quiet = Quiet::start();
    let mut wire = rpc(&quiet.emulator.key, RAM, "GetRole", &[("RoleName", ROLE)]);
    wire.header("x-acs-long", &"a".repeat(2_000_000));
    if let Some(reply) = wire.send(quiet.emulator.address(), Form::Absolute) {
        assert_eq!(reply.status, 431);
    }
}

#[test]
fn claimed_size_that_is_a_lie_is_refused() {
    let quiet = Quiet::start();
    let raw = logs::group(logs::now(), "k", "v");
    let bomb = deflated(&vec![0; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    let packed = [
        ("lz4", lz4_flex::block::compress(&raw)),
        ("deflate", deflated(&raw)),
        ("gzip", deflated(&raw)),
        ("deflate", bomb.clone()),
        ("gzip", bomb),
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    ];
    for (kind, body) in packed {
        for claimed in ["1", "999999999999", "-1", "x", "", "99999999999999999999999999"] {
            let headers = [("x-log-compresstype", kind), ("x-log-bodyrawsize", claimed)];
            let reply = quiet.put_logs(&body, &headers);
            let (status, code) = reply.error();
            if claimed == "999999999999" {
                assert_eq!((status, code.as_str()), (413, "PostBodyTooLarge"), "{kind}");
                continue;
            }
            assert_eq!(status, 400, "{kind} {claimed}: {}", reply.text());
            let codes =
                ["PostBodyUncompressError", "InvalidParameter", "ParameterInvalid", "PostBodyInvalid"];
            assert!(codes.contains(&code.as_str()), "{kind} {claimed}: {code}");
        }
    }
}

fn deflated(raw: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn log_that_is_not_utf8_is_refused() {
    let quiet = Quiet::start();
    let mut body = logs::group(logs::now(), "k", "v");
    let at = body.iter().rposition(|byte| *byte == b'v').unwrap();
    body[at] = 0xff;
    assert_refused(&quiet.put_logs(&body, &[]), 400, "PostBodyInvalid");
}

#[test]
fn names_that_are_not_utf8_are_refused() {
    let quiet = Quiet::start();
    let reply = quiet.sls("GET", "/logstores/%FF%FE", b"", &[]);
    assert!((400..500).contains(&reply.error().0), "{}", reply.text());
    let reply = quiet.emulator.send(&rpc_query(&quiet, "RoleName=%FF%FE"));
    assert!((400..500).contains(&reply.error().0), "{}", reply.text());
}

fn rpc_query(quiet: &Quiet, query: &str) -> Wire {
    let wire = Wire::new("POST", RAM, &format!("/?{query}"), Vec::new());
    sign_rpc(wire, &quiet.emulator.key, "GetRole", "2015-05-01", Timestamp::now())
}

#[test]
fn repeated_header_is_refused() {
    let quiet = Quiet::start();
    for name in ["authorization", "x-acs-date", "x-acs-version", "x-acs-action"] {
        let mut wire = rpc(&quiet.emulator.key, RAM, "GetRole", &[("RoleName", ROLE)]);
        let value = wire.headers.iter().find(|(key, _)| key == name).unwrap().1.clone();
        wire.header(name, &value);
        let (status, code) = quiet.emulator.send(&wire).error();
        assert_eq!(status, 400, "{name}: {code}");
    }
    for name in ["authorization", "x-log-date", "x-log-content-sha256"] {
        let mut wire = sls(&quiet.emulator.key, "my-proj", "GET", "/logstores", &Value::Null);
        let value = wire.headers.iter().find(|(key, _)| key == name).unwrap().1.clone();
        wire.header(name, &value);
        let (status, code) = quiet.emulator.send(&wire).error();
        assert!(status == 400 || status == 401, "{name}: {status} {code}");
    }
}

#[test]
fn repeated_parameter_is_refused_when_all_are_signed_and_when_not() {
    let quiet = Quiet::start();
    let reply = quiet.emulator.send(&rpc_query(&quiet, &format!("RoleName=absent&RoleName={ROLE}")));
    assert_refused(&reply, 400, "InvalidParameter");
    let mut wire = rpc_query(&quiet, &format!("RoleName={ROLE}"));
    wire.query.push_str("&RoleName=absent");
    assert_refused(&quiet.emulator.send(&wire), 400, "SignatureDoesNotMatch");
}

#[test]
fn time_stamps_that_cannot_be_read_are_refused() {
    let quiet = Quiet::start();
    for text in ["", "yesterday", "2026-13-45T99:99:99Z", "99999-01-01T00:00:00Z", "2026-11-22", "0"] {
        let mut wire = rpc(&quiet.emulator.key, RAM, "GetRole", &[("RoleName", ROLE)]);
        set(&mut wire, "x-acs-date", text);
        let (status, code) = quiet.emulator.send(&wire).error();
        let codes = ["InvalidTimeStamp.Format", "InvalidTimeStamp.Expired", "IncompleteSignature"];
        assert!(status == 400 && codes.contains(&code.as_str()), "{text}: {status} {code}");
        let mut wire = sls(&quiet.emulator.key, "my-proj", "GET", "/logstores", &Value::Null);
        set(&mut wire, "x-log-date", text);
        let (status, code) = quiet.emulator.send(&wire).error();
        let codes = ["InvalidRequestTime", "RequestTimeExpired", "ParameterInvalid"];
        assert!(status == 400 && codes.contains(&code.as_str()), "{text}: {status} {code}");
    }
}

fn set(wire: &mut Wire, name: &str, value: &str) {
    wire.headers.retain(|(key, _)| key != name);
    wire.header(name, value);
}

#[test]
fn signature_for_another_service_is_refused() {
    let quiet = Quiet::start();
    let key = &quiet.emulator.key;
    let to_host = |mut wire: Wire, host: &str| {
        host.clone_into(&mut wire.headers[0].1);
        quiet.emulator.send(&wire)
    };
    assert_refused(&to_host(rpc(key, RAM, "GetRole", &[]), STS), 400, "SignatureDoesNotMatch");
    assert_refused(
        &to_host(rpc(key, STS, "GetCallerIdentity", &[]), "sts.cn-shanghai.aliyuncs.com"),
        400,
        "SignatureDoesNotMatch",
    );
    let log = sls(key, "my-proj", "GET", "/", &Value::Null);
    let mut at_ram = log.clone();
    at_ram.query = "Action=GetRole&Version=2015-05-01".to_owned();
    assert_refused(&to_host(at_ram, RAM), 400, "IncompleteSignature");
    let at_log = rpc(key, RAM, "GetRole", &[]);
    assert_refused(
        &to_host(Wire { method: "GET".to_owned(), ..at_log }, log.host()),
        400,
        "ParameterInvalid",
    );
}

#[test]
fn parameter_that_is_given_twice_is_refused() {
    let quiet = Quiet::start();
    let twice = [("UserName", "ann"), ("UserName", "bob")];
    assert_refused(&quiet.emulator.rpc(RAM, "CreateUser", &twice), 400, "InvalidParameter");
    let target = "/logstores/abc?type=log&type=histogram&from=1&to=2";
    assert_refused(&quiet.sls("GET", target, b"", &[]), 400, "ParameterInvalid");
}

#[test]
fn field_that_is_given_twice_is_refused() {
    let quiet = Quiet::start();
    let body = br#"{"logstoreName":"one","logstoreName":"two","ttl":1,"shardCount":1}"#;
    let reply = quiet.sls("POST", "/logstores", body, &JSON);
    assert_refused(&reply, 400, "PostBodyInvalid");
    assert!(reply.message().contains("`logstoreName` is given twice"), "{}", reply.text());
}
