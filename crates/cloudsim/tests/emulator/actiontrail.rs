//! The inner trail: what it needs, what it makes, what stops it.

use serde_json::{Value, json};

use super::client::*;

fn created(emulator: &Emulator, parameters: &[(&str, &str)]) -> Reply {
    emulator.rpc(ACTIONTRAIL, "CreateInnerTrail", parameters)
}

fn status(emulator: &Emulator, name: &str) -> Value {
    emulator.rpc(ACTIONTRAIL, "GetTrailStatus", &[("Name", name)]).body_json()
}

/// Generates events; true when they arrived.
fn delivers(emulator: &Emulator) -> bool {
    emulator.post("/_sim/events", &json!({"count": 3}))["delivered"] == 3
}

#[test]
fn created_trail_is_described_with_its_destination() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let list = emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]).body_json();
    let trail = &list["TrailList"][0];
    assert_eq!(trail["Name"], "prod-ops");
    assert_eq!(trail["HomeRegion"], REGION);
    assert_eq!(trail["SlsProjectArn"], project_arn("my-audit"));
    assert_eq!(trail["SlsLogStore"], "innertrail_prod-ops");
    assert_eq!(trail["Status"], "Enable");
}

#[test]
fn created_trail_makes_logstore_index_and_dashboard() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let logstore =
        emulator.sls("my-audit", "GET", "/logstores/innertrail_prod-ops", &Value::Null).body_json();
    assert_eq!(logstore["ttl"], 3650);
    let index =
        emulator.sls("my-audit", "GET", "/logstores/innertrail_prod-ops/index", &Value::Null).body_json();
    assert_eq!(index["keys"]["EventName"]["doc_value"], true);
    let dashboard =
        emulator.sls("my-audit", "GET", "/dashboards/innertrail_prod-ops_audit_center_cn", &Value::Null);
    assert_eq!(dashboard.status, 200);
}

#[test]
fn existing_logstore_is_used_and_its_index_left_alone() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    emulator.make_logstore("my-audit", "innertrail_prod-ops");
    assert_eq!(emulator.create_trail("prod-ops", "my-audit").status, 200);
    let logstore = emulator.logstore("my-audit", "innertrail_prod-ops");
    assert_eq!(logstore["dedicatedTo"], "prod-ops");
    assert_eq!(logstore["ttl"], 30);
    assert_eq!(logstore["index"], Value::Null);
}

#[test]
fn trail_is_seen_in_its_home_region_only() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let elsewhere = emulator.rpc("actiontrail.cn-shanghai.aliyuncs.com", "DescribeInnerTrails", &[]);
    assert_eq!(elsewhere.body_json()["TrailList"], json!([]));
    let filtered = emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[("NameList", "other-one,prod-ops")]);
    assert_eq!(filtered.body_json()["TrailList"].as_array().unwrap().len(), 1);
}

#[test]
fn second_trail_is_refused_in_every_region() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    assert_refused(&emulator.create_trail("prod-ops", "my-audit"), 400, "TrailAlreadyExistsException");
    assert_refused(
        &emulator.create_trail("other-ops", "my-audit"),
        403,
        "MaximumNumberOfTrailsExceededException",
    );
    let arn = project_arn("my-audit");
    let elsewhere = "actiontrail.cn-shanghai.aliyuncs.com";
    let reply =
        emulator.rpc(elsewhere, "CreateInnerTrail", &[("Name", "other-ops"), ("SlsProjectArn", &arn)]);
    assert_refused(&reply, 403, "MaximumNumberOfTrailsExceededException");
}

#[test]
fn another_account_may_have_its_own_trail() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let other = emulator.other_account("2222222222222222");
    emulator.send(&sls(&other, "their-audit", "POST", "/", &json!({"projectName": "their-audit"})));
    let arn = "acs:log:cn-hangzhou:2222222222222222:project/their-audit";
    let wire = rpc(&other, ACTIONTRAIL, "CreateInnerTrail", &[("Name", "prod-ops"), ("SlsProjectArn", arn)]);
    assert_eq!(emulator.send(&wire).status, 200);
}

#[test]
fn account_without_grant_has_no_inner_operations() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "withdraw-feature"}));
    for action in ["DescribeInnerTrails", "CreateInnerTrail", "DeleteInnerTrail"] {
        assert_refused(
            &emulator.rpc(ACTIONTRAIL, action, &[("Name", "prod-ops")]),
            404,
            "InvalidAction.NotFound",
        );
    }
    assert_eq!(emulator.rpc(ACTIONTRAIL, "DescribeTrails", &[]).body_json()["TrailList"], json!([]));
    emulator.act(&json!({"action": "grant-feature"}));
    assert_eq!(emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]).status, 200);
}

#[test]
fn project_must_exist() {
    let emulator = Emulator::start();
    assert_refused(&emulator.create_trail("prod-ops", "no-such"), 400, "SlsProjectDoesNotExistException");
}

#[test]
fn role_must_exist_and_trust_the_service() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    emulator.act(&json!({"action": "break-role-trust"}));
    assert_refused(&emulator.create_trail("prod-ops", "my-audit"), 403, "NeedRamAuthorize");
    emulator.act(&json!({"action": "revoke-role"}));
    assert_refused(&emulator.create_trail("prod-ops", "my-audit"), 403, "NeedRamAuthorize");
    emulator.act(&json!({"action": "restore-role"}));
    assert_eq!(emulator.create_trail("prod-ops", "my-audit").status, 200);
}

