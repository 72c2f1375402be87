//! Deletion: shipping is seen off first, and nothing that was recorded is lost.

use serde_json::json;

use super::stage::Stage;

#[test]
fn the_object_goes_only_after_shipping_was_seen_off_and_the_events_stay() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.emulator.post("/_sim/events", &json!({"count": 7})).unwrap();
    stage
        .emulator
        .post(
            "/_sim/faults",
            &json!([{"match": {"action": "DeleteInnerTrail"}, "effect": {"kind": "hold-before"}}]),
        )
        .unwrap();
    stage.delete("prod-ops");
    stage.until("the call to be held", || {
        let faults = stage.emulator.get("/_sim/faults").unwrap();
        if faults.to_string().contains("\"holding\":1") { Ok(()) } else { Err(faults.to_string()) }
    });
    assert!(stage.exists("prod-ops"), "the object is gone while shipping is on");
    stage.emulator.post("/_sim/faults/release", &json!({})).unwrap();
    stage.await_gone("prod-ops");

    let account = stage.account();
    assert_eq!(account["trails"], json!([]));
    let logstore = &account["projects"][0]["logstores"][0];
    assert_eq!((logstore["eventCount"].as_u64(), logstore["index"].is_object()), (Some(7), true));
    let journal = stage.journal();
    let off = journal.iter().rposition(|call| call["action"] == "DeleteInnerTrail").unwrap();
    assert!(
        journal[off..].iter().any(|call| call["action"] == "DescribeInnerTrails"),
        "off was not read back"
    );
}

#[test]
fn retain_leaves_shipping_on() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"deletionPolicy": "Retain"}));
    stage.await_ready("prod-ops");
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deletion_that_cannot_be_carried_out_says_what_blocks_it() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    let key = stage.emulator.greeting().access_key_id.clone();
    stage.act(&json!({"action": "disable-key", "accessKeyId": key}));
    stage.delete("prod-ops");
    let blocked = stage.await_condition("prod-ops", "Ready", "False", "DeletionBlocked");
    let message = blocked["message"].as_str().unwrap();
    assert!(message.contains("CredentialsInvalid") && message.contains("Retain"), "{message}");
    stage.patch("prod-ops", &json!({"spec": {"deletionPolicy": "Retain"}}));
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"].as_array().unwrap().len(), 1);
}

#[test]
fn a_namespace_with_its_secret_goes_away_whole_and_shipping_is_off() {
    let stage = Stage::with(|_| Vec::new());
    let greeting = stage.emulator.greeting().clone();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "alibaba", "namespace": stage.namespace},
        "stringData": {"accessKeyId": greeting.access_key_id, "accessKeySecret": greeting.access_key_secret},
    });
    stage.kubectl.apply(&secret.to_string()).unwrap();
    stage.apply("prod-ops", &json!({"credentials": {"secretRef": {"name": "alibaba"}}}));
    stage.await_ready("prod-ops");
    stage.kubectl.ok(&["delete", "namespace", &stage.namespace, "--wait=false"]).unwrap();
    stage.until("the namespace to be gone", || {
        let left = stage.kubectl.run(&["get", "namespace", &stage.namespace, "-o", "json"]).unwrap();
        if left.status.success() { Err(String::from_utf8_lossy(&left.stdout).into_owned()) } else { Ok(()) }
    });
    assert_eq!(stage.account()["trails"], json!([]));
}

#[test]
fn an_object_that_never_had_credentials_can_be_deleted() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"credentials": {"secretRef": {"name": "nowhere"}}}));
    stage.await_condition("prod-ops", "Authorized", "False", "CredentialsMissing");
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.changes(), [] as [String; 0]);
}

#[test]
fn a_protected_object_is_not_deleted() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"deletionProtection": true}));
    stage.await_ready("prod-ops");
    let refused = stage.kubectl.run(&["delete", "itrail", "prod-ops", "-n", &stage.namespace]).unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("deletionProtection"));
    stage.patch("prod-ops", &json!({"spec": {"deletionProtection": false}}));
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
}
