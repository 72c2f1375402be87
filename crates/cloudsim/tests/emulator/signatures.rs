//! A request is believed only if every byte of it is the one that was signed.

use alicloud_sign::{AccessKey, acs3, rpc_v1, sls_v1};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::client::*;

const FORM: &str = "application/x-www-form-urlencoded";

/// An ACS3 call with path, query, headers and a form body, all of which are signed.
fn acs3_call(emulator: &Emulator) -> Wire {
    let mut wire =
        Wire::new("POST", RAM, "/?RoleName=AliyunActionTrailDefaultRole", b"Extra=one%20two".to_vec());
    wire.header("content-type", FORM);
    wire.header("user-agent", "tampering/1.0");
    sign_rpc(wire, &emulator.key, "GetRole", "2015-05-01", Timestamp::now())
}

/// A v4 call with path, query, headers and a body, all of which are signed.
fn v4_call(emulator: &Emulator) -> Wire {
    sls(
        &emulator.key,
        "my-proj",
        "POST",
        "/logstores?note=one%20two",
        &json!({"logstoreName": "abc", "ttl": 1, "shardCount": 1}),
    )
}

/// Replaces one byte by another that is legal in the same place.
fn altered(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = match bytes[at] {
        b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => bytes[at] + 1,
        b'9' => b'8',
        b'z' => b'y',
        b'Z' => b'Y',
        _ => b'x',
    };
    String::from_utf8(bytes).unwrap()
}

fn assert_not_believed(emulator: &Emulator, wire: &Wire, what: &str) {
    let reply = emulator.send(wire);
    let (status, code) = reply.error();
    assert!((400..500).contains(&status), "{what}: {}", reply.text());
    let own = [
        "SignatureDoesNotMatch",
        "SignatureNotMatch",
        "IncompleteSignature",
        "ParameterInvalid",
        "InvalidTimeStamp.Expired",
        "InvalidTimeStamp.Format",
        "RequestTimeExpired",
        "InvalidRequestTime",
        "InvalidAccessKeyId.NotFound",
        "Unauthorized",
        "InvalidAction.NotFound",
        "InvalidMethod",
    ];
    assert!(own.contains(&code.as_str()), "{what}: {}", reply.text());
}

fn assert_mismatch(emulator: &Emulator, wire: &Wire, what: &str) {
    let (_, code) = emulator.send(wire).error();
    assert!(code == "SignatureDoesNotMatch" || code == "SignatureNotMatch", "{what}: {code}");
}

fn every_byte_of_the_body(emulator: &Emulator, wire: &Wire) {
    for at in 0..wire.body.len() {
        let mut other = wire.clone();
        other.body[at] ^= 1;
        assert_mismatch(emulator, &other, &format!("body byte {at}"));
    }
}

fn every_byte_of_the_query(emulator: &Emulator, wire: &Wire) {
    for at in 0..wire.query.len() {
        // A broken escape is read as another value, and so is a changed separator.
        let other = Wire { query: altered(&wire.query, at), ..wire.clone() };
        assert_mismatch(emulator, &other, &format!("query byte {at}"));
    }
}

fn every_byte_of_every_header(emulator: &Emulator, wire: &Wire, is_signed: impl Fn(&str) -> bool) {
    for index in 0..wire.headers.len() {
        let (name, value) = &wire.headers[index];
        // Another host is another place on the way here already.
        if !is_signed(name) || name == "host" {
            continue;
        }
        for at in 0..value.len() {
            let mut other = wire.clone();
            other.headers[index].1 = altered(value, at);
            assert_not_believed(emulator, &other, &format!("{name} byte {at}: {}", other.headers[index].1));
        }
    }
    let changed = emulator.journal().iter().filter(|entry| entry["changed"] == true).count();
    assert_eq!(changed, emulator.account()["projects"].as_array().unwrap().len());
}

#[test]
fn acs3_refuses_every_altered_byte_of_the_body() {
    let emulator = Emulator::start();
    every_byte_of_the_body(&emulator, &acs3_call(&emulator));
}

#[test]
fn acs3_refuses_every_altered_byte_of_the_query() {
    let emulator = Emulator::start();
    every_byte_of_the_query(&emulator, &acs3_call(&emulator));
}

