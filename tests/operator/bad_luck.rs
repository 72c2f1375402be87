//! What goes wrong on the way: a cloud that is down, an API server that dies, replies that are lost.

use serde_json::json;

use super::stage::{Stage, condition};

/// What an undisturbed run changes, in order.
const CREATES: [&str; 4] = ["CreateProject", "CreateLogStore", "CreateInnerTrail", "CreateIndex"];

#[test]
fn a_cloud_that_is_down_is_told_and_its_return_is_noticed() {
    let mut stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.emulator.kill();
    stage.await_condition("prod-ops", "Authorized", "Unknown", "Unavailable");
    assert_eq!(condition(&stage.get("prod-ops"), "Ready")["status"], "Unknown");
    stage.emulator.restart().unwrap();
    stage.await_ready("prod-ops");
    assert_eq!(stage.changes(), CREATES);
}

#[test]
fn an_api_server_killed_midway_changes_nothing_in_the_end() {
    let mut stage = Stage::open();
    stage
        .emulator
        .post(
            "/_sim/faults",
            &json!([{"match": {"action": "CreateLogStore"}, "effect": {"kind": "hold-after"}}]),
        )
        .unwrap();
    stage.apply("prod-ops", &json!({}));
    stage.until("the Logstore to be made", || {
        let changes = stage.changes();
        if changes.len() == 2 { Ok(()) } else { Err(changes.join(" ")) }
    });
    stage.plane().kill_apiserver();
    stage.emulator.post("/_sim/faults/release", &json!({})).unwrap();
    stage.plane().restart_apiserver().unwrap();
    stage.await_ready("prod-ops");
    assert_eq!(stage.changes(), CREATES);
}

#[test]
fn a_lost_reply_is_followed_by_a_look_and_not_by_a_second_change() {
    let stage = Stage::open();
    let lost =
        |action: &str| json!({"match": {"action": action}, "effect": {"kind": "lost-reply"}, "times": 1});
    let faults =
        json!([lost("CreateProject"), lost("CreateLogStore"), lost("CreateInnerTrail"), lost("CreateIndex")]);
    stage.emulator.post("/_sim/faults", &faults).unwrap();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    assert_eq!(stage.changes(), CREATES);
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
}

#[test]
fn an_error_before_the_effect_is_tried_again() {
    let stage = Stage::open();
    let fails =
        |action: &str| json!({"match": {"action": action}, "effect": {"kind": "error-before"}, "times": 1});
    let faults = json!([
        fails("CreateProject"),
        fails("CreateLogStore"),
        fails("CreateInnerTrail"),
        fails("CreateIndex")
    ]);
    stage.emulator.post("/_sim/faults", &faults).unwrap();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    assert_eq!(stage.changes(), CREATES);
}

#[test]
fn throttling_is_told_and_outlived() {
    let stage = Stage::open();
    let faults = json!([{"match": {"action": "GetCallerIdentity"}, "effect": {"kind": "throttle", "retryAfterMs": 1500}, "times": 2}]);
    stage.emulator.post("/_sim/faults", &faults).unwrap();
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "Authorized", "Unknown", "Throttled");
    stage.await_ready("prod-ops");
}

#[test]
fn a_terminated_operator_ends_in_time_and_its_successor_finds_everything_in_order() {
    let mut stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    let version = stage.get("prod-ops")["metadata"]["resourceVersion"].clone();
    assert!(stage.operator.terminate(), "SIGTERM was not enough");
    let calls = stage.journal().len();
    stage.operator.restart().unwrap();
    stage.until("the successor's first pass", || {
        if stage.journal().len() > calls + 8 { Ok(()) } else { Err(stage.journal().len().to_string()) }
    });
    assert_eq!(stage.get("prod-ops")["metadata"]["resourceVersion"], version);
    assert_eq!(stage.changes(), CREATES);
}

#[test]
fn an_object_suspended_while_a_change_is_under_way_gets_no_further_change() {
    let stage = Stage::open();
    let held = json!([{"match": {"action": "CreateProject"}, "effect": {"kind": "hold-after"}}]);
    stage.emulator.post("/_sim/faults", &held).unwrap();
    stage.apply("prod-ops", &json!({}));
    stage.until("the project to be made", || {
        let changes = stage.changes();
        if changes.len() == 1 { Ok(()) } else { Err(changes.join(" ")) }
    });
    stage.patch("prod-ops", &json!({"spec": {"suspend": true}}));
    stage.emulator.post("/_sim/faults/release", &json!({})).unwrap();
    stage.await_condition("prod-ops", "Ready", "Unknown", "Suspended");
    assert_eq!(stage.changes(), ["CreateProject"]);
}
