//! The operator is killed after each change it makes in the cloud, before it reads the reply: for every k of a create
//! and of a delete. The end is that of an undisturbed run, and nothing is made twice.

use serde_json::{Value, json};

use super::stage::Stage;

/// What an undisturbed create changes, in order.
const CREATES: [&str; 4] = ["CreateProject", "CreateLogStore", "CreateInnerTrail", "CreateIndex"];

/// Has the k-th change from now on made, and its reply held.
fn hold_after(stage: &Stage, k: usize) {
    let fault =
        json!([{"match": {"mutating": true, "nth": k}, "effect": {"kind": "hold-after"}, "times": 1}]);
    stage.emulator.post("/_sim/faults", &fault).unwrap();
}

/// Kills the operator while the reply is held, then lets a new one go on.
fn kill_while_held(stage: &mut Stage, changes: usize) {
    stage.until("the change to be made", || {
        let made = stage.changes();
        if made.len() == changes { Ok(()) } else { Err(made.join(" ")) }
    });
    stage.operator.kill();
    stage.emulator.post("/_sim/faults/release", &json!({})).unwrap();
    stage.operator.restart().unwrap();
}

/// What is left in the account, without times.
fn end_state(stage: &Stage) -> Value {
    let account = stage.account();
    let logstore = &account["projects"][0]["logstores"][0];
    json!({
        "trails": account["trails"].as_array().unwrap().iter().map(|trail| [&trail["name"], &trail["project"], &trail["logstore"]].map(Value::clone)).collect::<Vec<_>>(),
        "logstore": [logstore["name"], logstore["ttl"], logstore["index"]],
        "counts": [account["projects"].as_array().unwrap().len(), account["projects"][0]["logstores"].as_array().unwrap().len()],
    })
}

#[test]
fn killed_after_every_change_of_a_create_the_end_is_the_same_and_nothing_is_made_twice() {
    let reference = {
        let stage = Stage::open();
        stage.apply("prod-ops", &json!({}));
        stage.await_ready("prod-ops");
        assert_eq!(stage.changes(), CREATES);
        end_state(&stage)
    };
    for k in 1..=CREATES.len() {
        let mut stage = Stage::open();
        hold_after(&stage, k);
        stage.apply("prod-ops", &json!({}));
        kill_while_held(&mut stage, k);
        stage.await_ready("prod-ops");
        assert_eq!(stage.changes(), CREATES, "killed after change {k}");
        assert_eq!(end_state(&stage), reference, "killed after change {k}");
    }
}

#[test]
fn killed_after_the_change_of_a_delete_the_object_goes_and_shipping_is_off() {
    let mut stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    hold_after(&stage, 1);
    stage.delete("prod-ops");
    kill_while_held(&mut stage, CREATES.len() + 1);
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"], json!([]));
    assert_eq!(stage.changes().last().unwrap(), "DeleteInnerTrail");
    assert_eq!(stage.changes().len(), CREATES.len() + 1);
}

#[test]
fn deleted_while_its_creator_is_dead_nothing_is_left_shipping() {
    for k in 1..=CREATES.len() {
        let mut stage = Stage::open();
        hold_after(&stage, k);
        stage.apply("prod-ops", &json!({}));
        stage.until("the change to be made", || {
            let made = stage.changes();
            if made.len() == k { Ok(()) } else { Err(made.join(" ")) }
        });
        stage.operator.kill();
        stage.delete("prod-ops");
        stage.emulator.post("/_sim/faults/release", &json!({})).unwrap();
        stage.operator.restart().unwrap();
        stage.await_gone("prod-ops");
        assert_eq!(stage.account()["trails"], json!([]), "killed after change {k}");
    }
}

#[test]
fn a_change_that_lands_after_its_sender_died_is_not_overlooked_by_the_deletion() {
    let mut stage = Stage::open();
    let fault =
        json!([{"match": {"action": "CreateInnerTrail"}, "effect": {"kind": "hold-before"}, "times": 1}]);
    stage.emulator.post("/_sim/faults", &fault).unwrap();
    stage.apply("prod-ops", &json!({}));
    stage.until("the intent to be written", || {
        let step = stage.get("prod-ops")["status"]["intent"]["step"].clone();
        if step == "CreateInnerTrail" { Ok(()) } else { Err(step.to_string()) }
    });
    stage.until("the call to be held", || {
        let faults = stage.emulator.get("/_sim/faults").unwrap();
        if faults.to_string().contains("\"holding\":1") { Ok(()) } else { Err(faults.to_string()) }
    });
    stage.operator.kill();
    stage.delete("prod-ops");
    stage.operator.restart().unwrap();
    stage.operator.wait_ready().unwrap();
    stage.emulator.post("/_sim/faults/release", &json!({})).unwrap();
    stage.await_gone("prod-ops");
    stage.until("shipping to be off", || {
        let trails = stage.account()["trails"].clone();
        if trails == json!([]) { Ok(()) } else { Err(trails.to_string()) }
    });
}
