//! Tags (cloud-api §6.7).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::sls_project::{invalid, json_body, text};
use super::{Call, Operation, settling};
use crate::auth::sls_unauthorized;
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::logstore;
use crate::store::project::{self, Project, Tag};

/// POST `/tag`.
pub(crate) const TAG: Operation = Operation::write(Service::Sls, "TagResources", "log:TagResources", tag);
/// POST `/untag`.
pub(crate) const UNTAG: Operation =
    Operation::write(Service::Sls, "UntagResources", "log:UntagResources", untag);
/// GET `/tags`.
pub(crate) const TAGS: Operation =
    Operation::read(Service::Sls, "ListTagResources", Some("log:ListTagResources"), tags);

const PROJECT: &str = "project";
const LOGSTORE: &str = "logstore";

/// A resource kind that can carry tags.
fn kind(text: &str) -> Result<&'static str, Refusal> {
    match text {
        PROJECT => Ok(PROJECT),
        LOGSTORE => Ok(LOGSTORE),
        _ => Err(invalid("resourceType must be project or logstore.")),
    }
}

/// The project behind `<project>` or `<project>#<logstore>`; both must exist and belong to the caller.
fn owner(call: &Call<'_>, kind: &str, resource: &str) -> Result<Project, Refusal> {
    let (name, logstore) = match resource.split_once('#') {
        Some((name, logstore)) if kind == LOGSTORE => (name, Some(logstore)),
        None if kind == PROJECT => (resource, None),
        Some(_) | None => {
            return Err(invalid(format!("resourceId {resource} does not fit resourceType {kind}.")));
        }
    };
    let missing = || Refusal::new(404, "ProjectNotExist", format!("The Project does not exist : {name}"));
    let found = settling::project(call, project::find(call.conn, call.region, name)?)?;
    let project = found.ok_or_else(missing)?;
    if project.account != call.account() {
        return Err(sls_unauthorized("The project does not belong to you."));
    }
    if let Some(logstore) = logstore
        && settling::logstore(call, logstore::find(call.conn, &project, logstore)?)?.is_none()
    {
        return Err(Refusal::new(404, "LogStoreNotExist", format!("logstore {logstore} does not exist")));
    }
    Ok(project)
}

/// Kind and resources that a body names.
fn subjects(body: &Map<String, Value>) -> Result<(&'static str, Vec<&str>), Refusal> {
    let kind = kind(text(body, "resourceType")?)?;
    let resources = strings(body.get("resourceId"), "resourceId")?;
    Ok((kind, resources))
}

/// A list of one to fifty strings.
fn strings<'a>(value: Option<&'a Value>, name: &str) -> Result<Vec<&'a str>, Refusal> {
    let list: Option<Vec<&str>> =
        value.and_then(Value::as_array).and_then(|list| list.iter().map(Value::as_str).collect());
    list.filter(|list| (1..=50).contains(&list.len()))
        .ok_or_else(|| invalid(format!("{name} must be a list of 1 to 50 strings.")))
}

fn tag(call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = json_body(call)?;
    let (kind, resources) = subjects(&body)?;
    let tags = body.get("tags").and_then(Value::as_array).ok_or_else(|| invalid("tags must be a list."))?;
    for resource in resources {
        let project = owner(call, kind, resource)?;
        for tag in tags {
            let part = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
            let name = part("key").filter(|key| !key.is_empty() && key.len() <= 128);
            let name = name.ok_or_else(|| invalid("each tag needs a key of 1 to 128 characters."))?;
            let value = part("value").unwrap_or_default();
            let tag = Tag { kind: kind.to_owned(), resource: resource.to_owned(), name, value };
            project::tag(call.conn, &project, &tag)?;
        }
    }
    Ok(Answer::empty())
}

fn untag(call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = json_body(call)?;
    let (kind, resources) = subjects(&body)?;
    let everything = body.get("all").and_then(Value::as_bool).unwrap_or_default();
    let names = if everything { Vec::new() } else { strings(body.get("tags"), "tags")? };
    for resource in resources {
        let project = owner(call, kind, resource)?;
        if everything {
            project::untag_all(call.conn, &project, kind, resource)?;
        }
        for name in &names {
            project::untag(call.conn, &project, kind, resource, name)?;
        }
    }
    Ok(Answer::empty())
}

fn tags(call: &Call<'_>) -> Result<Answer, Refusal> {
    let kind = kind(call.optional("resourceType").unwrap_or_default())?;
    let resources = listed(call, "resourceId")?;
    let is_empty = resources.as_array().is_none_or(Vec::is_empty);
    let resources = if is_empty { Vec::new() } else { strings(Some(&resources), "resourceId")? };
    let named = listed(call, "tags")?.as_array().map_or(Ok(Vec::new()), |tags| named(tags))?;
    let mut found = Vec::new();
    for project in settling::projects(call, project::list(call.conn, call.account())?)? {
        if project.region == call.region {
            found.extend(project::tags(call.conn, &project)?);
        }
    }
    found.retain(|tag| {
        tag.kind == kind && (resources.is_empty() || resources.contains(&tag.resource.as_str()))
    });
    let shown: Vec<Value> = carrying(&found, &named).into_iter().map(shown).collect();
    Ok(Answer::json(json!({"nextToken": "", "tagResources": shown})))
}

fn shown(tag: &Tag) -> Value {
    json!({"resourceId": tag.resource, "resourceType": tag.kind, "tagKey": tag.name, "tagValue": tag.value})
}

/// A parameter that is a JSON list; null when it is absent.
fn listed(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let wrong = || invalid(format!("{name} must be a JSON list."));
    let Some(text) = call.optional(name) else { return Ok(Value::Null) };
    serde_json::from_str(text).ok().filter(|list: &Value| list.is_array() || list.is_null()).ok_or_else(wrong)
}

/// A tag that is looked for; without a value any.
struct Named {
    key: String,
    value: Option<String>,
}

impl Named {
    fn is(&self, tag: &Tag) -> bool {
        tag.name == self.key && self.value.as_ref().is_none_or(|value| *value == tag.value)
    }
}

fn named(tags: &[Value]) -> Result<Vec<Named>, Refusal> {
    let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    let wrong = || invalid("each of tags needs a key.");
    let named = |tag: &Value| {
        let key = text(tag, "key").filter(|key| !key.is_empty()).ok_or_else(wrong)?;
        Ok(Named { key, value: text(tag, "value").filter(|value| !value.is_empty()) })
    };
    tags.iter().map(named).collect()
}

/// The tags that are looked for, of the resources that carry all of them; all tags when none is looked for.
fn carrying<'a>(all: &'a [Tag], named: &[Named]) -> Vec<&'a Tag> {
    let mut by_resource: BTreeMap<&str, Vec<&Tag>> = BTreeMap::new();
    for tag in all {
        by_resource.entry(&tag.resource).or_default().push(tag);
    }
    let carries_all = |tags: &Vec<&Tag>| named.iter().all(|named| tags.iter().any(|tag| named.is(tag)));
    let of_them = by_resource.into_values().filter(carries_all).flatten();
    of_them.filter(|tag| named.is_empty() || named.iter().any(|named| named.is(tag))).collect()
}
