//! Faults asked for by the control API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::*;

fn set(emulator: &Emulator, fault: &Value) {
    emulator.post("/_sim/faults", &json!([fault]));
}

fn fault(emulator: &Emulator) -> Value {
    emulator.get("/_sim/faults")["faults"][0].clone()
}

/// Waits until the first fault holds a call.
fn await_holding(emulator: &Emulator) {
    await_that(|| fault(emulator)["holding"] == 1);
}

fn await_that(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited too long");
        std::thread::yield_now();
    }
}

fn create_project(emulator: &Emulator) -> Wire {
    sls(&emulator.key, "my-proj", "POST", "/", &json!({"projectName": "my-proj"}))
}

fn project_count(emulator: &Emulator) -> usize {
    emulator.account()["projects"].as_array().unwrap().len()
}

#[test]
fn error_before_the_effect_leaves_no_effect() {
    let emulator = Emulator::start();
    set(
        &emulator,
        &json!({"match": {"mutating": true}, "effect": {"kind": "error-before", "status": 503, "code": "ServerBusy"}}),
    );
    assert_refused(&emulator.send(&create_project(&emulator)), 503, "ServerBusy");
    assert_eq!(project_count(&emulator), 0);
    let entry = emulator.last_entry();
    assert_eq!((&entry["changed"], &entry["fault"]), (&json!(false), &json!("error-before")));
    assert_eq!(entry["account"], ACCOUNT);
}

#[test]
fn error_after_the_effect_hides_it() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"match": {"action": "CreateProject"}, "effect": {"kind": "error-after"}}));
    assert_refused(&emulator.send(&create_project(&emulator)), 500, "InternalServerError");
    assert_eq!(project_count(&emulator), 1);
    let entry = emulator.last_entry();
    assert_eq!((&entry["changed"], &entry["status"]), (&json!(true), &json!(500)));
}

#[test]
fn lost_reply_cuts_the_connection_after_the_effect() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"match": {"mutating": true}, "effect": {"kind": "lost-reply"}}));
    assert!(create_project(&emulator).send(emulator.address(), Form::Absolute).is_none());
    assert_eq!(project_count(&emulator), 1);
}

#[test]
fn held_reply_comes_once_released() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"match": {"mutating": true}, "effect": {"kind": "hold-after"}}));
    let mut stream = create_project(&emulator).start(emulator.address(), Form::Absolute);
    await_holding(&emulator);
    assert_eq!(project_count(&emulator), 1);
    emulator.post("/_sim/faults/release", &json!({}));
    assert_eq!(finish(&mut stream).unwrap().status, 200);
    assert_eq!(fault(&emulator)["holding"], 0);
}

#[test]
fn request_held_before_its_effect_takes_effect_after_its_sender_died() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"match": {"mutating": true}, "effect": {"kind": "hold-before"}}));
    let stream = create_project(&emulator).start(emulator.address(), Form::Absolute);
    await_holding(&emulator);
    drop(stream);
    assert_eq!(project_count(&emulator), 0);
    emulator.post("/_sim/faults/release", &json!({}));
    await_that(|| project_count(&emulator) == 1);
}

#[test]
fn throttled_call_carries_the_hint() {
    let emulator = Emulator::start();
    set(
        &emulator,
        &json!({"match": {"service": "ram"}, "effect": {"kind": "throttle", "retryAfterMs": 1500}}),
    );
    let reply = emulator.rpc(RAM, "GetRole", &[("RoleName", ROLE)]);
    assert_refused(&reply, 400, "Throttling.User");
    assert_eq!(reply.header("x-acs-retry-after"), Some("1500"));
    assert_eq!(emulator.rpc(RAM, "GetRole", &[("RoleName", ROLE)]).status, 200);
}

#[test]
fn nth_mutation_is_struck_across_services() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"match": {"mutating": true, "nth": 2}, "effect": {"kind": "error-before"}}));
    emulator.make_project("my-audit");
    emulator.rpc(RAM, "GetRole", &[("RoleName", ROLE)]);
    assert_refused(&emulator.create_trail("prod-ops", "my-audit"), 500, "InternalError");
    assert_eq!(emulator.create_trail("prod-ops", "my-audit").status, 200);
    assert_eq!((&fault(&emulator)["hits"], &fault(&emulator)["seen"]), (&json!(1), &json!(3)));
}

#[test]
fn cleared_faults_strike_no_more() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"effect": {"kind": "error-before"}, "times": 0}));
    assert_eq!(emulator.rpc(STS, "GetCallerIdentity", &[]).status, 500);
    assert_eq!(control(emulator.address(), "DELETE", "/_sim/faults", "").status, 200);
    assert_eq!(emulator.rpc(STS, "GetCallerIdentity", &[]).status, 200);
}

#[test]
fn control_api_is_not_struck() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"effect": {"kind": "lost-reply"}, "times": 0}));
    assert_eq!(emulator.get("/_sim/health")["status"], "ok");
}