#[test]
fn acs3_refuses_an_altered_path() {
    let emulator = Emulator::start();
    let wire = acs3_call(&emulator);
    for path in ["/x", "//", "/%2F", "/a/../"] {
        assert_mismatch(&emulator, &Wire { path: path.to_owned(), ..wire.clone() }, path);
    }
}

#[test]
fn acs3_refuses_every_altered_byte_of_the_headers() {
    let emulator = Emulator::start();
    let signed = |name: &str| {
        name.starts_with("x-acs-") || ["authorization", "content-type", "user-agent"].contains(&name)
    };
    every_byte_of_every_header(&emulator, &acs3_call(&emulator), signed);
}

#[test]
fn acs3_refuses_an_altered_method() {
    let emulator = Emulator::start();
    let wire = Wire { method: "GET".to_owned(), ..acs3_call(&emulator) };
    assert_refused(&emulator.send(&wire), 400, "SignatureDoesNotMatch");
}

#[test]
fn acs3_refuses_another_host() {
    let emulator = Emulator::start();
    let mut wire = rpc(&emulator.key, ACTIONTRAIL, "DescribeInnerTrails", &[]);
    wire.headers[0].1 = "actiontrail.cn-shanghai.aliyuncs.com".to_owned();
    assert_refused(&emulator.send(&wire), 400, "SignatureDoesNotMatch");
}

#[test]
fn acs3_refuses_a_signature_that_leaves_out_the_action() {
    let emulator = Emulator::start();
    let mut wire = acs3_call(&emulator);
    for (name, value) in &mut wire.headers {
        if name == "authorization" {
            *value = value.replace(";x-acs-action", "");
        }
    }
    assert_refused(&emulator.send(&wire), 400, "SignatureDoesNotMatch");
}

#[test]
fn untouched_acs3_call_is_believed() {
    let emulator = Emulator::start();
    assert_eq!(emulator.send(&acs3_call(&emulator)).status, 200);
}

#[test]
fn mismatch_tells_the_string_the_server_signed() {
    let emulator = Emulator::start();
    let mut wire = acs3_call(&emulator);
    wire.body[0] ^= 1;
    assert!(emulator.send(&wire).message().contains("server string to sign is:ACS3-HMAC-SHA256"));
}

#[test]
fn v4_refuses_every_altered_byte_of_the_body() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    every_byte_of_the_body(&emulator, &v4_call(&emulator));
}

#[test]
fn v4_refuses_every_altered_byte_of_the_query() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    every_byte_of_the_query(&emulator, &v4_call(&emulator));
}

#[test]
fn v4_refuses_every_altered_byte_of_the_path() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let wire = sls(&emulator.key, "my-proj", "GET", "/logstores/innertrail_prod-ops/index", &Value::Null);
    for at in 1..wire.path.len() {
        assert_mismatch_or_unknown(&emulator, &Wire { path: altered(&wire.path, at), ..wire.clone() });
    }
}

/// A path that names no operation is refused after the signature was, so both codes would be the service's own.
fn assert_mismatch_or_unknown(emulator: &Emulator, wire: &Wire) {
    assert_refused(&emulator.send(wire), 401, "SignatureNotMatch");
}

#[test]
fn v4_refuses_every_altered_byte_of_the_headers() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let signed = |name: &str| name.starts_with("x-log-") || ["authorization", "content-type"].contains(&name);
    every_byte_of_every_header(&emulator, &v4_call(&emulator), signed);
}

#[test]
fn v4_refuses_another_host() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_project("my-prok");
    let mut wire = sls(&emulator.key, "my-proj", "GET", "/", &Value::Null);
    wire.headers[0].1 = wire.headers[0].1.replace("my-proj", "my-prok");
    assert_refused(&emulator.send(&wire), 401, "SignatureNotMatch");
}

#[test]
fn v4_refuses_a_signature_for_another_region() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let wire = unsigned_sls("my-proj", "GET", "/", Vec::new(), &[]);
    let wire = sign_sls(wire, &emulator.key, "cn-shanghai", Timestamp::now());
    assert_refused(&emulator.send(&wire), 401, "SignatureNotMatch");
}

