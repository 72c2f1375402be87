//! Projects, Logstores, indexes and dashboards.

use serde_json::{Value, json};

use super::client::*;

const NOTHING: Value = Value::Null;

fn index() -> Value {
    json!({"line": {"token": [",", " "], "caseSensitive": false}, "keys": {"a": {"type": "long", "doc_value": true}}})
}

#[test]
fn project_is_made_once() {
    let emulator = Emulator::start();
    let body = json!({"projectName": "my-proj", "description": "audit"});
    assert_eq!(emulator.sls("my-proj", "POST", "/", &body).body, b"");
    assert_refused(&emulator.sls("my-proj", "POST", "/", &body), 400, "ProjectAlreadyExist");
    let project = emulator.sls("my-proj", "GET", "/", &NOTHING).body_json();
    assert_eq!((&project["owner"], &project["description"]), (&json!(ACCOUNT), &json!("audit")));
}

#[test]
fn project_can_be_made_at_the_bare_endpoint() {
    let emulator = Emulator::start();
    assert_eq!(emulator.sls("", "POST", "/", &json!({"projectName": "my-proj"})).status, 200);
    assert_eq!(emulator.sls("", "GET", "/", &NOTHING).body_json()["projects"][0]["projectName"], "my-proj");
}

#[test]
fn project_is_updated_and_deleted() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.sls("my-proj", "PUT", "/", &json!({"projectName": "my-proj", "description": "new"}));
    assert_eq!(emulator.sls("my-proj", "GET", "/", &NOTHING).body_json()["description"], "new");
    assert_eq!(emulator.sls("my-proj", "DELETE", "/", &NOTHING).status, 200);
    let reply = emulator.sls("my-proj", "GET", "/", &NOTHING);
    assert_refused(&reply, 404, "ProjectNotExist");
    assert_eq!(reply.message(), "The Project does not exist : my-proj");
}

#[test]
fn project_of_somebody_else_is_out_of_reach() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "take-project", "project": "wanted"}));
    assert_refused(
        &emulator.sls("wanted", "POST", "/", &json!({"projectName": "wanted"})),
        400,
        "ProjectAlreadyExist",
    );
    for target in ["/", "/logstores", "/logstores/abc"] {
        let reply = emulator.sls("wanted", "GET", target, &NOTHING);
        assert_refused(&reply, 401, "Unauthorized");
        assert_eq!(reply.message(), "The project does not belong to you.");
    }
}

#[test]
fn same_project_name_is_free_in_another_region() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "take-project", "project": "wanted", "region": "cn-shanghai"}));
    emulator.make_project("wanted");
}

#[test]
fn overdue_account_is_forbidden() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.act(&json!({"action": "set-overdue", "overdue": true}));
    assert_refused(&emulator.sls("my-proj", "GET", "/", &NOTHING), 403, "ProjectForbidden");
    emulator.act(&json!({"action": "set-overdue", "overdue": false}));
    assert_eq!(emulator.sls("my-proj", "GET", "/", &NOTHING).status, 200);
}

#[test]
fn closed_log_service_says_so() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "set-sls-open", "open": false}));
    let reply = emulator.sls("my-proj", "GET", "/", &NOTHING);
    assert_refused(&reply, 401, "InvalidAccessKeyId");
    assert_eq!(reply.message(), "Your SLS service has not opened.");
}

#[test]
fn bad_project_bodies_are_refused() {
    let emulator = Emulator::start();
    for body in [
        json!({}),
        json!({"projectName": "UPPER"}),
        json!({"projectName": 5}),
        json!({"projectName": "other-name"}),
    ] {
        assert_refused(&emulator.sls("my-proj", "POST", "/", &body), 400, "ParameterInvalid");
    }
    assert_refused(&emulator.sls("my-proj", "POST", "/", &json!([1])), 400, "PostBodyInvalid");
    let long = json!({"projectName": "my-proj", "description": "x".repeat(65)});
    assert_refused(&emulator.sls("my-proj", "POST", "/", &long), 400, "ParameterInvalid");
}

#[test]
fn logstore_is_made_read_listed_and_deleted() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    assert_eq!(
        emulator.sls("my-proj", "GET", "/logstores", &NOTHING).body_json()["logstores"],
        json!(["abc"])
    );
    let logstore = emulator.sls("my-proj", "GET", "/logstores/abc", &NOTHING).body_json();
    assert_eq!((&logstore["ttl"], &logstore["shardCount"]), (&json!(30), &json!(2)));
    assert_eq!(emulator.sls("my-proj", "DELETE", "/logstores/abc", &NOTHING).status, 200);
    let reply = emulator.sls("my-proj", "GET", "/logstores/abc", &NOTHING);
    assert_refused(&reply, 404, "LogStoreNotExist");
    assert_eq!(reply.message(), "logstore abc does not exist");
}

