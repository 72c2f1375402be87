//! A cloud that shows its changes late, and failures that stay: nothing is made twice, nothing is told twice.

use serde_json::{Value, json};

use super::stage::{Stage, condition};

/// What an undisturbed run changes, in order.
const CREATES: [&str; 4] = ["CreateProject", "CreateLogStore", "CreateInnerTrail", "CreateIndex"];

fn quirks(stage: &Stage, quirks: &Value) {
    stage.emulator.post("/_sim/quirks", quirks).unwrap();
}

fn faults(stage: &Stage, faults: &Value) {
    stage.emulator.post("/_sim/faults", faults).unwrap();
}

/// How often an operation was called, whatever came of it.
fn calls(stage: &Stage, action: &str) -> usize {
    stage.journal().iter().filter(|call| call["action"] == action).count()
}

#[test]
fn what_settles_is_waited_for_and_not_asked_for_again() {
    let stage = Stage::open();
    quirks(
        &stage,
        &json!({"projectSettlesSeconds": 8, "logstoreSettlesSeconds": 8, "indexSettlesSeconds": 8, "indexMade": false}),
    );
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "LogstoreReady", "False", "Settling");
    stage.await_ready("prod-ops");
    assert_eq!(CREATES.map(|action| calls(&stage, action)), [1; 4]);
    let events = stage.events("prod-ops");
    assert!(!events.iter().any(|event| event.contains("choose another name")), "{events:#?}");
}

#[test]
fn a_trail_that_is_listed_late_is_made_once_and_still_switched_off_at_deletion() {
    let stage = Stage::open();
    let late = json!([{"match": {"action": "CreateInnerTrail"}, "effect": {"kind": "stale-reads", "seconds": 3600}}]);
    faults(&stage, &late);
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "Shipping", "False", "Settling");
    stage.pass("prod-ops", "while-it-settles");
    assert_eq!(calls(&stage, "CreateInnerTrail"), 1);
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"], json!([]));
}

#[test]
fn enabled_false_is_carried_out_whatever_else_is_open() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.act(&json!({"action": "set-retention", "project": "my-audit", "logstore": "innertrail_prod-ops", "days": 30}));
    stage.await_condition("prod-ops", "LogstoreReady", "False", "RetentionTooShort");
    stage.patch("prod-ops", &json!({"spec": {"enabled": false}}));
    stage.until("shipping to be off", || {
        let trails = stage.account()["trails"].as_array().unwrap().len();
        if trails == 0 { Ok(()) } else { Err(format!("{trails} trails")) }
    });
}

#[test]
fn replies_that_keep_getting_lost_do_not_move_the_condition() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    let fails = json!([{"match": {"action": "CreateInnerTrail"}, "effect": {"kind": "error-before", "status": 503}, "times": 4}]);
    faults(&stage, &fails);
    stage.act(&json!({"action": "turn-off-shipping"}));
    let first = stage.await_condition("prod-ops", "Shipping", "Unknown", "Unavailable");
    stage.until("more attempts", || {
        let made = calls(&stage, "CreateInnerTrail");
        if made > 3 { Ok(()) } else { Err(format!("{made} attempts")) }
    });
    let shipping = stage.await_condition("prod-ops", "Shipping", "Unknown", "Unavailable");
    assert_eq!(shipping["lastTransitionTime"], first["lastTransitionTime"]);
    stage.await_ready("prod-ops");
}

#[test]
fn a_deletion_that_stays_refused_is_told_once() {
    let stage = Stage::with(|emulator| {
        let allowed = json!([
            "actiontrail:Create*",
            "actiontrail:Describe*",
            "actiontrail:Get*",
            "log:*",
            "ram:*",
            "sts:*"
        ]);
        let user = json!({"action": "create-user", "name": "operator", "permissions": allowed});
        let key = emulator.post("/_sim/actions", &user).unwrap()["result"].take();
        let part = |name: &str| key[name].as_str().unwrap().to_owned();
        vec![
            ("ALIBABA_CLOUD_ACCESS_KEY_ID".to_owned(), part("accessKeyId")),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET".to_owned(), part("accessKeySecret")),
        ]
    });
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.delete("prod-ops");
    let first = stage.await_condition("prod-ops", "Ready", "False", "DeletionBlocked");
    assert!(first["message"].as_str().unwrap().contains("actiontrail:DeleteInnerTrail"), "{first}");
    let before = calls(&stage, "DeleteInnerTrail");
    stage.until("more attempts", || {
        let made = calls(&stage, "DeleteInnerTrail");
        if made > before + 1 { Ok(()) } else { Err(format!("{made} attempts")) }
    });
    let object = stage.get("prod-ops");
    assert_eq!(condition(&object, "Ready")["reason"], "DeletionBlocked");
    assert_eq!(condition(&object, "Authorized")["status"], "Unknown");
    let told = stage.events("prod-ops").iter().filter(|event| event.starts_with("DeletionBlocked")).count();
    assert_eq!(told, 1);
    let all = json!({"action": "set-user-permissions", "name": "operator", "permissions": ["*"]});
    stage.act(&all);
    stage.await_gone("prod-ops");
}

#[test]
fn an_event_about_a_refusal_quotes_the_request_id_and_the_condition_does_not() {
    let stage = Stage::open();
    stage.act(&json!({"action": "withdraw-feature"}));
    stage.apply("prod-ops", &json!({}));
    let told = stage.await_condition("prod-ops", "Authorized", "False", "FeatureNotGranted");
    let id = stage.get("prod-ops")["status"]["lastError"]["requestId"].as_str().unwrap().to_owned();
    assert!(!told["message"].as_str().unwrap().contains(&id));
    let events = stage.events("prod-ops");
    assert!(events.iter().any(|event| event.contains("request id `")), "{events:#?}");
    assert!(stage.log().contains(&id));
}
