//! What is wrong from the start: each shows as a condition with its own reason, and mends without a restart.

use serde_json::{Value, json};

use super::stage::{Stage, condition};

fn named_secret() -> Value {
    json!({"credentials": {"secretRef": {"name": "alibaba"}}})
}

#[test]
fn a_missing_then_wrong_then_right_secret_is_followed() {
    let stage = Stage::open();
    let greeting = stage.emulator.greeting().clone();
    stage.apply("prod-ops", &named_secret());
    let missing = stage.await_condition("prod-ops", "Authorized", "False", "CredentialsMissing");
    assert!(missing["message"].as_str().unwrap().contains("alibaba"), "{missing}");
    assert_eq!(stage.journal(), [] as [Value; 0]);
    stage.secret(&greeting.access_key_id, "a-secret-that-is-wrong");
    stage.await_condition("prod-ops", "Authorized", "False", "CredentialsInvalid");
    stage.secret(&greeting.access_key_id, &greeting.access_key_secret);
    stage.await_ready("prod-ops");
    let told = format!("{}{}{:?}", stage.log(), stage.get("prod-ops"), stage.events("prod-ops"));
    assert!(
        !told.contains("a-secret-that-is-wrong") && !told.contains(&greeting.access_key_secret),
        "a secret was told"
    );
}

#[test]
fn a_denied_call_names_the_action_that_is_missing() {
    let stage = Stage::with(|_| Vec::new());
    let all_but_trails = ["log:*", "ram:*", "sts:*", "actiontrail:GetTrailStatus"];
    let user = stage.act(&json!({"action": "create-user", "name": "auditor", "permissions": all_but_trails}))
        ["result"]
        .clone();
    stage.secret(user["accessKeyId"].as_str().unwrap(), user["accessKeySecret"].as_str().unwrap());
    stage.apply("prod-ops", &named_secret());
    let denied = stage.await_condition("prod-ops", "Authorized", "False", "AccessDenied");
    assert!(denied["message"].as_str().unwrap().contains("`actiontrail:DescribeInnerTrails`"), "{denied}");
    stage.act(&json!({"action": "set-user-permissions", "name": "auditor", "permissions": ["*"]}));
    stage.await_ready("prod-ops");
}

#[test]
fn a_denied_change_is_told_like_a_denied_read_and_tried_again() {
    let stage = Stage::with(|_| Vec::new());
    let reads = ["log:Get*", "ram:*", "sts:*", "actiontrail:*"];
    let user =
        stage.act(&json!({"action": "create-user", "name": "auditor", "permissions": reads}))["result"]
            .clone();
    stage.secret(user["accessKeyId"].as_str().unwrap(), user["accessKeySecret"].as_str().unwrap());
    stage.apply("prod-ops", &named_secret());
    let denied = stage.await_condition("prod-ops", "Authorized", "False", "AccessDenied");
    assert!(denied["message"].as_str().unwrap().contains("`log:CreateProject`"), "{denied}");
    stage.act(&json!({"action": "set-user-permissions", "name": "auditor", "permissions": ["*"]}));
    stage.await_ready("prod-ops");
}

#[test]
fn an_unknown_region_is_told_with_the_host_that_does_not_answer() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"region": "cn-nowhere"}));
    let told = stage.await_condition("prod-ops", "Authorized", "Unknown", "Unavailable");
    assert!(told["message"].as_str().unwrap().contains("cn-nowhere"), "{told}");
}

#[test]
fn a_project_name_taken_by_another_account_is_told() {
    let stage = Stage::open();
    stage.act(&json!({"action": "take-project", "project": "my-audit"}));
    stage.apply("prod-ops", &json!({}));
    let told = stage.await_condition("prod-ops", "LogstoreReady", "False", "ProjectNameTakenElsewhere");
    assert!(told["message"].as_str().unwrap().contains("`my-audit`"), "{told}");
    assert_eq!(stage.changes(), [] as [String; 0]);
}

#[test]
fn the_wrong_account_is_never_touched() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"accountId": "9999999999999999"}));
    stage.await_condition("prod-ops", "Authorized", "False", "WrongAccount");
    assert_eq!(stage.changes(), [] as [String; 0]);
}

#[test]
fn an_overdue_account_and_a_service_that_is_not_open_are_told() {
    let stage = Stage::open();
    stage.act(&json!({"action": "set-overdue"}));
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "Authorized", "False", "AccountOverdue");
    stage.act(&json!({"action": "set-overdue", "overdue": false}));
    stage.act(&json!({"action": "set-sls-open", "open": false}));
    stage.await_condition("prod-ops", "Authorized", "False", "ServiceNotOpened");
    stage.act(&json!({"action": "set-sls-open", "open": true}));
    stage.await_ready("prod-ops");
}

#[test]
fn a_clock_that_is_off_is_made_up_for() {
    let stage = Stage::open();
    stage.emulator.post("/_sim/clock", &json!({"offsetSeconds": 3600})).unwrap();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    assert!(stage.log().contains("the clock differs from the cloud's"), "the log does not tell");
    stage.emulator.post("/_sim/clock", &json!({"offsetSeconds": 0})).unwrap();
    stage.pass("prod-ops", "again");
    stage.await_ready("prod-ops");
}

#[test]
fn what_is_not_supported_yet_is_said_by_name() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({"mode": "Plan"}));
    let told = stage.await_condition("prod-ops", "Stalled", "True", "NotYetSupported");
    assert!(told["message"].as_str().unwrap().contains("spec.mode"), "{told}");
    assert_eq!(stage.journal(), [] as [Value; 0]);
}

#[test]
fn an_object_of_a_newer_schema_is_stalled_and_others_go_on() {
    let stage = Stage::open();
    let modes = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/mode/enum";
    let crd = stage.kubectl.json(&["get", "crd", "innertrails.innertrail.io"]).unwrap();
    let known = crd.pointer(modes).unwrap().clone();
    let mut newer = known.as_array().unwrap().clone();
    newer.push(json!("Advise"));
    let set = |modes_now: &Value| {
        let patch = json!([{"op": "replace", "path": modes, "value": modes_now}]).to_string();
        stage
            .kubectl
            .ok(&["patch", "crd", "innertrails.innertrail.io", "--type=json", "-p", &patch])
            .unwrap();
    };
    set(&json!(newer));
    let manifest = stage.manifest("from-the-future", &json!({"mode": "Advise"})).to_string();
    stage.until("the newer schema to be served", || {
        stage.kubectl.apply(&manifest).map_err(|error| error.to_string())
    });
    let told = stage.await_condition("from-the-future", "Stalled", "True", "InvalidSpec");
    assert!(told["message"].as_str().unwrap().contains("Advise"), "{told}");
    assert_eq!(condition(&stage.get("from-the-future"), "Ready")["status"], "False");
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.delete("from-the-future");
    stage.await_gone("from-the-future");
    set(&known);
}
