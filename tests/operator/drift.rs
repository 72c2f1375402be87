//! What others do to the cloud behind the operator's back.

use serde_json::json;

use super::stage::{Stage, condition};

fn recording() -> Stage {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage
}

#[test]
fn a_switch_turned_off_is_told_and_turned_on_again() {
    let stage = recording();
    stage.act(&json!({"action": "turn-off-shipping"}));
    stage.until("shipping to be restored", || {
        let trails = stage.account()["trails"].as_array().unwrap().len();
        if trails == 1 { Ok(()) } else { Err(format!("{trails} trails")) }
    });
    stage.await_ready("prod-ops");
    let events = stage.events("prod-ops");
    let told = events.iter().find(|event| event.starts_with("DisabledOutOfBand: Shipping")).cloned();
    assert!(told.as_ref().is_some_and(|note| note.contains("my-audit/innertrail_prod-ops")), "{events:#?}");
    assert_eq!(stage.changes().iter().filter(|change| *change == "CreateInnerTrail").count(), 2);
}

#[test]
fn a_revoked_role_takes_ready_away_and_its_return_gives_it_back() {
    let stage = recording();
    stage.act(&json!({"action": "revoke-role"}));
    stage.await_condition("prod-ops", "Authorized", "False", "RoleMissing");
    let object = stage.get("prod-ops");
    assert_eq!(condition(&object, "Ready")["status"], "False");
    assert_eq!(condition(&object, "Shipping")["reason"], "UpstreamNotReady");
    stage.act(&json!({"action": "restore-role"}));
    stage.await_ready("prod-ops");
}

#[test]
fn a_managed_role_is_created_and_repaired() {
    let stage = Stage::open();
    stage.act(&json!({"action": "revoke-role"}));
    stage.apply("prod-ops", &json!({"role": {"manage": true}}));
    stage.await_ready("prod-ops");
    stage.act(&json!({"action": "break-role-trust"}));
    stage.until("the trust to be repaired", || {
        let changes = stage.changes();
        if changes.contains(&"UpdateRole".to_owned()) { Ok(()) } else { Err(changes.join(" ")) }
    });
    stage.act(&json!({"action": "detach-policy"}));
    stage.until("the policy to be attached again", || {
        let attached = stage.changes().iter().filter(|change| *change == "AttachPolicyToRole").count();
        if attached == 2 { Ok(()) } else { Err(format!("attached {attached} times")) }
    });
    stage.await_ready("prod-ops");
}

#[test]
fn a_deleted_logstore_and_a_deleted_index_are_made_again() {
    let stage = recording();
    stage.act(&json!({"action": "delete-index"}));
    stage.until("the index to be made again", || {
        let made = stage.changes().iter().filter(|change| *change == "CreateIndex").count();
        if made == 2 { Ok(()) } else { Err(format!("made {made} times")) }
    });
    stage.await_ready("prod-ops");
    stage
        .act(&json!({"action": "delete-logstore", "project": "my-audit", "logstore": "innertrail_prod-ops"}));
    stage.until("the Logstore to be made again", || {
        let made = stage.changes().iter().filter(|change| *change == "CreateLogStore").count();
        if made == 2 { Ok(()) } else { Err(format!("made {made} times")) }
    });
    stage.await_ready("prod-ops");
}

#[test]
fn a_destination_overwritten_by_others_is_named_and_left_alone() {
    let stage = recording();
    stage.act(&json!({"action": "create-project", "project": "theirs"}));
    stage.act(&json!({"action": "overwrite-destination", "project": "theirs"}));
    stage.await_condition("prod-ops", "Shipping", "False", "OverwrittenByActionTrailConsole");
    stage.pass("prod-ops", "again");
    assert_eq!(stage.account()["trails"][0]["project"], "theirs");
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"][0]["project"], "theirs");
}

#[test]
fn adoption_always_takes_the_destination_back() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"adoption": "Always"}));
    stage.await_ready("prod-ops");
    stage.act(&json!({"action": "create-project", "project": "theirs"}));
    stage.act(&json!({"action": "overwrite-destination", "project": "theirs"}));
    stage.until("the destination to be ours again", || {
        let project = stage.account()["trails"][0]["project"].clone();
        if project == "my-audit" { Ok(()) } else { Err(project.to_string()) }
    });
    stage.await_ready("prod-ops");
}

#[test]
fn retention_below_the_floor_is_told_and_a_wish_is_carried_out() {
    let stage = recording();
    stage.act(&json!({"action": "set-retention", "project": "my-audit", "logstore": "innertrail_prod-ops", "days": 30}));
    stage.await_condition("prod-ops", "LogstoreReady", "False", "RetentionTooShort");
    stage.patch("prod-ops", &json!({"spec": {"destination": {"retention": {"desiredDays": 365}}}}));
    stage.await_ready("prod-ops");
    assert_eq!(stage.account()["projects"][0]["logstores"][0]["ttl"], 365);
}

#[test]
fn enabled_false_switches_off_and_true_switches_on_again() {
    let stage = recording();
    stage.patch("prod-ops", &json!({"spec": {"enabled": false}}));
    stage.await_condition("prod-ops", "Shipping", "False", "Disabled");
    stage.until("shipping to be off", || {
        let trails = stage.account()["trails"].as_array().unwrap().len();
        if trails == 0 { Ok(()) } else { Err(format!("{trails} trails")) }
    });
    stage.patch("prod-ops", &json!({"spec": {"enabled": true}}));
    stage.await_ready("prod-ops");
}

#[test]
fn a_suspended_object_is_left_alone_and_can_still_be_deleted() {
    let stage = recording();
    stage.patch("prod-ops", &json!({"spec": {"suspend": true}}));
    stage.await_condition("prod-ops", "Ready", "Unknown", "Suspended");
    stage.act(&json!({"action": "turn-off-shipping"}));
    let calls = stage.journal().len();
    stage.pass("prod-ops", "while-suspended");
    assert_eq!(stage.journal().len(), calls);
    stage.patch("prod-ops", &json!({"spec": {"suspend": false}}));
    stage.await_ready("prod-ops");
    stage.patch("prod-ops", &json!({"spec": {"suspend": true}}));
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.account()["trails"], json!([]));
}

#[test]
fn mode_observe_changes_nothing_even_at_deletion() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"mode": "Observe"}));
    stage.await_condition("prod-ops", "LogstoreReady", "False", "ProjectNotFound");
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    assert_eq!(stage.changes(), [] as [String; 0]);
}
