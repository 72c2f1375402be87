//! Quirks, settling times, and shipping that was set up in the Log Service console.

use serde_json::{Value, json};

use super::client::*;

fn set(emulator: &Emulator, quirks: &Value) {
    emulator.post("/_sim/quirks", quirks);
}

fn described(emulator: &Emulator) -> Value {
    let mut answer = emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]).body_json();
    answer.as_object_mut().unwrap().remove("RequestId");
    answer
}

/// A request that is signed and meant for a later time of the cloud.
fn get_later(emulator: &Emulator, project: &str, target: &str, secs: i64) -> Reply {
    emulator.post("/_sim/clock", &json!({"offsetSeconds": secs}));
    emulator.sls(project, "GET", target, &Value::Null)
}

#[test]
fn quirks_are_off_until_set_and_after_they_are_cleared() {
    let emulator = Emulator::start();
    let plain = emulator.get("/_sim/quirks");
    assert_eq!(plain["deliveryDelaySeconds"], 0);
    set(&emulator, &json!({"deliveryDelaySeconds": 5, "innerList": "Trails"}));
    assert_ne!(emulator.get("/_sim/quirks"), plain);
    let cleared = control(emulator.address(), "DELETE", "/_sim/quirks", "").body_json();
    assert_eq!(cleared, plain);
}

#[test]
fn unknown_quirk_is_refused() {
    let emulator = Emulator::start();
    let reply = control(emulator.address(), "POST", "/_sim/quirks", r#"{"speed": 1}"#);
    assert_eq!(reply.status, 400, "{}", reply.text());
}

#[test]
fn list_of_inner_trails_goes_by_other_names() {
    let emulator = Emulator::start();
    let names = [
        ("TrailList", "/TrailList"),
        ("InnerTrailList", "/InnerTrailList"),
        ("Trails", "/Trails"),
        ("Wrapped", "/TrailList/Trail"),
    ];
    for (name, pointer) in names {
        set(&emulator, &json!({"innerList": name}));
        assert_eq!(described(&emulator).pointer(pointer), Some(&json!([])), "{name}");
    }
}

#[test]
fn dedicated_logstore_may_come_without_index() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"indexMade": false}));
    emulator.make_trail("prod-ops", "my-audit");
    assert!(emulator.logstore("my-audit", "innertrail_prod-ops")["index"].is_null());
}

#[test]
fn account_without_the_grant_may_be_refused_in_other_words() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "withdraw-feature"}));
    set(&emulator, &json!({"innerRefusal": "NotAllowInnerTrail"}));
    let reply = emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]);
    assert_refused(&reply, 403, "NotAllowInnerTrail");
    set(&emulator, &json!({"innerRefusal": "InvalidAction.NotFound"}));
    assert_refused(&emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]), 404, "InvalidAction.NotFound");
}

#[test]
fn times_of_an_inner_trail_may_be_milliseconds() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let iso = described(&emulator)["TrailList"][0]["CreateTime"].as_str().unwrap().to_owned();
    set(&emulator, &json!({"innerTimes": "Milliseconds"}));
    let time: jiff::Timestamp = iso.parse().unwrap();
    assert_eq!(described(&emulator)["TrailList"][0]["CreateTime"], time.as_millisecond());
    let status = emulator.rpc(ACTIONTRAIL, "GetTrailStatus", &[("Name", "prod-ops")]).body_json();
    assert_eq!(status["StartLoggingTime"], time.as_millisecond());
}

#[test]
fn inner_trail_may_be_described_in_every_region() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let abroad = || {
        let reply = emulator.rpc("actiontrail.cn-shanghai.aliyuncs.com", "DescribeInnerTrails", &[]);
        reply.body_json()["TrailList"].clone()
    };
    assert_eq!(abroad(), json!([]));
    set(&emulator, &json!({"innerRegions": "Every"}));
    assert_eq!((&abroad()[0]["HomeRegion"], &abroad()[0]["Region"]), (&json!(REGION), &json!("cn-shanghai")));
}

#[test]
fn logstore_of_an_inner_trail_may_be_left_unsaid() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"innerLogstoreShown": false}));
    emulator.make_project("my-audit");
    let made = emulator.create_trail("prod-ops", "my-audit").body_json();
    assert_eq!((&made["Name"], made.get("SlsLogStore")), (&json!("prod-ops"), None));
    assert_eq!(described(&emulator)["TrailList"][0].get("SlsLogStore"), None);
}

#[test]
fn new_inner_trail_may_wait_for_its_start() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"innerStatus": "Fresh"}));
    emulator.make_trail("prod-ops", "my-audit");
    assert_eq!(described(&emulator)["TrailList"][0]["Status"], "Fresh");
    let made = emulator.post("/_sim/events", &json!({}));
    assert_eq!((&made["delivered"], &made["reason"]), (&json!(0), &json!("the trail is not started")));
    let named = [("Name", "prod-ops")];
    assert_eq!(emulator.rpc(ACTIONTRAIL, "GetTrailStatus", &named).body_json()["IsLogging"], false);
    assert_eq!(emulator.rpc(ACTIONTRAIL, "StartLogging", &named).status, 200);
    assert_eq!(described(&emulator)["TrailList"][0]["Status"], "Enable");
    assert_eq!(emulator.post("/_sim/events", &json!({}))["delivered"], 1);
}

