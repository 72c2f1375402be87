//! The documentation names everything that is there.

use serde_json::Value;

use super::client::*;

const DOCS: &str = include_str!("../../../../docs/cloudsim.md");

fn assert_documented(name: &str) {
    assert!(DOCS.contains(&format!("`{name}`")), "docs/cloudsim.md does not name `{name}`");
}

#[test]
fn tables_are_those_of_the_code() {
    let written = cloudsim::documented::with_tables(DOCS).unwrap();
    assert_eq!(written, DOCS, "docs/cloudsim.md is stale: run cargo xtask generate");
}

#[test]
fn every_console_action_is_documented() {
    let emulator = Emulator::start();
    let reply = control(emulator.address(), "POST", "/_sim/actions", "{}").body_json();
    for name in reply["known"].as_array().unwrap().iter().filter_map(Value::as_str) {
        assert_documented(name);
    }
}

#[test]
fn every_control_path_is_documented() {
    let emulator = Emulator::start();
    for line in emulator.get("/_sim/")["paths"].as_array().unwrap().iter().filter_map(Value::as_str) {
        let path = line.split(' ').nth(1).unwrap();
        assert!(DOCS.contains(path), "docs/cloudsim.md does not name {path}");
    }
}

#[test]
fn every_kind_of_fault_is_documented() {
    let emulator = Emulator::start();
    let unknown = r#"[{"effect":{"kind":"none such"}}]"#;
    let reply = control(emulator.address(), "POST", "/_sim/faults", unknown).body_json();
    let told = reply["error"].as_str().unwrap();
    let (_, known) = told.split_once("expected one of ").unwrap();
    let kinds: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    assert!(kinds.len() > 10, "{told}");
    kinds.into_iter().for_each(assert_documented);
}
