//! Snapshots by the control API.

use serde_json::{Value, json};

use super::client::*;

fn projects(emulator: &Emulator) -> Value {
    let account = emulator.account();
    account["projects"].as_array().unwrap().iter().map(|project| project["name"].clone()).collect()
}

fn take(emulator: &Emulator, body: &Value) -> Reply {
    control(emulator.address(), "POST", "/_sim/snapshot", &body.to_string())
}

fn restore(emulator: &Emulator, name: &str) -> Reply {
    control(emulator.address(), "POST", "/_sim/restore", &json!({"name": name}).to_string())
}

#[test]
fn restored_state_is_that_of_the_snapshot() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.post("/_sim/events", &json!({"count": 50}));
    emulator.post("/_sim/quirks", &json!({"innerList": "Wrapped"}));
    let before = (emulator.get("/_sim/state"), emulator.journal());
    assert_eq!(take(&emulator, &json!({"name": "one"})).status, 200);
    emulator.act(&json!({"action": "turn-off-shipping"}));
    emulator.post("/_sim/quirks", &json!({"innerList": "Trails"}));
    emulator.make_project("later-proj");
    assert_eq!(restore(&emulator, "one").status, 200);
    let mut journal = emulator.journal();
    assert_eq!(journal.pop().unwrap()["action"], "restore-snapshot");
    assert_eq!(journal, before.1);
    assert_eq!(emulator.get("/_sim/state")["accounts"], before.0["accounts"]);
    assert_eq!(emulator.get("/_sim/quirks")["innerList"], "Wrapped");
}

#[test]
fn restored_state_survives_a_restart_and_can_be_written() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    take(&emulator, &json!({"name": "one"}));
    emulator.make_project("later-proj");
    assert_eq!(restore(&emulator, "one").status, 200);
    let emulator = emulator.restarted();
    assert_eq!(projects(&emulator), json!(["my-proj"]));
    emulator.make_project("other-proj");
    assert_eq!(projects(&emulator), json!(["my-proj", "other-proj"]));
}

#[test]
fn clock_goes_back_to_the_offset_of_the_snapshot() {
    let emulator = Emulator::start();
    take(&emulator, &json!({"name": "one"}));
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 86_400}));
    restore(&emulator, "one");
    assert_eq!(emulator.rpc(STS, "GetCallerIdentity", &[]).status, 200);
}

#[test]
fn snapshots_are_listed_and_replaced_only_on_request() {
    let emulator = Emulator::start();
    assert_eq!(emulator.get("/_sim/snapshots"), json!({"snapshots": []}));
    assert_eq!(take(&emulator, &json!({"name": "one"})).status, 200);
    assert_eq!(take(&emulator, &json!({"name": "one"})).status, 400);
    assert_eq!(take(&emulator, &json!({"name": "one", "replace": true})).status, 200);
    let listed = emulator.get("/_sim/snapshots");
    assert_eq!(listed["snapshots"].as_array().unwrap().len(), 1);
    assert_eq!(listed["snapshots"][0]["name"], "one");
}

#[test]
fn names_lead_nowhere_else() {
    let emulator = Emulator::start();
    let long = "a".repeat(65);
    for name in ["", "../one", "a/b", ".", "a.b", "ä", "a\0b", &long] {
        assert_eq!(take(&emulator, &json!({"name": name})).status, 400, "{name}");
        assert_eq!(restore(&emulator, name).status, 400, "{name}");
    }
    assert_eq!(take(&emulator, &json!({})).status, 400);
}

#[test]
fn unknown_snapshot_is_told_with_those_that_are_there() {
    let emulator = Emulator::start();
    take(&emulator, &json!({"name": "one"}));
    let reply = restore(&emulator, "two");
    assert_eq!((reply.status, reply.body_json()["snapshots"][0]["name"].as_str()), (404, Some("one")));
}

#[test]
fn what_is_no_state_is_refused_and_changes_nothing() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    take(&emulator, &json!({"name": "one"}));
    let file = emulator.data().join("snapshots/one.sqlite");
    let good = std::fs::read(&file).unwrap();
    let broken =
        [good[..good.len() / 2].to_vec(), b"not a database, but long enough to be one".to_vec(), Vec::new()];
    for bytes in broken {
        std::fs::write(&file, &bytes).unwrap();
        let reply = restore(&emulator, "one");
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(projects(&emulator), json!(["my-proj"]));
    }
}

#[test]
fn state_of_another_seed_is_refused() {
    let emulator = Emulator::start();
    let data = tempfile::tempdir().unwrap();
    let filled = data.path().join("filled");
    let seed = cloudsim::Seed {
        data: filled.clone(),
        seed: 99,
        project: "my-proj".to_owned(),
        trail: "prod-ops".to_owned(),
        events: 1,
        span_secs: 60,
        until: None,
    };
    seed.fill(|_| {}).unwrap();
    take(&emulator, &json!({"name": "one"}));
    let file = emulator.data().join("snapshots/one.sqlite");
    std::fs::remove_file(&file).unwrap();
    cloudsim::copy(&filled, &file).unwrap();
    let reply = restore(&emulator, "one");
    assert!(reply.status == 400 && reply.text().contains("another access key"), "{}", reply.text());
}

#[test]
fn snapshot_stays_when_its_replacement_cannot_be_written() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    assert_eq!(take(&emulator, &json!({"name": "one"})).status, 200);
    // In the way of the file that is written first.
    std::fs::create_dir(emulator.data().join("snapshots/one.partial")).unwrap();
    emulator.make_project("later-proj");
    assert_eq!(take(&emulator, &json!({"name": "one", "replace": true})).status, 500);
    assert_eq!(restore(&emulator, "one").status, 200);
    assert_eq!(projects(&emulator), json!(["my-proj"]));
}
