//! The resources of Log Service that a policy has to cover, as a refusal names them.

use serde_json::{Value, json};

use super::client::*;

/// The resource that a user without permissions is told of.
fn resource(emulator: &Emulator, key: &Key, project: &str, call: (&str, &str), body: &Value) -> String {
    let reply = emulator.send(&sls(key, project, call.0, call.1, body));
    assert_refused(&reply, 401, "Unauthorized");
    let message = reply.message();
    let (_, arn) = message.rsplit_once(&format!("resource: acs:log:{REGION}:{ACCOUNT}:")).unwrap();
    arn.to_owned()
}

#[test]
fn lists_are_about_all_that_they_could_show() {
    let emulator = Emulator::start();
    let key = emulator.user("ann", &[]);
    let cases = [
        ("/logstores", "project/my-proj/logstore/*"),
        ("/dashboards", "project/my-proj/dashboard/*"),
        ("/savedsearches", "project/my-proj/savedsearch/*"),
        ("/configs", "project/my-proj/logtailconfig/*"),
        ("/machinegroups", "project/my-proj/machinegroup/*"),
        ("/logstores/abc/consumergroups", "project/my-proj/logstore/abc/consumergroup/*"),
    ];
    for (target, expected) in cases {
        assert_eq!(resource(&emulator, &key, "my-proj", ("GET", target), &Value::Null), expected);
    }
    assert_eq!(resource(&emulator, &key, "", ("GET", "/"), &Value::Null), "project/*");
}

#[test]
fn new_things_are_resources_by_the_name_in_the_body() {
    let emulator = Emulator::start();
    let key = emulator.user("ann", &[]);
    let groups = "/logstores/abc/consumergroups";
    let cases = [
        ("/dashboards", json!({"dashboardName": "d"}), "project/my-proj/dashboard/d"),
        ("/savedsearches", json!({"savedsearchName": "s"}), "project/my-proj/savedsearch/s"),
        (groups, json!({"consumerGroup": "cg"}), "project/my-proj/logstore/abc/consumergroup/cg"),
        ("/dashboards", Value::Null, "project/my-proj/dashboard/*"),
    ];
    for (target, body, expected) in cases {
        assert_eq!(resource(&emulator, &key, "my-proj", ("POST", target), &body), expected);
    }
    let project = json!({"projectName": "new-proj", "description": ""});
    assert_eq!(resource(&emulator, &key, "", ("POST", "/"), &project), "project/new-proj");
}

#[test]
fn consumer_group_is_a_resource_below_its_logstore() {
    let emulator = Emulator::start();
    let key = emulator.user("ann", &[]);
    let path = "/logstores/abc/consumergroups/cg";
    let (beat, check) = (format!("{path}?type=heartbeat&consumer=c"), format!("{path}?type=checkpoint"));
    for call in [("GET", path), ("PUT", path), ("DELETE", path), ("POST", &beat), ("POST", &check)] {
        let found = resource(&emulator, &key, "my-proj", call, &Value::Null);
        assert_eq!(found, "project/my-proj/logstore/abc/consumergroup/cg", "{call:?}");
    }
}

#[test]
fn shards_belong_to_the_resource_of_their_logstore() {
    let emulator = Emulator::start();
    let key = emulator.user("ann", &[]);
    let target = "/logstores/abc/shards/0?type=cursor&from=begin";
    let found = resource(&emulator, &key, "my-proj", ("GET", target), &Value::Null);
    assert_eq!(found, "project/my-proj/logstore/abc");
}

#[test]
fn tags_are_about_the_resources_that_they_are_put_on() {
    let emulator = Emulator::start();
    let key = emulator.user("ann", &[]);
    let body = json!({"resourceType": "logstore", "resourceId": ["my-proj#abc"], "tags": []});
    for path in ["/tag", "/untag"] {
        let found = resource(&emulator, &key, "", ("POST", path), &body);
        assert_eq!(found, "project/my-proj/logstore/abc", "{path}");
    }
    let list = "/tags?resourceType=project&resourceId=%5B%22my-proj%22%5D";
    assert_eq!(resource(&emulator, &key, "", ("GET", list), &Value::Null), "project/my-proj");
    assert_eq!(resource(&emulator, &key, "", ("GET", "/tags"), &Value::Null), "project/*");
}

#[test]
fn every_tagged_resource_needs_the_permission() {
    let emulator = Emulator::start();
    emulator.make_project("open-proj");
    emulator.make_project("secret-proj");
    let statement = json!({"Effect": "Allow", "Action": "log:*", "Resource": "acs:log:*:*:project/open-*"});
    let document = json!({"Version": "1", "Statement": [statement]});
    emulator.act(&json!({"action": "set-policy", "name": "open-only", "document": document}));
    let made = emulator.act(&json!({"action": "create-user", "name": "ann", "policies": ["open-only"]}));
    let key = key_of(&made["result"]);
    let tag = |projects: &[&str]| {
        let tags = json!([{"key": "k", "value": "v"}]);
        let body = json!({"resourceType": "project", "resourceId": projects, "tags": tags});
        emulator.send(&sls(&key, "", "POST", "/tag", &body))
    };
    assert_eq!(tag(&["open-proj"]).status, 200);
    assert_refused(&tag(&["open-proj", "secret-proj"]), 401, "Unauthorized");
}
