//! The metadata server and the credentials URI.

use serde_json::{Value, json};

use super::client::*;

const HOST: &str = "100.100.100.200";
const PATH: &str = "/latest/meta-data/ram/security-credentials/";

fn get(emulator: &Emulator, target: &str, token: Option<&str>) -> Reply {
    let mut wire = Wire::new("GET", HOST, target, Vec::new());
    if let Some(token) = token {
        wire.header("x-aliyun-ecs-metadata-token", token);
    }
    emulator.send(&wire)
}

fn token(emulator: &Emulator, secs: &str) -> Reply {
    let mut wire = Wire::new("PUT", HOST, "/latest/api/token", Vec::new());
    wire.header("x-aliyun-ecs-metadata-token-ttl-seconds", secs);
    emulator.send(&wire)
}

fn key_of(credentials: &Value) -> Key {
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    Key { id: text("AccessKeyId"), secret: text("AccessKeySecret"), token: Some(text("SecurityToken")) }
}

fn caller(emulator: &Emulator, key: &Key) -> Value {
    emulator.send(&rpc(key, STS, "GetCallerIdentity", &[])).body_json()["Arn"].clone()
}

#[test]
fn instance_with_a_role_has_its_credentials() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "set-instance-role", "hardened": true}));
    let token = token(&emulator, "60").text();
    assert_eq!(get(&emulator, PATH, Some(&token)).text(), ROLE);
    let credentials = get(&emulator, &format!("{PATH}{ROLE}"), Some(&token)).body_json();
    assert_eq!(credentials["Code"], "Success");
    let arn = caller(&emulator, &key_of(&credentials));
    assert!(arn.as_str().unwrap().contains(":assumed-role/aliyunactiontraildefaultrole/"), "{arn}");
}

#[test]
fn instance_without_a_role_has_none() {
    let emulator = Emulator::start();
    assert_eq!(get(&emulator, PATH, None).status, 404);
}

#[test]
fn hardened_instance_wants_a_token_and_others_do_not() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "set-instance-role"}));
    assert_eq!(get(&emulator, PATH, None).status, 200);
    emulator.act(&json!({"action": "set-instance-role", "hardened": true}));
    assert_eq!(get(&emulator, PATH, None).status, 403);
}

#[test]
fn bad_and_expired_metadata_tokens_are_refused() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "set-instance-role"}));
    let old = token(&emulator, "1").text();
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 60}));
    for bad in ["x", old.as_str()] {
        assert_eq!(get(&emulator, PATH, Some(bad)).status, 401, "{bad}");
    }
    assert_eq!(token(&emulator, "21601").status, 400);
}

#[test]
fn credentials_uri_answers_as_official_clients_expect() {
    let emulator = Emulator::start();
    let credentials = emulator.get(&format!("/_sim/credentials?role={ROLE}"));
    assert_eq!(credentials["Code"], "Success");
    assert!(caller(&emulator, &key_of(&credentials)).as_str().unwrap().ends_with("/credentials-uri"));
}
