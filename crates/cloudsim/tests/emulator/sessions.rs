//! Roles that are assumed, and the tokens that come of it.

use alicloud_sign::{AccessKey, acs3, rpc_v1, sls_v1};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::*;

const ASSUMED: &str = "acs:ram::1234567890123456:role/reader";

/// A role that the users of the account may assume, with these policies.
fn make_role(emulator: &Emulator, trust: Option<Value>, policies: &[&str]) {
    let mut action = json!({"action": "set-role", "role": "reader", "policies": policies});
    if let Some(trust) = trust {
        action["trustPolicy"] = trust;
    }
    emulator.act(&action);
}

fn assume(emulator: &Emulator, key: &Key, more: &[(&str, &str)]) -> Reply {
    let parameters = [&[("RoleArn", ASSUMED), ("RoleSessionName", "night-shift")], more].concat();
    emulator.send(&rpc(key, STS, "AssumeRole", &parameters))
}

fn temporary(answer: &Value) -> Key {
    let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
    Key { id: text("AccessKeyId"), secret: text("AccessKeySecret"), token: Some(text("SecurityToken")) }
}

/// A session of the role, assumed by a user who may do nothing else.
fn session(emulator: &Emulator, policies: &[&str]) -> Key {
    make_role(emulator, None, policies);
    let user = emulator.user("ann", &["sts:AssumeRole"]);
    let reply = assume(emulator, &user, &[]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    temporary(&reply.body_json())
}

#[test]
fn assumed_role_is_who_is_calling() {
    let emulator = Emulator::start();
    let key = session(&emulator, &[]);
    let identity = emulator.send(&rpc(&key, STS, "GetCallerIdentity", &[])).body_json();
    assert_eq!(identity["IdentityType"], "AssumedRoleUser");
    let arn = "acs:ram::1234567890123456:assumed-role/reader/night-shift";
    assert_eq!(identity["Arn"], arn);
    assert_eq!(emulator.last_entry()["caller"], arn);
}

#[test]
fn assuming_a_role_changes_no_state() {
    let emulator = Emulator::start();
    session(&emulator, &[]);
    assert_eq!(emulator.last_entry()["changed"], false);
}

#[test]
fn session_outlives_a_restart() {
    let emulator = Emulator::start();
    let key = session(&emulator, &[]);
    let emulator = emulator.restarted();
    assert_eq!(emulator.send(&rpc(&key, STS, "GetCallerIdentity", &[])).status, 200);
}

#[test]
fn main_account_does_not_assume_roles() {
    let emulator = Emulator::start();
    make_role(&emulator, None, &[]);
    assert_refused(&assume(&emulator, &emulator.key, &[]), 403, "NoPermission");
}

#[test]
fn user_without_the_permission_does_not_assume_roles() {
    let emulator = Emulator::start();
    make_role(&emulator, None, &[]);
    let user = emulator.user("ann", &["ram:*"]);
    let reply = assume(&emulator, &user, &[]);
    assert_refused(&reply, 403, "NoPermission");
    assert!(
        reply.message().contains("sts:AssumeRole") && reply.message().contains(ASSUMED),
        "{}",
        reply.text()
    );
}

#[test]
fn role_that_trusts_only_a_service_is_not_assumed() {
    let emulator = Emulator::start();
    let user = emulator.user("ann", &["sts:AssumeRole"]);
    let arn = format!("acs:ram::{ACCOUNT}:role/{ROLE}");
    let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", "night-shift")];
    assert_refused(&emulator.send(&rpc(&user, STS, "AssumeRole", &parameters)), 403, "NoPermission");
}

#[test]
fn external_id_must_be_the_one_that_the_trust_names() {
    let emulator = Emulator::start();
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": [format!("acs:ram::{ACCOUNT}:user/ann")]},
        "Condition": {"StringEquals": {"sts:ExternalId": "shared-word"}}}]});
    make_role(&emulator, Some(trust), &[]);
    let user = emulator.user("ann", &["sts:AssumeRole"]);
    assert_refused(&assume(&emulator, &user, &[]), 403, "NoPermission");
    assert_refused(&assume(&emulator, &user, &[("ExternalId", "other")]), 403, "NoPermission");
    assert_eq!(assume(&emulator, &user, &[("ExternalId", "shared-word")]).status, 200);
}

#[test]
fn bad_parameters_of_a_session_are_refused_by_their_codes() {
    let emulator = Emulator::start();
    make_role(&emulator, None, &[]);
    let user = emulator.user("ann", &["sts:*"]);
    let long = "x".repeat(2049);
    let cases: [(&str, &str, u16, &str); 7] = [
        ("DurationSeconds", "899", 400, "InvalidParameter.DurationSeconds"),
        ("DurationSeconds", "3601", 400, "InvalidParameter.DurationSeconds"),
        ("Policy", "{}", 400, "InvalidParameter.PolicyGrammar"),
        ("Policy", &long, 400, "InvalidParameter.PolicySize"),
        ("ExternalId", "x", 400, "InvalidParameter.ExternalId"),
        ("RoleArn", "reader", 400, "InvalidParameter.RoleArn"),
        ("RoleArn", "acs:ram::1234567890123456:role/none", 404, "EntityNotExist.Role"),
    ];
    for (name, value, status, code) in cases {
        let base = [("RoleArn", ASSUMED), ("RoleSessionName", "night-shift")];
        let mut parameters: Vec<_> = base.into_iter().filter(|(other, _)| *other != name).collect();
        parameters.push((name, value));
        assert_refused(&emulator.send(&rpc(&user, STS, "AssumeRole", &parameters)), status, code);
    }
    let nameless = [("RoleArn", ASSUMED), ("RoleSessionName", "a b")];
    let reply = emulator.send(&rpc(&user, STS, "AssumeRole", &nameless));
    assert_refused(&reply, 400, "InvalidParameter.RoleSessionName");
}

