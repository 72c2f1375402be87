//! The two consoles: shipping that was set up where ActionTrail does not list it, and a switch that a person turns.

use std::sync::Arc;

use alicloud::{AccessKey, Clock, Cloud, HttpOptions, HttpTransport, LogBatch, LogEntry, WireProfile};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use super::stage::{Stage, condition};

struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a log carries the real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Stage {
    /// Writes one log as anybody with the account's key may.
    fn put_log(&self, project: &str, logstore: &str, field: &str, value: &str) {
        let endpoint = Some(self.emulator.address().to_owned());
        let transport = HttpTransport::new(&HttpOptions { endpoint, ..HttpOptions::default() }).unwrap();
        let cloud = Cloud::new(Arc::new(transport), Arc::new(Now), Arc::new(WireProfile::builtin()));
        let greeting = self.emulator.greeting();
        let secret = SecretString::from(greeting.access_key_secret.as_str());
        let session = cloud.session(AccessKey::new(&greeting.access_key_id, secret, None), "cn-hangzhou");
        let time = u32::try_from(Now.now().as_second()).unwrap();
        let contents = vec![(field.to_owned(), value.to_owned())];
        let logs = vec![LogEntry { time, contents, ..LogEntry::default() }];
        let batch = LogBatch { logs, ..LogBatch::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(session.put_logs(project, logstore, &batch)).unwrap();
    }
}

/// A setting made in the Log Service console, and an event that it delivered.
fn other_door(stage: &Stage) {
    stage.act(&json!({"action": "create-project", "project": "my-audit"}));
    stage.act(
        &json!({"action": "ship-from-log-service", "project": "my-audit", "logstore": "innertrail_prod-ops"}),
    );
    stage.act(&json!({"action": "set-index", "project": "my-audit", "logstore": "innertrail_prod-ops", "index": {"line": {"token": [","]}}}));
    let made = stage.emulator.post("/_sim/events", &json!({"count": 3})).unwrap();
    assert_eq!(made["delivered"], 3, "{made}");
}

#[test]
fn a_setting_of_the_log_service_console_that_delivers_is_left_alone_and_named() {
    let stage = Stage::open();
    other_door(&stage);
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    let object = stage.get("prod-ops");
    assert_eq!(condition(&object, "Shipping")["reason"], "Delivering");
    assert_eq!(object["status"]["trail"], json!({"enabled": true, "source": "LogService"}));
    assert_eq!(condition(&object, "Drifted"), json!(null));
    assert!(!stage.changes().contains(&"CreateInnerTrail".to_owned()));
    assert!(stage.account()["logServiceShipping"].is_object());
}

#[test]
fn a_setting_of_the_log_service_console_is_never_said_to_be_off_at_deletion() {
    let stage = Stage::open();
    other_door(&stage);
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.delete("prod-ops");
    let blocked = stage.await_condition("prod-ops", "Ready", "False", "DeletionBlocked");
    assert!(blocked["message"].as_str().unwrap().contains("Log Service console"), "{blocked}");
    stage.patch("prod-ops", &json!({"spec": {"deletionPolicy": "Retain"}}));
    stage.await_gone("prod-ops");
}

#[test]
fn adoption_always_replaces_a_setting_of_the_log_service_console() {
    let stage = Stage::open();
    other_door(&stage);
    stage.apply("prod-ops", &json!({"adoption": "Always"}));
    stage.await_ready("prod-ops");
    assert_eq!(stage.account()["trails"][0]["name"], "prod-ops");
}

#[test]
fn an_object_made_anew_right_after_its_deletion_ships_again() {
    let stage = Stage::open();
    for round in 1..=2 {
        stage.apply("prod-ops", &json!({}));
        stage.await_ready("prod-ops");
        assert_eq!(stage.account()["trails"].as_array().unwrap().len(), 1, "round {round}");
        stage.emulator.post("/_sim/events", &json!({"count": 3})).unwrap();
        stage.delete("prod-ops");
        stage.await_gone("prod-ops");
        assert_eq!(stage.account()["trails"], json!([]), "round {round}");
    }
}

#[test]
fn adoption_never_leaves_a_trail_of_the_same_name_alone_also_at_deletion() {
    let stage = Stage::open();
    stage.act(&json!({"action": "create-project", "project": "my-audit"}));
    stage.act(&json!({"action": "create-trail", "name": "prod-ops", "project": "my-audit"}));
    stage.apply("prod-ops", &json!({"adoption": "Never"}));
    let told = stage.await_condition("prod-ops", "Shipping", "False", "AccountAlreadyClaimed");
    assert!(told["message"].as_str().unwrap().contains("`prod-ops`"), "{told}");
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"].as_array().unwrap().len(), 1);
}

#[test]
fn adoption_never_still_looks_after_what_the_object_made() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"adoption": "Never"}));
    stage.await_ready("prod-ops");
    stage.act(&json!({"action": "turn-off-shipping"}));
    stage.until("shipping to be restored", || {
        let trails = stage.account()["trails"].as_array().unwrap().len();
        if trails == 1 { Ok(()) } else { Err(format!("{trails} trails")) }
    });
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"], json!([]));
}

#[test]
fn under_control_console_everything_else_is_prepared_and_events_are_the_proof() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"control": "Console", "deletionPolicy": "Retain"}));
    let waiting = stage.await_condition("prod-ops", "Shipping", "False", "AwaitingConsole");
    assert!(waiting["message"].as_str().unwrap().contains("https://"), "{waiting}");
    stage.until("the index to be made", || {
        let changes = stage.changes();
        if changes.contains(&"CreateIndex".to_owned()) { Ok(()) } else { Err(changes.join(" ")) }
    });
    stage.act(
        &json!({"action": "ship-from-log-service", "project": "my-audit", "logstore": "innertrail_prod-ops"}),
    );
    stage.emulator.post("/_sim/events", &json!({"count": 1})).unwrap();
    stage.await_ready("prod-ops");
    assert_eq!(stage.get("prod-ops")["status"]["trail"]["source"], "Evidence");
    let inner = stage.journal().iter().any(|call| call["action"].as_str().unwrap().contains("InnerTrail"));
    assert!(!inner, "an inner operation was called");
}

#[test]
fn what_others_write_into_the_logstore_is_no_platform_event() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"control": "Console", "deletionPolicy": "Retain"}));
    stage.until("the index to be made", || {
        let changes = stage.changes();
        if changes.contains(&"CreateIndex".to_owned()) { Ok(()) } else { Err(changes.join(" ")) }
    });
    stage.put_log("my-audit", "innertrail_prod-ops", "message", "not a platform event");
    stage.pass("prod-ops", "after-the-log");
    let shipping = condition(&stage.get("prod-ops"), "Shipping");
    assert_eq!(shipping["reason"], "AwaitingConsole", "{shipping}");
}
