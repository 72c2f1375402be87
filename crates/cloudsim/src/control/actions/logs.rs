//! Projects, Logstores and indexes.

use serde_json::{Map, Value, json};

use super::Console;
use crate::control::wrong;
use crate::reply::Refusal;
use crate::service::{sls_index, sls_project};
use crate::store::project::{self, Project};
use crate::store::{account, logstore};

/// Account that takes project names when no other is named.
const STRANGER: &str = "9999999999999999";

pub(super) fn create_project(console: &Console<'_>) -> Result<Value, Refusal> {
    make_project(console, console.account)
}

/// Another account takes a project name.
pub(super) fn take_project(console: &Console<'_>) -> Result<Value, Refusal> {
    let taker = console.text("by").unwrap_or(STRANGER);
    account::create(console.conn, taker)?;
    make_project(console, taker)
}

fn make_project(console: &Console<'_>, account: &str) -> Result<Value, Refusal> {
    let name = console.required("project")?;
    let new = Project {
        region: console.region.to_owned(),
        name: name.to_owned(),
        account: account.to_owned(),
        description: String::new(),
        resource_group: String::new(),
        redundancy: sls_project::DEFAULT_REDUNDANCY.to_owned(),
        created: console.now,
        modified: console.now,
    };
    if !project::create(console.conn, &new)? {
        return Err(wrong(format!("the name `{name}` is taken in {}", console.region)));
    }
    Ok(json!({"project": name, "region": console.region, "account": account}))
}

pub(super) fn delete_project(console: &Console<'_>) -> Result<Value, Refusal> {
    let project = console.project()?;
    project::delete(console.conn, &project)?;
    Ok(json!({"project": project.name}))
}

pub(super) fn delete_logstore(console: &Console<'_>) -> Result<Value, Refusal> {
    let (project, logstore) = console.logstore()?;
    logstore::delete(console.conn, &project, &logstore)?;
    Ok(json!({"project": project.name, "logstore": logstore.name}))
}

pub(super) fn delete_index(console: &Console<'_>) -> Result<Value, Refusal> {
    let (_, logstore) = console.logstore()?;
    logstore::set_index(console.conn, &logstore, None, console.now)?;
    Ok(json!({"logstore": logstore.name}))
}

pub(super) fn set_index(console: &Console<'_>) -> Result<Value, Refusal> {
    let (_, logstore) = console.logstore()?;
    let index: &Map<String, Value> = console
        .body
        .get("index")
        .and_then(Value::as_object)
        .ok_or_else(|| wrong("`index` must be an index document"))?;
    sls_index::check(index)?;
    logstore::set_index(console.conn, &logstore, Some(&Value::Object(index.clone())), console.now)?;
    Ok(json!({"logstore": logstore.name}))
}

pub(super) fn set_retention(console: &Console<'_>) -> Result<Value, Refusal> {
    let (_, found) = console.logstore()?;
    let days = console.body.get("days").and_then(Value::as_i64);
    let days = days.filter(|days| (1..=logstore::PERMANENT_DAYS).contains(days));
    let days = days.ok_or_else(|| wrong("`days` must be a whole number from 1 to 3650"))?;
    logstore::update(console.conn, &found, days, &found.settings, console.now)?;
    Ok(json!({"logstore": found.name, "ttl": days}))
}
