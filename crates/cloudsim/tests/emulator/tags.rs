//! Tags on projects, over HTTP.

use std::io::Write;

use serde_json::{Value, json};

use super::client::*;

const NOTHING: Value = Value::Null;

#[test]
fn tags_are_set_listed_and_removed() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let subject = json!({"resourceType": "project", "resourceId": ["my-proj"]});
    let mut body = subject.clone();
    body["tags"] = json!([{"key": "owner", "value": "innertrail"}]);
    assert_eq!(emulator.sls("", "POST", "/tag", &body).status, 200);
    let target = "/tags?resourceType=project&resourceId=%5B%22my-proj%22%5D";
    let listed = emulator.sls("", "GET", target, &NOTHING).body_json();
    assert_eq!(listed["tagResources"][0]["tagValue"], "innertrail");
    body["tags"] = json!(["owner"]);
    assert_eq!(emulator.sls("", "POST", "/untag", &body).status, 200);
    assert_eq!(emulator.sls("", "GET", target, &NOTHING).body_json()["tagResources"], json!([]));
}

/// Two projects; both have an owner, the first one is ours.
fn tagged() -> Emulator {
    let emulator = Emulator::start();
    for (name, owner) in [("one-proj", "us"), ("two-proj", "them")] {
        emulator.make_project(name);
        let tags = json!([{"key": "owner", "value": owner}, {"key": "stage", "value": "test"}]);
        let body = json!({"resourceType": "project", "resourceId": [name], "tags": tags});
        assert_eq!(emulator.sls("", "POST", "/tag", &body).status, 200);
    }
    emulator
}

/// Resource and value of the tags found.
fn found_by(emulator: &Emulator, tags: &Value) -> Vec<String> {
    let target = format!("/tags?resourceType=project&tags={}", alicloud_sign::encode(&tags.to_string()));
    let body = emulator.sls("", "GET", &target, &NOTHING).body_json();
    let text = |tag: &Value, name: &str| tag[name].as_str().unwrap().to_owned();
    let found = body["tagResources"].as_array().unwrap().iter();
    found.map(|tag| format!("{}={}", text(tag, "resourceId"), text(tag, "tagValue"))).collect()
}

#[test]
fn tags_are_found_by_key_and_value() {
    let emulator = tagged();
    assert_eq!(found_by(&emulator, &json!([])).len(), 4);
    assert_eq!(found_by(&emulator, &json!([{"key": "owner", "value": "us"}])), ["one-proj=us"]);
    assert_eq!(found_by(&emulator, &json!([{"key": "owner"}])), ["one-proj=us", "two-proj=them"]);
    let both = json!([{"key": "owner", "value": "them"}, {"key": "stage", "value": "test"}]);
    assert_eq!(found_by(&emulator, &both), ["two-proj=them", "two-proj=test"]);
    assert_eq!(found_by(&emulator, &json!([{"key": "absent"}])), [""; 0]);
}

#[test]
fn all_tags_of_a_resource_are_taken_away_at_once() {
    let emulator = tagged();
    let untag = |more: Value| {
        let mut body = json!({"resourceType": "project", "resourceId": ["one-proj"], "all": true});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        emulator.sls("", "POST", "/untag", &body).status
    };
    assert_eq!(untag(json!({})), 200);
    assert_eq!(found_by(&emulator, &json!([])), ["two-proj=them", "two-proj=test"]);
    assert_eq!((untag(json!({"tags": []})), untag(json!({"tags": null}))), (200, 200));
}

#[test]
fn empty_list_of_resources_asks_for_the_tags_of_all() {
    let emulator = tagged();
    let tags = alicloud_sign::encode(&json!([{"key": "owner", "value": null}]).to_string());
    let target = format!("/tags?resourceType=project&resourceId=%5B%5D&tags={tags}");
    let found = emulator.sls("", "GET", &target, &NOTHING).body_json();
    assert_eq!(found["tagResources"].as_array().unwrap().len(), 2);
}

#[test]
fn tags_may_be_sent_to_a_project_and_meant_for_its_endpoint() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let body =
        json!({"resourceType": "project", "resourceId": ["my-proj"], "tags": [{"key": "k", "value": "v"}]});
    let wire = sls(&emulator.key, "", "POST", "/tag", &body);
    let bytes = String::from_utf8(wire.bytes(Form::Absolute)).unwrap();
    let mut stream = emulator.connect();
    let line = "POST http://cn-hangzhou.";
    assert!(bytes.starts_with(line));
    stream.write_all(bytes.replacen(line, "POST http://my-proj.cn-hangzhou.", 1).as_bytes()).unwrap();
    assert_eq!(finish(&mut stream).unwrap().status, 200);
    assert_eq!(emulator.account()["projects"][0]["tags"], json!({"k": "v"}));
}