#[test]
fn second_logstore_of_a_name_is_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let body = json!({"logstoreName": "abc", "ttl": 30, "shardCount": 2});
    assert_refused(&emulator.sls("my-proj", "POST", "/logstores", &body), 400, "LogStoreAlreadyExist");
}

#[test]
fn retention_is_changed_and_other_settings_kept() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let body = json!({"logstoreName": "abc", "ttl": 30, "shardCount": 2, "appendMeta": true});
    emulator.sls("my-proj", "POST", "/logstores", &body);
    let reply = emulator.sls("my-proj", "PUT", "/logstores/abc", &json!({"logstoreName": "abc", "ttl": 365}));
    assert_eq!(reply.status, 200);
    let logstore = emulator.sls("my-proj", "GET", "/logstores/abc", &NOTHING).body_json();
    assert_eq!((&logstore["ttl"], &logstore["appendMeta"]), (&json!(365), &json!(true)));
}

#[test]
fn bad_logstore_bodies_are_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let cases = [
        (json!({"logstoreName": "_bad", "ttl": 1, "shardCount": 1}), "LogStoreInfoInvalid"),
        (json!({"logstoreName": "abc", "ttl": 0, "shardCount": 1}), "ParameterInvalid"),
        (json!({"logstoreName": "abc", "ttl": 3651, "shardCount": 1}), "ParameterInvalid"),
        (json!({"logstoreName": "abc", "ttl": "30", "shardCount": 1}), "ParameterInvalid"),
        (json!({"logstoreName": "abc", "ttl": 1}), "ParameterInvalid"),
        (json!({"logstoreName": "abc", "ttl": 1, "shardCount": 11}), "ParameterInvalid"),
        (json!({"logstoreName": "abc", "ttl": 1, "shardCount": 1, "autoSplit": true}), "ParameterInvalid"),
    ];
    for (body, code) in cases {
        assert_refused(&emulator.sls("my-proj", "POST", "/logstores", &body), 400, code);
    }
}

#[test]
fn shards_are_listed() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let shards = emulator.sls("my-proj", "GET", "/logstores/abc/shards", &NOTHING).body_json();
    assert_eq!(shards.as_array().unwrap().len(), 2);
    assert_eq!(shards[0]["exclusiveEndKey"], shards[1]["inclusiveBeginKey"]);
}

#[test]
fn index_lives_its_life() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let path = "/logstores/abc/index";
    assert_refused(&emulator.sls("my-proj", "GET", path, &NOTHING), 404, "IndexConfigNotExist");
    let reply = emulator.sls("my-proj", "PUT", path, &index());
    assert_refused(&reply, 400, "ParameterInvalid");
    assert_eq!(reply.message(), "log store index is not created");
    assert_eq!(emulator.sls("my-proj", "POST", path, &index()).status, 200);
    assert_refused(&emulator.sls("my-proj", "POST", path, &index()), 400, "IndexAlreadyExist");
    let shown = emulator.sls("my-proj", "GET", path, &NOTHING).body_json();
    assert_eq!((&shown["index_mode"], &shown["keys"]["a"]["type"]), (&json!("v2"), &json!("long")));
    assert_eq!(emulator.sls("my-proj", "DELETE", path, &NOTHING).status, 200);
    assert_refused(&emulator.sls("my-proj", "GET", path, &NOTHING), 404, "IndexConfigNotExist");
}

#[test]
fn index_sent_back_as_it_was_read_changes_nothing() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let path = "/logstores/innertrail_prod-ops/index";
    let mut shown = emulator.sls("my-audit", "GET", path, &NOTHING).body_json();
    emulator.sls("my-audit", "PUT", path, &shown);
    assert_eq!(emulator.last_entry()["changed"], false);
    shown["keys"]["Extra"] = json!({"type": "long", "doc_value": true});
    emulator.sls("my-audit", "PUT", path, &shown);
    assert_eq!(emulator.last_entry()["changed"], true);
}

#[test]
fn malformed_index_is_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let reply = emulator.sls("my-proj", "POST", "/logstores/abc/index", &json!({"line": {"token": []}}));
    assert_refused(&reply, 400, "IndexInfoInvalid");
    assert_eq!(reply.message(), "Required field token is lacking or of error format.");
}

#[test]
fn unknown_dashboard_is_not_found() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    assert_refused(&emulator.sls("my-proj", "GET", "/dashboards/none", &NOTHING), 404, "DashboardNotExist");
    assert_eq!(emulator.sls("my-proj", "GET", "/dashboards", &NOTHING).body_json()["total"], 0);
}