#[test]
fn untouched_v4_call_is_believed() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    assert_eq!(emulator.send(&v4_call(&emulator)).status, 200);
}

#[test]
fn used_nonce_is_refused() {
    let emulator = Emulator::start();
    let wire = rpc(&emulator.key, STS, "GetCallerIdentity", &[]);
    assert_eq!(emulator.send(&wire).status, 200);
    assert_refused(&emulator.send(&wire), 400, "SignatureNonceUsed");
}

#[test]
fn used_nonce_is_refused_after_a_restart() {
    let emulator = Emulator::start();
    let wire = rpc(&emulator.key, STS, "GetCallerIdentity", &[]);
    assert_eq!(emulator.send(&wire).status, 200);
    assert_refused(&emulator.restarted().send(&wire), 400, "SignatureNonceUsed");
}

#[test]
fn badly_signed_call_does_not_use_up_its_nonce() {
    let emulator = Emulator::start();
    let good = acs3_call(&emulator);
    let mut bad = good.clone();
    bad.body[0] ^= 1;
    assert_refused(&emulator.send(&bad), 400, "SignatureDoesNotMatch");
    assert_eq!(emulator.send(&good).status, 200);
}

#[test]
fn rpc_time_stamp_too_far_off_is_refused() {
    let emulator = Emulator::start();
    for minutes in [-16, 16] {
        let time = Timestamp::now() + SignedDuration::from_mins(minutes);
        let wire = rpc_at(&emulator.key, STS, "GetCallerIdentity", &[], time);
        assert_refused(&emulator.send(&wire), 400, "InvalidTimeStamp.Expired");
    }
}

#[test]
fn time_stamp_within_the_skew_is_accepted() {
    let emulator = Emulator::start();
    for minutes in [-14, 14] {
        let time = Timestamp::now() + SignedDuration::from_mins(minutes);
        assert_eq!(emulator.send(&rpc_at(&emulator.key, STS, "GetCallerIdentity", &[], time)).status, 200);
    }
}

#[test]
fn log_service_time_stamp_too_far_off_is_refused() {
    let emulator = Emulator::start();
    let time = Timestamp::now() - SignedDuration::from_mins(16);
    let wire = sign_sls(unsigned_sls("", "GET", "/", Vec::new(), &[]), &emulator.key, REGION, time);
    let reply = emulator.send(&wire);
    assert_refused(&reply, 400, "RequestTimeExpired");
    assert!(reply.message().contains("has been expired while server time is"), "{}", reply.text());
}

#[test]
fn clock_offset_of_the_emulator_makes_right_clocks_wrong() {
    let emulator = Emulator::start();
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 3600}));
    assert_refused(&emulator.rpc(STS, "GetCallerIdentity", &[]), 400, "InvalidTimeStamp.Expired");
}

#[test]
fn unknown_key_is_refused() {
    let emulator = Emulator::start();
    let stranger = Key { id: "LTAIunknown".to_owned(), ..emulator.key.clone() };
    assert_refused(&emulator.send(&rpc(&stranger, RAM, "GetRole", &[])), 404, "InvalidAccessKeyId.NotFound");
    let reply = emulator.send(&sls(&stranger, "", "GET", "/", &Value::Null));
    assert_refused(&reply, 401, "Unauthorized");
    assert_eq!(reply.message(), "AccessKeyId not found: LTAIunknown");
}

#[test]
fn wrong_secret_is_refused() {
    let emulator = Emulator::start();
    let wrong = Key { secret: "wrong".to_owned(), ..emulator.key.clone() };
    assert_refused(&emulator.send(&rpc(&wrong, RAM, "GetRole", &[])), 400, "SignatureDoesNotMatch");
    assert_refused(&emulator.send(&sls(&wrong, "", "GET", "/", &Value::Null)), 401, "SignatureNotMatch");
}

#[test]
fn disabled_key_is_refused() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "disable-key", "accessKeyId": emulator.key.id}));
    assert_refused(&emulator.rpc(RAM, "GetRole", &[]), 403, "InvalidAccessKeyId.Inactive");
    let reply = emulator.sls("", "GET", "/", &Value::Null);
    assert_refused(&reply, 401, "Unauthorized");
    assert!(reply.message().starts_with("AccessKeyId is disabled: "), "{}", reply.text());
}

