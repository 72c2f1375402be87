//! Dashboards and saved searches, over HTTP.

use serde_json::{Value, json};

use super::client::*;

fn ready() -> Emulator {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator
}

fn ask(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Reply {
    emulator.sls("my-proj", method, path, body)
}

fn board() -> Value {
    json!({"dashboardName": "board", "displayName": "Board", "charts": []})
}

#[test]
fn dashboard_can_be_changed_and_removed() {
    let emulator = ready();
    assert_eq!(ask(&emulator, "POST", "/dashboards", &board()).status, 200);
    let changed = json!({"displayName": "New", "charts": [{"title": "c"}]});
    assert_eq!(ask(&emulator, "PUT", "/dashboards/board", &changed).status, 200);
    let found = ask(&emulator, "GET", "/dashboards/board", &Value::Null).body_json();
    assert_eq!((&found["dashboardName"], &found["displayName"]), (&json!("board"), &json!("New")));
    assert_eq!(ask(&emulator, "DELETE", "/dashboards/board", &Value::Null).status, 200);
    assert_refused(&ask(&emulator, "GET", "/dashboards/board", &Value::Null), 404, "DashboardNotExist");
    assert_refused(&ask(&emulator, "DELETE", "/dashboards/board", &Value::Null), 404, "DashboardNotExist");
    assert_refused(&ask(&emulator, "PUT", "/dashboards/board", &changed), 404, "DashboardNotExist");
}

#[test]
fn second_dashboard_of_a_name_is_refused() {
    let emulator = ready();
    ask(&emulator, "POST", "/dashboards", &board());
    let reply = ask(&emulator, "POST", "/dashboards", &board());
    assert_refused(&reply, 400, "ParameterInvalid");
    assert_eq!(reply.message(), "specified dashboard already exists");
}

#[test]
fn dashboard_without_charts_is_refused() {
    let emulator = ready();
    let reply = ask(&emulator, "POST", "/dashboards", &json!({"dashboardName": "board"}));
    assert_refused(&reply, 400, "ParameterInvalid");
}

#[test]
fn saved_searches_are_listed_with_their_query() {
    let emulator = ready();
    let search =
        json!({"savedsearchName": "search", "searchQuery": "*", "logstore": "l", "displayName": "S"});
    assert_eq!(ask(&emulator, "POST", "/savedsearches", &search).status, 200);
    let list = ask(&emulator, "GET", "/savedsearches?offset=0&size=10", &Value::Null).body_json();
    assert_eq!((&list["total"], &list["savedsearchItems"][0]["searchQuery"]), (&json!(1), &json!("*")));
    let other = ask(&emulator, "GET", "/savedsearches/other", &Value::Null);
    assert_refused(&other, 404, "SavedSearchNotExist");
}