/// One call of the key in each of the four signature schemes.
fn all_schemes(key: &Key) -> [Wire; 4] {
    let now = Timestamp::now();
    let own = AccessKey { id: &key.id, secret: &key.secret, security_token: key.token.as_deref() };
    let nonce = now.as_nanosecond().to_string();
    let mut v1 = Wire::new("GET", RAM, &format!("/?RoleName={ROLE}"), Vec::new());
    let stamp = acs3::Stamp { action: "GetRole", version: "2015-05-01", nonce: &nonce, time: now };
    let added: Vec<String> = rpc_v1::sign(&v1.signable(&[]), &own, &stamp)
        .iter()
        .map(|(name, value)| format!("{}={}", alicloud_sign::encode(name), alicloud_sign::encode(value)))
        .collect();
    v1.query = format!("{}&{}", v1.query, added.join("&"));
    let plain = unsigned_sls("my-proj", "GET", "/", Vec::new(), &[]);
    let sls_v1 = plain.signed(|request| {
        sls_v1::sign(request, &own, &sls_v1::Stamp { hash: sls_v1::Hash::Sha1, time: now })
    });
    [
        rpc(key, RAM, "GetRole", &[("RoleName", ROLE)]),
        v1,
        sls(key, "my-proj", "GET", "/", &Value::Null),
        sls_v1,
    ]
}

#[test]
fn session_works_in_all_four_schemes() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let key = session(&emulator, &["AliyunRAMReadOnlyAccess", "AliyunLogReadOnlyAccess"]);
    for wire in all_schemes(&key) {
        let reply = emulator.send(&wire);
        assert_eq!(reply.status, 200, "{wire:?}: {}", reply.text());
    }
}

fn assert_all_refused(emulator: &Emulator, key: &Key, rpc_code: &str, sls_message: &str) {
    for (number, wire) in all_schemes(key).into_iter().enumerate() {
        let reply = emulator.send(&wire);
        if number < 2 {
            assert_refused(&reply, 400, rpc_code);
        } else {
            assert_refused(&reply, 401, "Unauthorized");
            assert_eq!(reply.message(), sls_message);
        }
    }
}

#[test]
fn expired_session_is_told_so() {
    let emulator = Emulator::start();
    let mut credentials = emulator.get(&format!("/_sim/credentials?role={ROLE}&durationSeconds=1"));
    let mut text = |name: &str| credentials[name].take().as_str().unwrap().to_owned();
    let key =
        Key { id: text("AccessKeyId"), secret: text("AccessKeySecret"), token: Some(text("SecurityToken")) };
    // Still within the skew of time stamps.
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 60}));
    let message = "The security token you provided has expired.";
    assert_all_refused(&emulator, &key, "InvalidSecurityToken.Expired", message);
}

#[test]
fn token_of_another_session_is_refused() {
    let emulator = Emulator::start();
    let first = session(&emulator, &[]);
    let other = temporary(&{
        let user = emulator.user("bob", &["sts:AssumeRole"]);
        assume(&emulator, &user, &[]).body_json()
    });
    let mixed = Key { token: other.token, ..first };
    let message = "The security token you provided is invalid.";
    assert_all_refused(&emulator, &mixed, "InvalidSecurityToken.MismatchWithAccessKey", message);
}

#[test]
fn token_that_the_cloud_did_not_issue_is_refused() {
    let emulator = Emulator::start();
    let key = Key { token: Some("CAISnonsense".to_owned()), ..session(&emulator, &[]) };
    let message = "The security token you provided is invalid.";
    assert_all_refused(&emulator, &key, "InvalidSecurityToken.Malformed", message);
}

#[test]
fn temporary_key_without_its_token_is_refused() {
    let emulator = Emulator::start();
    let key = Key { token: None, ..session(&emulator, &[]) };
    let message = "The security token you provided is invalid.";
    assert_all_refused(&emulator, &key, "MissingSecurityToken", message);
}

#[test]
fn session_policy_narrows_the_role() {
    let emulator = Emulator::start();
    make_role(&emulator, None, &["AliyunRAMReadOnlyAccess"]);
    let user = emulator.user("ann", &["sts:AssumeRole"]);
    let policy =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:GetPolicy","Resource":"*"}]}"#;
    let key = temporary(&assume(&emulator, &user, &[("Policy", policy)]).body_json());
    let reply = emulator.send(&rpc(&key, RAM, "GetRole", &[("RoleName", ROLE)]));
    assert_refused(&reply, 403, "NoPermission");
}

#[test]
fn session_of_a_deleted_role_may_do_nothing() {
    let emulator = Emulator::start();
    let key = session(&emulator, &["AliyunRAMReadOnlyAccess"]);
    emulator.act(&json!({"action": "revoke-role", "role": "reader"}));
    let reply = emulator.send(&rpc(&key, RAM, "GetRole", &[("RoleName", ROLE)]));
    assert_refused(&reply, 403, "NoPermission");
}

#[test]
fn role_may_assume_a_second_role() {
    let emulator = Emulator::start();
    let first = session(&emulator, &["AliyunSTSAssumeRoleAccess"]);
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": [ASSUMED]}}]});
    emulator.act(&json!({"action": "set-role", "role": "second", "trustPolicy": trust}));
    let arn = format!("acs:ram::{ACCOUNT}:role/second");
    let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", "hop")];
    let reply = emulator.send(&rpc(&first, STS, "AssumeRole", &parameters));
    assert_eq!(reply.status, 200, "{}", reply.text());
}