#[test]
fn role_must_have_the_policy() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    emulator.act(&json!({"action": "detach-policy"}));
    assert_refused(&emulator.create_trail("prod-ops", "my-audit"), 403, "InsufficientSlsPolicyException");
}

#[test]
fn logstore_outside_the_policy_is_not_made() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    let arn = project_arn("my-audit");
    let reply =
        created(&emulator, &[("Name", "prod-ops"), ("SlsProjectArn", &arn), ("SlsLogStore", "elsewhere")]);
    assert_refused(&reply, 403, "InsufficientSlsPolicyException");
    assert_eq!(emulator.logstore("my-audit", "elsewhere"), Value::Null);
}

#[test]
fn existing_logstore_outside_the_policy_is_taken_but_gets_nothing() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    emulator.make_logstore("my-audit", "elsewhere");
    let arn = project_arn("my-audit");
    let reply =
        created(&emulator, &[("Name", "prod-ops"), ("SlsProjectArn", &arn), ("SlsLogStore", "elsewhere")]);
    assert_eq!(reply.status, 200);
    assert!(!delivers(&emulator));
}

#[test]
fn unpaid_log_service_refuses_a_new_trail() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    emulator.act(&json!({"action": "set-overdue"}));
    assert_refused(&emulator.create_trail("prod-ops", "my-audit"), 403, "ProjectForbidden");
}

#[test]
fn names_are_validated() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    assert_refused(&emulator.create_trail("short", "my-audit"), 400, "InvalidTrailNameException");
    assert_refused(&created(&emulator, &[]), 400, "MissingName");
    assert_refused(&created(&emulator, &[("Name", "prod-ops")]), 400, "MissingSlsProjectArn");
    let reply = created(&emulator, &[("Name", "prod-ops"), ("SlsProjectArn", "nonsense")]);
    assert_refused(&reply, 400, "InvalidDeliveryConfigurationException");
}

#[test]
fn unknown_trail_is_not_found() {
    let emulator = Emulator::start();
    for action in ["DeleteInnerTrail", "GetTrailStatus"] {
        assert_refused(
            &emulator.rpc(ACTIONTRAIL, action, &[("Name", "prod-ops")]),
            404,
            "TrailNotFoundException",
        );
    }
}

#[test]
fn events_arrive_and_can_be_queried() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    assert!(delivers(&emulator));
    let now = jiff::Timestamp::now().as_second();
    let body = json!({"from": now - 600, "to": now + 600, "query": "*", "line": 100, "offset": 0});
    let rows = emulator.sls("my-audit", "POST", "/logstores/innertrail_prod-ops/logs", &body).body_json();
    assert_eq!(rows["data"].as_array().unwrap().len(), 3);
    assert_eq!(rows["data"][0]["ResourceOwnerID"], ACCOUNT);
    assert!(status(&emulator, "prod-ops")["LatestDeliveryLogServiceTime"].is_string());
}

#[test]
fn deleted_trail_leaves_logstore_index_and_events() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    assert!(delivers(&emulator));
    assert_eq!(emulator.rpc(ACTIONTRAIL, "DeleteInnerTrail", &[("Name", "prod-ops")]).status, 200);
    assert!(!delivers(&emulator));
    let logstore = emulator.logstore("my-audit", "innertrail_prod-ops");
    assert_eq!(logstore["eventCount"], 3);
    assert!(logstore["index"].is_object());
}

/// After the action nothing is delivered, and the trail's status says why.
fn assert_stops(action: &Value, why: &str) {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    assert!(delivers(&emulator));
    emulator.act(action);
    let answer = emulator.post("/_sim/events", &json!({"count": 2}));
    assert_eq!(answer["delivered"], 0);
    assert!(answer["reason"].as_str().unwrap().contains(why), "{answer}");
    let status = status(&emulator, "prod-ops");
    assert!(status["LatestDeliveryLogServiceError"].as_str().unwrap().contains(why), "{status}");
    assert_eq!(status["SlsLogStoreStatus"], false);
    assert_eq!(emulator.account()["trails"][0]["delivery"]["working"], false);
}

#[test]
fn revoked_role_stops_delivery() {
    assert_stops(&json!({"action": "revoke-role"}), "the role not exists");
}

#[test]
fn broken_trust_stops_delivery() {
    assert_stops(&json!({"action": "break-role-trust"}), "does not trust");
}

#[test]
fn detached_policy_stops_delivery() {
    assert_stops(&json!({"action": "detach-policy"}), "log:PostLogStoreLogs");
}

#[test]
fn deleted_logstore_stops_delivery() {
    assert_stops(&json!({"action": "delete-logstore"}), "logstore innertrail_prod-ops does not exist");
}

#[test]
fn deleted_project_stops_delivery() {
    assert_stops(&json!({"action": "delete-project"}), "The Project does not exist");
}

#[test]
fn overdue_payment_stops_delivery() {
    assert_stops(&json!({"action": "set-overdue"}), "forbidden");
}

#[test]
fn delivery_goes_on_once_the_role_is_back() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.act(&json!({"action": "revoke-role"}));
    assert!(!delivers(&emulator));
    emulator.act(&json!({"action": "restore-role"}));
    assert!(delivers(&emulator));
    assert!(status(&emulator, "prod-ops").get("LatestDeliveryLogServiceError").is_none());
}

#[test]
fn regions_are_listed_with_their_endpoints() {
    let emulator = Emulator::start();
    let body = emulator.rpc(ACTIONTRAIL, "DescribeRegions", &[]).body_json();
    let regions = body["Regions"]["Region"].as_array().unwrap();
    assert!(regions.iter().any(|region| region["RegionEndpoint"] == ACTIONTRAIL));
}
