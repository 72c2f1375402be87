//! The control API: state, journal, events and what console users do.

use serde_json::{Value, json};

use super::client::*;

#[test]
fn fresh_state_has_one_account_ready_to_create_a_trail() {
    let emulator = Emulator::start();
    let account = emulator.account();
    assert_eq!(account["granted"], true);
    assert_eq!(account["slsOpen"], true);
    assert_eq!(account["roles"][0]["name"], ROLE);
    assert_eq!((&account["projects"], &account["trails"]), (&json!([]), &json!([])));
}

#[test]
fn state_and_journal_show_no_secret() {
    let emulator = Emulator::start();
    let user = emulator.user("somebody", &["log:*"]);
    emulator.make_trail("prod-ops", "my-audit");
    let shown = format!("{}{}", emulator.get("/_sim/state"), emulator.get("/_sim/journal"));
    assert!(!shown.contains(&emulator.key.secret) && !shown.contains(&user.secret));
}

#[test]
fn journal_tells_each_call_in_order() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let journal = emulator.journal();
    let actions: Vec<&str> = journal.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["CreateProject", "CreateInnerTrail"]);
    let entry = &journal[1];
    assert_eq!(entry["service"], "actiontrail");
    assert_eq!(entry["account"], ACCOUNT);
    assert_eq!(entry["caller"], format!("acs:ram::{ACCOUNT}:root"));
    assert_eq!(entry["parameters"], json!({"Name": "prod-ops", "SlsProjectArn": project_arn("my-audit")}));
    assert_eq!(
        (&entry["status"], &entry["code"], &entry["changed"]),
        (&json!(200), &Value::Null, &json!(true))
    );
    assert!(entry["requestId"].is_string() && entry["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn journal_can_be_read_from_a_point_on() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let rest = emulator.get("/_sim/journal?after=1");
    assert_eq!(rest["entries"].as_array().unwrap().len(), 1);
    assert_eq!(rest["last"], 2);
}

#[test]
fn reads_and_refusals_change_nothing() {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    emulator.sls("my-audit", "GET", "/", &Value::Null);
    assert_eq!(emulator.last_entry()["changed"], false);
    emulator.create_trail("short", "my-audit");
    let entry = emulator.last_entry();
    assert_eq!((&entry["code"], &entry["changed"]), (&json!("InvalidTrailNameException"), &json!(false)));
}

#[test]
fn writes_that_find_their_value_change_nothing() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let put = |ttl: u32| {
        emulator.sls("my-proj", "PUT", "/logstores/abc", &json!({"logstoreName": "abc", "ttl": ttl}));
        emulator.last_entry()["changed"].clone()
    };
    assert_eq!(put(30), false);
    assert_eq!(put(31), true);
}

#[test]
fn console_actions_are_journalled_as_such() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "revoke-role"}));
    let entry = emulator.last_entry();
    assert_eq!(
        (&entry["caller"], &entry["action"], &entry["changed"]),
        (&json!("console"), &json!("revoke-role"), &json!(true))
    );
    emulator.act(&json!({"action": "revoke-role"}));
    assert_eq!(emulator.last_entry()["changed"], false);
}

#[test]
fn unknown_action_lists_the_known_ones() {
    let emulator = Emulator::start();
    let reply = control(emulator.address(), "POST", "/_sim/actions", r#"{"action": "dance"}"#);
    assert_eq!(reply.status, 400);
    assert!(reply.body_json()["known"].as_array().unwrap().contains(&json!("turn-off-shipping")));
}

#[test]
fn malformed_control_calls_are_refused() {
    let emulator = Emulator::start();
    let cases = [
        ("POST", "/_sim/actions", "not json", 400),
        ("POST", "/_sim/actions", "[]", 400),
        ("POST", "/_sim/actions", r#"{"action":"delete-logstore","project":"none"}"#, 400),
        ("POST", "/_sim/events", r#"{"count":-1}"#, 400),
        ("POST", "/_sim/events", r#"{"count":1,"perHour":1}"#, 400),
        ("POST", "/_sim/events", r#"{"perHour":1000001}"#, 400),
        ("POST", "/_sim/events", r#"{"account":"1"}"#, 400),
        ("POST", "/_sim/clock", r#"{"offsetSeconds":"1"}"#, 400),
        ("POST", "/_sim/faults", r#"[{"effect":{"kind":"explode"}}]"#, 400),
        ("GET", "/_sim/journal?after=x", "", 400),
        ("GET", "/_sim/nothing", "", 404),
        ("DELETE", "/_sim/state", "", 405),
    ];
    for (method, target, body, status) in cases {
        let reply = control(emulator.address(), method, target, body);
        assert_eq!(reply.status, status, "{method} {target} {body}");
        assert!(reply.body_json()["error"].is_string());
    }
}

#[test]
fn shipping_is_turned_off_by_a_console_user() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    assert_eq!(emulator.act(&json!({"action": "turn-off-shipping"}))["changed"], true);
    assert_eq!(emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]).body_json()["TrailList"], json!([]));
}

#[test]
fn console_user_creates_a_trail_elsewhere() {
    let emulator = Emulator::start();
    emulator.make_project("their-own");
    emulator.act(&json!({"action": "create-trail", "name": "by-hand", "project": "their-own"}));
    let list = emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]).body_json();
    assert_eq!(list["TrailList"][0]["SlsProjectArn"], project_arn("their-own"));
}

#[test]
fn overwritten_destination_takes_the_events_from_then_on() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.make_project("their-own");
    emulator.act(
        &json!({"action": "overwrite-destination", "project": "their-own", "logstore": "innertrail_other"}),
    );
    let delivered = emulator.post("/_sim/events", &json!({"count": 1}));
    assert_eq!(
        delivered["destination"],
        json!({"region": REGION, "project": "their-own", "logstore": "innertrail_other"})
    );
    assert_eq!(emulator.logstore("my-audit", "innertrail_prod-ops")["eventCount"], 0);
}

#[test]
fn index_and_retention_are_changed_by_a_console_user() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.act(&json!({"action": "set-retention", "days": 7}));
    emulator.act(&json!({"action": "set-index", "index": {"line": {"token": [" "]}}}));
    let logstore = emulator.logstore("my-audit", "innertrail_prod-ops");
    assert_eq!((&logstore["ttl"], logstore["index"].get("keys")), (&json!(7), None));
    emulator.act(&json!({"action": "delete-index"}));
    assert_eq!(emulator.logstore("my-audit", "innertrail_prod-ops")["index"], Value::Null);
}

#[test]
fn events_have_the_age_that_was_asked_for() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let answer = emulator.post("/_sim/events", &json!({"count": 5, "ageSeconds": 3600}));
    let newest: jiff::Timestamp = answer["newestEventTime"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().as_second() - newest.as_second();
    assert!((3600..3700).contains(&age), "{age}");
    assert_eq!(
        emulator.logstore("my-audit", "innertrail_prod-ops")["newestEventTime"],
        answer["newestEventTime"]
    );
}

#[test]
fn many_events_are_made_in_portions_without_gap_or_double() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let answer = emulator.post("/_sim/events", &json!({"count": 12_001, "spanSeconds": 1}));
    assert_eq!(answer["delivered"], 12_001);
    let now = jiff::Timestamp::now().as_second();
    let query = "* | select count(distinct EventID) as c";
    let body = json!({"from": now - 600, "to": now + 60, "query": query});
    let found = emulator.sls("my-audit", "POST", "/logstores/innertrail_prod-ops/logs", &body).body_json();
    assert_eq!(found["data"][0]["c"], "12001", "{found}");
}