#[test]
fn retention_of_a_dedicated_logstore_may_be_fixed() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"retentionChangeable": false}));
    emulator.make_trail("prod-ops", "my-audit");
    let update = |days: u32| {
        let body = json!({"logstoreName": "innertrail_prod-ops", "ttl": days, "shardCount": 2});
        emulator.sls("my-audit", "PUT", "/logstores/innertrail_prod-ops", &body)
    };
    assert_refused(&update(30), 400, "ParameterInvalid");
    assert_eq!(update(3650).status, 200);
}

#[test]
fn new_project_is_there_once_it_has_settled() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"projectSettlesSeconds": 10}));
    emulator.make_project("my-audit");
    assert_refused(&emulator.sls("my-audit", "GET", "/", &Value::Null), 404, "ProjectNotExist");
    assert_eq!(get_later(&emulator, "my-audit", "/", 20).status, 200);
}

#[test]
fn lists_and_tags_know_nothing_of_what_has_not_settled() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"projectSettlesSeconds": 10}));
    emulator.make_project("my-audit");
    assert_eq!(emulator.sls("", "GET", "/", &Value::Null).body_json()["total"], 0);
    let tags = json!([{"key": "k", "value": "v"}]);
    let body = json!({"resourceType": "project", "resourceId": ["my-audit"], "tags": tags});
    assert_refused(&emulator.sls("", "POST", "/tag", &body), 404, "ProjectNotExist");
    assert_eq!(get_later(&emulator, "", "/", 20).body_json()["total"], 1);
}

#[test]
fn list_of_logstores_knows_nothing_of_what_has_not_settled() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"logstoreSettlesSeconds": 10}));
    emulator.make_project("my-audit");
    emulator.make_logstore("my-audit", "abc");
    assert_eq!(emulator.sls("my-audit", "GET", "/logstores", &Value::Null).body_json()["total"], 0);
    assert_eq!(get_later(&emulator, "my-audit", "/logstores", 20).body_json()["total"], 1);
}

#[test]
fn new_logstore_and_index_are_there_once_they_have_settled() {
    let emulator = Emulator::start();
    set(&emulator, &json!({"logstoreSettlesSeconds": 10, "indexSettlesSeconds": 60}));
    emulator.make_trail("prod-ops", "my-audit");
    let logstore = "/logstores/innertrail_prod-ops";
    assert_refused(&emulator.sls("my-audit", "GET", logstore, &Value::Null), 404, "LogStoreNotExist");
    assert_eq!(get_later(&emulator, "my-audit", logstore, 20).status, 200);
    let index = format!("{logstore}/index");
    assert_refused(&get_later(&emulator, "my-audit", &index, 20), 404, "IndexConfigNotExist");
    assert_eq!(get_later(&emulator, "my-audit", &index, 70).status, 200);
}

#[test]
fn delayed_events_arrive_when_they_are_due() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    set(&emulator, &json!({"deliveryDelaySeconds": 30}));
    let report = emulator.post("/_sim/events", &json!({"count": 3}));
    assert_eq!((&report["generated"], &report["delivered"]), (&json!(3), &json!(0)));
    let count = || emulator.logstore("my-audit", "innertrail_prod-ops")["eventCount"].clone();
    assert_eq!(count(), 0);
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 31}));
    assert_eq!(count(), 3);
}

#[test]
fn delayed_events_survive_a_restart() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    set(&emulator, &json!({"deliveryDelaySeconds": 30}));
    emulator.post("/_sim/events", &json!({"count": 3}));
    let emulator = emulator.restarted();
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 31}));
    assert_eq!(emulator.logstore("my-audit", "innertrail_prod-ops")["eventCount"], 3);
}

/// Shipping set up in the Log Service console.
fn second_door() -> Emulator {
    let emulator = Emulator::start();
    emulator.make_project("other-audit");
    emulator.act(
        &json!({"action": "ship-from-log-service", "project": "other-audit", "logstore": "innertrail_own"}),
    );
    emulator
}

#[test]
fn second_door_delivers_and_is_not_described() {
    let emulator = second_door();
    assert_eq!(described(&emulator), json!({"TrailList": []}));
    emulator.post("/_sim/events", &json!({"count": 2}));
    assert_eq!(emulator.logstore("other-audit", "innertrail_own")["eventCount"], 2);
    assert_eq!(emulator.account()["logServiceShipping"]["source"], "LogService");
}

#[test]
fn later_inner_trail_overwrites_the_second_door() {
    let emulator = second_door();
    emulator.make_trail("prod-ops", "my-audit");
    assert!(emulator.account()["logServiceShipping"].is_null());
    emulator.post("/_sim/events", &json!({"count": 2}));
    assert_eq!(emulator.logstore("other-audit", "innertrail_own")["eventCount"], 0);
    assert_eq!(emulator.logstore("my-audit", "innertrail_prod-ops")["eventCount"], 2);
}

#[test]
fn second_door_is_shut_again() {
    let emulator = second_door();
    emulator.act(&json!({"action": "stop-shipping-from-log-service"}));
    assert_eq!(emulator.post("/_sim/events", &json!({}))["delivered"], 0);
}
