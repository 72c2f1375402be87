//! RAM users as they are described, and the lists of RAM, over HTTP.

use serde_json::{Value, json};

use super::client::*;

const RAM: &str = "ram.aliyuncs.com";

#[test]
fn user_is_shown_as_it_was_described() {
    let emulator = Emulator::start();
    let described =
        [("DisplayName", "Ann"), ("Comments", "of ops"), ("Email", "a@example.org"), ("MobilePhone", "86-1")];
    let create = [&[("UserName", "ann")], &described[..]].concat();
    assert_eq!(emulator.rpc(RAM, "CreateUser", &create).status, 200);
    let user = emulator.rpc(RAM, "GetUser", &[("UserName", "ann")]).body_json()["User"].clone();
    for (name, value) in described {
        assert_eq!(user[name], value, "{name}");
    }
    assert!(user["CreateDate"].as_str().unwrap().ends_with('Z'));
    assert_eq!(user["CreateDate"], user["UpdateDate"]);
    let long = "x".repeat(129);
    let wrong = emulator.rpc(RAM, "CreateUser", &[("UserName", "bob"), ("Comments", &long)]);
    assert_refused(&wrong, 400, "InvalidParameter.Comments.Length");
}

#[test]
fn keys_are_listed_with_their_date() {
    let emulator = Emulator::start();
    emulator.rpc(RAM, "CreateUser", &[("UserName", "ann")]);
    let made = emulator.rpc(RAM, "CreateAccessKey", &[("UserName", "ann")]).body_json();
    let listed = emulator.rpc(RAM, "ListAccessKeys", &[("UserName", "ann")]).body_json();
    assert_eq!(listed["AccessKeys"]["AccessKey"][0]["CreateDate"], made["AccessKey"]["CreateDate"]);
    emulator.user("bob", &[]);
    let listed = emulator.rpc(RAM, "ListAccessKeys", &[("UserName", "bob")]).body_json();
    assert!(listed["AccessKeys"]["AccessKey"][0]["CreateDate"].is_string(), "{listed}");
}

/// The names in a list, page by page.
fn names(emulator: &Emulator, action: &str, item: &str, more: &[(&str, &str)]) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut marker = String::new();
    loop {
        let asked = [more, &[("Marker", marker.as_str())]].concat();
        let body = emulator.rpc(RAM, action, &asked).body_json();
        let list = body.as_object().unwrap().values().find_map(|value| value.get(item)).unwrap();
        let name = |one: &Value| one[format!("{item}Name")].as_str().unwrap().to_owned();
        pages.push(list.as_array().unwrap().iter().map(name).collect());
        if body["IsTruncated"] == false {
            assert_eq!(body["Marker"], Value::Null);
            return pages;
        }
        body["Marker"].as_str().unwrap().clone_into(&mut marker);
    }
}

#[test]
fn lists_come_page_by_page() {
    let emulator = Emulator::start();
    for name in ["carl", "ann", "Bob"] {
        emulator.rpc(RAM, "CreateUser", &[("UserName", name)]);
    }
    assert_eq!(
        names(&emulator, "ListUsers", "User", &[("MaxItems", "2")]),
        [vec!["ann", "Bob"], vec!["carl"]]
    );
    assert_eq!(names(&emulator, "ListUsers", "User", &[]), [["ann", "Bob", "carl"]]);
    assert_eq!(names(&emulator, "ListRoles", "Role", &[]), [["AliyunActionTrailDefaultRole"]]);
    for wrong in ["0", "1001", "many"] {
        assert_refused(
            &emulator.rpc(RAM, "ListRoles", &[("MaxItems", wrong)]),
            400,
            "InvalidParameter.MaxItems",
        );
    }
}

#[test]
fn policies_are_listed_by_their_type() {
    let emulator = Emulator::start();
    let document =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["log:Get*"],"Resource":["*"]}]}"#;
    emulator.rpc(RAM, "CreatePolicy", &[("PolicyName", "mine"), ("PolicyDocument", document)]);
    assert_eq!(names(&emulator, "ListPolicies", "Policy", &[("PolicyType", "Custom")]), [["mine"]]);
    let system = names(&emulator, "ListPolicies", "Policy", &[("PolicyType", "System")]).concat();
    assert!(system.contains(&"AdministratorAccess".to_owned()) && !system.contains(&"mine".to_owned()));
    let all = names(&emulator, "ListPolicies", "Policy", &[("MaxItems", "4")]);
    assert_eq!(all.concat().len(), system.len() + 1);
    let delivery = emulator.rpc(RAM, "ListPolicies", &[("PolicyType", "System")]).body_json();
    let list = delivery["Policies"]["Policy"].as_array().unwrap();
    let delivery = list.iter().find(|policy| policy["PolicyName"] == "AliyunActionTrailRolePolicy");
    assert_eq!(delivery.unwrap()["AttachmentCount"], json!(1));
    assert_refused(
        &emulator.rpc(RAM, "ListPolicies", &[("PolicyType", "Mine")]),
        400,
        "InvalidParameter.PolicyType",
    );
}