#[test]
fn unsigned_calls_are_refused() {
    let emulator = Emulator::start();
    let wire = Wire::new("GET", RAM, "/?Action=GetRole&Version=2015-05-01", Vec::new());
    assert_refused(&emulator.send(&wire), 400, "MissingAccessKeyId");
    assert_refused(&emulator.send(&unsigned_sls("", "GET", "/", Vec::new(), &[])), 400, "MissingParameter");
}

fn rpc_v1_call(emulator: &Emulator, method: &str) -> Wire {
    let mut wire = Wire::new(method, RAM, &format!("/?Format=JSON&RoleName={ROLE}"), Vec::new());
    let headers = [("host", RAM)];
    let request =
        alicloud_sign::Request { method, path: "/", query: &wire.query, headers: &headers, body: &[] };
    let key = AccessKey { id: &emulator.key.id, secret: &emulator.key.secret, security_token: None };
    let stamp =
        acs3::Stamp { action: "GetRole", version: "2015-05-01", nonce: method, time: Timestamp::now() };
    let encode = alicloud_sign::encode;
    let added: Vec<String> = rpc_v1::sign(&request, &key, &stamp)
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    wire.query = format!("{}&{}", wire.query, added.join("&"));
    wire
}

#[test]
fn older_rpc_scheme_is_accepted_in_the_query() {
    let emulator = Emulator::start();
    assert_eq!(emulator.send(&rpc_v1_call(&emulator, "GET")).status, 200);
}

#[test]
fn older_rpc_scheme_is_accepted_in_a_form() {
    let emulator = Emulator::start();
    let mut wire = rpc_v1_call(&emulator, "POST");
    wire.body = std::mem::take(&mut wire.query).into_bytes();
    wire.header("content-type", FORM);
    assert_eq!(emulator.send(&wire).status, 200);
}

#[test]
fn older_rpc_scheme_refuses_every_altered_byte_of_the_parameters() {
    let emulator = Emulator::start();
    let wire = rpc_v1_call(&emulator, "GET");
    for at in 0..wire.query.len() {
        let reply = emulator.send(&Wire { query: altered(&wire.query, at), ..wire.clone() });
        assert!(reply.status >= 400, "byte {at}: {}", reply.text());
    }
}

#[test]
fn older_log_service_scheme_is_accepted_and_checked() {
    let emulator = Emulator::start();
    let mut wire = unsigned_sls("my-proj", "POST", "/", br#"{"projectName":"my-proj"}"#.to_vec(), &[]);
    let headers: Vec<(&str, &str)> =
        wire.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request =
        alicloud_sign::Request { method: "POST", path: "/", query: "", headers: &headers, body: &wire.body };
    let key = AccessKey { id: &emulator.key.id, secret: &emulator.key.secret, security_token: None };
    let stamp = sls_v1::Stamp { hash: sls_v1::Hash::Sha256, time: Timestamp::now() };
    let added = sls_v1::sign(&request, &key, &stamp);
    wire.headers.extend(added);
    let mut bad = wire.clone();
    bad.body[2] ^= 1;
    assert_refused(&emulator.send(&bad), 401, "SignatureNotMatch");
    assert_eq!(emulator.send(&wire).status, 200);
}

#[test]
fn older_log_service_scheme_may_sign_the_path_as_it_is_sent() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let key = AccessKey { id: &emulator.key.id, secret: &emulator.key.secret, security_token: None };
    let stamp = sls_v1::Stamp { hash: sls_v1::Hash::Sha1, time: Timestamp::now() };
    // What is signed is decoded: so of this path it is the next one.
    for signed in ["/dashboards/a%2520b", "/dashboards/a%20b"] {
        let wire = unsigned_sls("my-proj", "GET", signed, Vec::new(), &[]);
        let mut wire = wire.signed(|request| sls_v1::sign(request, &key, &stamp));
        "/dashboards/a%20b".clone_into(&mut wire.path);
        assert_refused(&emulator.send(&wire), 404, "DashboardNotExist");
        "/dashboards/a%20c".clone_into(&mut wire.path);
        assert_refused(&emulator.send(&wire), 401, "SignatureNotMatch");
    }
}
