//! Dashboards and saved searches (cloud-api §6.7): documents by name, kept as they are sent.

use serde_json::{Map, Value, json};

use super::sls_project::{invalid, json_body, page, project, text};
use super::{Call, Operation};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::document::{self, Kind};

/// POST `/dashboards`.
pub(crate) const CREATE_DASHBOARD: Operation =
    Operation::write(Service::Sls, "CreateDashboard", "log:CreateDashboard", |call| create(call, &DASHBOARD));
/// GET `/dashboards/{name}`.
pub(crate) const GET_DASHBOARD: Operation =
    Operation::read(Service::Sls, "GetDashboard", Some("log:GetDashboard"), |call| get(call, &DASHBOARD));
/// PUT `/dashboards/{name}`.
pub(crate) const UPDATE_DASHBOARD: Operation =
    Operation::write(Service::Sls, "UpdateDashboard", "log:UpdateDashboard", |call| update(call, &DASHBOARD));
/// DELETE `/dashboards/{name}`.
pub(crate) const DELETE_DASHBOARD: Operation =
    Operation::write(Service::Sls, "DeleteDashboard", "log:DeleteDashboard", |call| delete(call, &DASHBOARD));
/// GET `/dashboards`.
pub(crate) const LIST_DASHBOARDS: Operation =
    Operation::read(Service::Sls, "ListDashboard", Some("log:ListDashboard"), |call| list(call, &DASHBOARD));
/// POST `/savedsearches`.
pub(crate) const CREATE_SEARCH: Operation =
    Operation::write(Service::Sls, "CreateSavedSearch", "log:CreateSavedSearch", |call| {
        create(call, &SEARCH)
    });
/// GET `/savedsearches/{name}`.
pub(crate) const GET_SEARCH: Operation =
    Operation::read(Service::Sls, "GetSavedSearch", Some("log:GetSavedSearch"), |call| get(call, &SEARCH));
/// PUT `/savedsearches/{name}`.
pub(crate) const UPDATE_SEARCH: Operation =
    Operation::write(Service::Sls, "UpdateSavedSearch", "log:UpdateSavedSearch", |call| {
        update(call, &SEARCH)
    });
/// DELETE `/savedsearches/{name}`.
pub(crate) const DELETE_SEARCH: Operation =
    Operation::write(Service::Sls, "DeleteSavedSearch", "log:DeleteSavedSearch", |call| {
        delete(call, &SEARCH)
    });
/// GET `/savedsearches`.
pub(crate) const LIST_SEARCHES: Operation =
    Operation::read(Service::Sls, "ListSavedSearch", Some("log:ListSavedSearch"), |call| list(call, &SEARCH));

/// Documents of a kind that a project may have (cloud-api §6.8).
const DOCUMENTS_MAX: usize = 100;
/// Documents of a page unless the call says otherwise: all of them.
const PAGE: usize = 500;

/// What tells dashboards and saved searches apart on the wire.
struct Shape {
    kind: Kind,
    /// The kind in messages.
    noun: &'static str,
    /// Field with the name.
    name: &'static str,
    /// Field that must hold a value of this kind.
    needs: (&'static str, fn(&Value) -> bool),
    missing: &'static str,
    /// Fields of the list answer: names, entries.
    lists: (&'static str, &'static str),
    /// Fields of an entry besides the name.
    entry: &'static [&'static str],
}

static DASHBOARD: Shape = Shape {
    kind: Kind::Dashboard,
    noun: "dashboard",
    name: "dashboardName",
    needs: ("charts", Value::is_array),
    missing: "DashboardNotExist",
    lists: ("dashboards", "dashboardItems"),
    entry: &["displayName", "description"],
};

static SEARCH: Shape = Shape {
    kind: Kind::SavedSearch,
    noun: "savedsearch",
    name: "savedsearchName",
    needs: ("searchQuery", Value::is_string),
    missing: "SavedSearchNotExist",
    lists: ("savedsearches", "savedsearchItems"),
    entry: &["displayName", "searchQuery", "logstore", "topic"],
};

/// The body, with what the kind needs.
fn body_of(call: &Call<'_>, shape: &Shape) -> Result<Map<String, Value>, Refusal> {
    let body = json_body(call)?;
    let (field, is_right) = shape.needs;
    if body.get(field).is_some_and(is_right) {
        Ok(body)
    } else {
        Err(invalid(format!("{field} is required.")))
    }
}

/// 3 to 63 letters, digits, `-` and `_`.
fn is_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn absent(shape: &Shape) -> Refusal {
    Refusal::new(404, shape.missing, format!("specified {} does not exist", shape.noun))
}

fn create(call: &Call<'_>, shape: &Shape) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let body = body_of(call, shape)?;
    let name = text(&body, shape.name)?;
    if !is_name(name) {
        return Err(invalid(format!("{} is invalid: {name}", shape.name)));
    }
    if document::list(call.conn, shape.kind, &project)?.len() >= DOCUMENTS_MAX {
        return Err(invalid(format!("a project has at most {DOCUMENTS_MAX} of kind {}.", shape.noun)));
    }
    let text = Value::Object(body.clone()).to_string();
    if document::create(call.conn, shape.kind, &project, name, &text)? {
        Ok(Answer::empty())
    } else {
        // Code and words as the official Java client's own tests expect them.
        Err(invalid(format!("specified {} already exists", shape.noun)))
    }
}

fn get(call: &Call<'_>, shape: &Shape) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let name = call.place.name.as_deref().unwrap_or_default();
    let body = document::find(call.conn, shape.kind, &project, name)?.ok_or_else(|| absent(shape))?;
    Ok(Answer::json(serde_json::from_str(&body)?))
}

fn update(call: &Call<'_>, shape: &Shape) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let name = call.place.name.as_deref().unwrap_or_default();
    let mut body = body_of(call, shape)?;
    let named = text(&body, shape.name)?;
    if !named.is_empty() && named != name {
        return Err(invalid(format!("{} differs from the name in the path.", shape.name)));
    }
    body.insert(shape.name.to_owned(), json!(name));
    document::find(call.conn, shape.kind, &project, name)?.ok_or_else(|| absent(shape))?;
    document::replace(call.conn, shape.kind, &project, name, &Value::Object(body).to_string())?;
    Ok(Answer::empty())
}

fn delete(call: &Call<'_>, shape: &Shape) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let name = call.place.name.as_deref().unwrap_or_default();
    if document::delete(call.conn, shape.kind, &project, name)? {
        Ok(Answer::empty())
    } else {
        Err(absent(shape))
    }
}

fn list(call: &Call<'_>, shape: &Shape) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let all = document::list(call.conn, shape.kind, &project)?;
    let items = all.iter().map(|(name, body)| {
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let mut item = json!({shape.name: name});
        for field in shape.entry {
            item[*field] = body[*field].clone();
        }
        item
    });
    let (page, total) = page(call, items.collect(), PAGE)?;
    let names: Vec<&Value> = page.iter().map(|item| &item[shape.name]).collect();
    let (short, long) = shape.lists;
    Ok(Answer::json(json!({"count": page.len(), "total": total, short: names, long: page})))
}
