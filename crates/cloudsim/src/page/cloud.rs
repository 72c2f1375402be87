//! Accounts, trails, projects and Logstores, from what `GET /_sim/state` tells.

use serde_json::Value;

use super::html::{Html, element, nothing, table, tag, text};
use super::{br, items, section, verdict, words};
use crate::store::logstore::PERMANENT_DAYS;

pub(super) fn show(state: &Value) -> Html {
    let accounts = items(&state["accounts"]);
    let trails = accounts.iter().flat_map(trails).collect();
    let stores = accounts.iter().flat_map(projects).collect();
    let accounts = table(
        &[
            "Account",
            "Inner-ActionTrail",
            "Log Service",
            "Payment",
            "Access keys",
            "Users",
            "Roles",
            "Events made",
        ],
        accounts.iter().map(account).collect(),
        "No account.",
    );
    let trails = table(
        &["Trail", "Account", "Set up in", "Destination", "Delivery", "Latest delivery", "Created"],
        trails,
        "No trail: nothing is delivered.",
    );
    let stores = table(
        &["Project", "Logstore", "Retention", "Writers", "Index", "Events", "Newest event"],
        stores,
        "No project.",
    );
    section("accounts", "Accounts", &accounts).and(&section("trails", "Inner trails", &trails)).and(&section(
        "logstores",
        "Projects and Logstores",
        &stores,
    ))
}

fn account(account: &Value) -> Vec<Html> {
    let is = |name: &str| account[name] == true;
    let names = |list: &str| named(items(&account[list]), "name");
    vec![
        tag("code", words(&account["id"])),
        verdict(is("granted"), if is("granted") { "granted" } else { "not granted" }),
        verdict(is("slsOpen"), if is("slsOpen") { "active" } else { "not activated" }),
        verdict(!is("overdue"), if is("overdue") { "overdue" } else { "in order" }),
        named(items(&account["accessKeys"]), "id"),
        names("users"),
        names("roles"),
        tag("span", &account["eventsGenerated"]),
    ]
}

fn named(list: &[Value], name: &str) -> Html {
    let names = list.iter().map(|item| tag("code", words(&item[name]))).collect();
    if list.is_empty() { nothing() } else { element("span", &[("class", "list")], &names) }
}

fn trails(account: &Value) -> Vec<Vec<Html>> {
    let second = Some(&account["logServiceShipping"]).filter(|shipping| shipping.is_object());
    items(&account["trails"]).iter().chain(second).map(|trail| row_of_trail(account, trail)).collect()
}

fn row_of_trail(account: &Value, trail: &Value) -> Vec<Html> {
    let console = if trail["source"] == "LogService" { "Log Service console" } else { "ActionTrail" };
    let place = ["projectRegion", "project", "logstore"].map(|part| words(&trail[part])).join("/");
    let delivery = &trail["delivery"];
    let state = match delivery["error"].as_str() {
        None => verdict(true, "working"),
        Some(error) => verdict(false, "not working").and(&br()).and(&tag("small", error)),
    };
    vec![
        tag("code", words(&trail["name"])).and(&br()).and(&tag("small", words(&trail["homeRegion"]))),
        tag("code", words(&account["id"])),
        text(console),
        tag("code", place),
        state,
        time(&delivery["latestDeliveryTime"]),
        time(&trail["createdTime"]),
    ]
}

fn time(value: &Value) -> Html {
    value.as_str().map_or_else(nothing, |time| tag("time", time))
}

fn projects(account: &Value) -> Vec<Vec<Html>> {
    items(&account["projects"]).iter().flat_map(rows_of_project).collect()
}

/// One row for each Logstore, or one that says that there is none.
fn rows_of_project(project: &Value) -> Vec<Vec<Html>> {
    let described = format!("{} {}", words(&project["region"]), words(&project["description"]));
    let name = tag("code", words(&project["name"])).and(&br()).and(&tag("small", described.trim()));
    let stores = items(&project["logstores"]);
    if stores.is_empty() {
        let rest = (0..5).map(|_| Html::default());
        return vec![[name, nothing()].into_iter().chain(rest).collect()];
    }
    stores.iter().map(|store| row_of_logstore(name.clone(), store)).collect()
}

fn row_of_logstore(project: Html, store: &Value) -> Vec<Html> {
    let days = store["ttl"].as_i64().unwrap_or_default();
    let retention = if days >= PERMANENT_DAYS { "permanent".to_owned() } else { format!("{days} days") };
    let writers = match store["dedicatedTo"].as_str() {
        Some(trail) => format!("dedicated to trail {trail}"),
        None => "everybody".to_owned(),
    };
    vec![
        project,
        tag("code", words(&store["name"])),
        text(retention),
        text(writers),
        index(&store["index"]),
        tag("span", &store["eventCount"]),
        time(&store["newestEventTime"]),
    ]
}

fn index(document: &Value) -> Html {
    if document.is_null() {
        return verdict(false, "none: cannot be searched");
    }
    let line = if document["line"].is_object() { "full text, " } else { "" };
    let fields = document["keys"].as_object().map_or(0, serde_json::Map::len);
    verdict(true, &format!("{line}{fields} fields"))
}