#[test]
fn events_differ_from_call_to_call() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    for _ in 0..2 {
        emulator.post("/_sim/events", &json!({"count": 10}));
    }
    let now = jiff::Timestamp::now().as_second();
    let query = "* | select count(distinct EventID) as c";
    let body = json!({"from": now - 600, "to": now + 60, "query": query});
    let found = emulator.sls("my-audit", "POST", "/logstores/innertrail_prod-ops/logs", &body).body_json();
    assert_eq!(found["data"][0]["c"], "20", "{found}");
}

#[test]
fn events_happen_by_themselves_at_the_rate_that_was_set() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.post("/_sim/events", &json!({"perHour": 120}));
    let emulator = emulator.restarted();
    let count_after = |secs: i64| {
        emulator.post("/_sim/clock", &json!({"offsetSeconds": secs}));
        emulator.logstore("my-audit", "innertrail_prod-ops")["eventCount"].as_i64().unwrap()
    };
    // The test itself takes some seconds, in which one more may be due.
    assert!((0..=2).contains(&count_after(0)));
    assert!((120..=122).contains(&count_after(3_600)), "an hour later");
    emulator.post("/_sim/events", &json!({"perHour": 0}));
    let ended = count_after(3_600);
    assert_eq!(count_after(7_200), ended);
}

#[test]
fn identity_and_clock_survive_a_restart() {
    let emulator = Emulator::start();
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 60}));
    let key = emulator.key.clone();
    let emulator = emulator.restarted();
    assert_eq!((&emulator.key.id, &emulator.key.secret), (&key.id, &key.secret));
    assert_eq!(emulator.get("/_sim/state")["clockOffsetSeconds"], 60);
}

#[test]
fn project_of_an_action_is_the_one_in_the_region_that_is_named() {
    let emulator = Emulator::start();
    for region in ["cn-hangzhou", "cn-shanghai"] {
        emulator.act(&json!({"action": "create-project", "project": "my-proj", "region": region}));
    }
    let delete = |region: Option<&str>| {
        let body = json!({"action": "delete-project", "project": "my-proj", "region": region});
        control(emulator.address(), "POST", "/_sim/actions", &body.to_string())
    };
    let unclear = delete(None);
    assert_eq!(unclear.status, 400);
    assert!(unclear.text().contains("cn-hangzhou, cn-shanghai"), "{}", unclear.text());
    assert!(delete(Some("cn-beijing")).text().contains("no project `my-proj` in cn-beijing"));
    assert_eq!(delete(Some("cn-shanghai")).status, 200);
    assert_eq!(emulator.account()["projects"][0]["region"], "cn-hangzhou");
    assert_eq!(delete(None).status, 200);
}

#[test]
fn events_that_have_expired_when_the_clock_has_jumped_are_not_made() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.act(&json!({"action": "set-retention", "days": 1}));
    emulator.post("/_sim/events", &json!({"perHour": 300}));
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 3650 * 86_400}));
    let account = emulator.account();
    assert!(account["eventsGenerated"].as_u64().unwrap() >= 3650 * 24 * 300, "{account}");
    let kept = emulator.logstore("my-audit", "innertrail_prod-ops")["eventCount"].as_u64().unwrap();
    assert!((24 * 300 - 300..=24 * 300 + 300).contains(&kept), "{kept}");
}