#[test]
fn unknown_type_of_a_read_is_not_answered_as_another_operation() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let ask = |target: &str| emulator.sls("my-proj", "GET", target, &Value::Null);
    assert_refused(&ask("/logstores/abc?type=context_log"), 405, "InvalidMethod");
    assert_refused(&ask("/logstores/abc/index?type=context_log"), 405, "InvalidMethod");
    assert_eq!(ask("/logstores/abc?type=").status, 200);
}

#[test]
fn project_keeps_its_redundancy_and_resource_group() {
    let emulator = Emulator::start();
    let create = |name: &str, redundancy: &str| {
        let body = json!({"projectName": name, "description": "", "resourceGroupId": "rg-1", "dataRedundancyType": redundancy});
        emulator.sls(name, "POST", "/", &body)
    };
    assert_eq!(create("my-proj", "ZRS").status, 200);
    let found = emulator.sls("my-proj", "GET", "/", &NOTHING).body_json();
    assert_eq!((&found["dataRedundancyType"], &found["resourceGroupId"]), (&json!("ZRS"), &json!("rg-1")));
    assert_refused(&create("other-proj", "RAID"), 400, "ParameterInvalid");
    let total = |group: &str| {
        emulator.sls("", "GET", &format!("/?resourceGroupId={group}"), &NOTHING).body_json()["total"].clone()
    };
    assert_eq!((total("rg-1"), total("rg-2")), (json!(1), json!(0)));
}

#[test]
fn logstores_are_listed_by_kind() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "plain");
    let more = json!({"logstoreName": "metrics", "ttl": 1, "shardCount": 1, "telemetryType": "Metrics", "mode": "query"});
    assert_eq!(emulator.sls("my-proj", "POST", "/logstores", &more).status, 200);
    let list = |filter: &str| {
        let target = format!("/logstores?{filter}");
        emulator.sls("my-proj", "GET", &target, &NOTHING).body_json()["logstores"].clone()
    };
    assert_eq!(list("telemetryType="), json!(["metrics", "plain"]));
    assert_eq!(
        (list("telemetryType=Metrics"), list("telemetryType=None")),
        (json!(["metrics"]), json!(["plain"]))
    );
    assert_eq!((list("mode=query"), list("mode=standard")), (json!(["metrics"]), json!(["plain"])));
}

#[test]
fn limit_of_splits_that_is_not_set_is_none() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let body = |split: bool, most: i64| json!({"logstoreName": "abc", "ttl": 30, "shardCount": 2, "autoSplit": split, "maxSplitShard": most});
    let create = |body: &Value| emulator.sls("my-proj", "POST", "/logstores", body);
    assert_refused(&create(&body(true, -1)), 400, "ParameterInvalid");
    assert_refused(&create(&body(false, -2)), 400, "ParameterInvalid");
    assert_eq!(create(&body(false, -1)).status, 200);
    assert_eq!(emulator.sls("my-proj", "PUT", "/logstores/abc", &body(false, -1)).status, 200);
    let found = emulator.sls("my-proj", "GET", "/logstores/abc", &Value::Null).body_json();
    assert_eq!(found["maxSplitShard"], 0);
}

#[test]
fn projects_are_found_by_their_description() {
    let emulator = Emulator::start();
    for (name, description) in [("one-proj", "audit of one"), ("two-proj", "of two")] {
        let body = json!({"projectName": name, "description": description});
        assert_eq!(emulator.sls(name, "POST", "/", &body).status, 200);
    }
    let found = emulator.sls("", "GET", "/?description=audit", &NOTHING).body_json();
    assert_eq!((&found["total"], &found["projects"][0]["projectName"]), (&json!(1), &json!("one-proj")));
    assert_refused(&emulator.sls("", "GET", "/?type=all", &NOTHING), 405, "InvalidMethod");
}

#[test]
fn page_of_a_list_is_as_long_as_documented() {
    let emulator = Emulator::start();
    for number in 0..101 {
        emulator.make_project(&format!("proj-{number}"));
    }
    let projects = emulator.sls("", "GET", "/", &NOTHING).body_json();
    assert_eq!((&projects["count"], &projects["total"]), (&json!(100), &json!(101)));
    for number in 0..201 {
        emulator.make_logstore("proj-1", &format!("store-{number}"));
    }
    let stores = emulator.sls("proj-1", "GET", "/logstores", &NOTHING).body_json();
    assert_eq!((&stores["count"], &stores["total"]), (&json!(200), &json!(201)));
}
