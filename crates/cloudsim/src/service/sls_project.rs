//! Log Service projects (cloud-api §6.1).

use serde_json::{Map, Value, json};

use super::{Call, Operation, settling};
use crate::auth::sls_unauthorized;
use crate::clock::plain;
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::project::{self, Project};
use crate::strict;

/// POST `/`.
pub(crate) const CREATE: Operation =
    Operation::write(Service::Sls, "CreateProject", "log:CreateProject", create);
/// GET `/` on the project host.
pub(crate) const GET: Operation = Operation::read(Service::Sls, "GetProject", Some("log:GetProject"), get);
/// PUT `/`.
pub(crate) const UPDATE: Operation =
    Operation::write(Service::Sls, "UpdateProject", "log:UpdateProject", update);
/// DELETE `/`.
pub(crate) const DELETE: Operation =
    Operation::write(Service::Sls, "DeleteProject", "log:DeleteProject", delete);
/// GET `/` on the bare endpoint.
pub(crate) const LIST: Operation =
    Operation::read(Service::Sls, "ListProject", Some("log:ListProject"), list);

/// Projects an account may have (cloud-api §6.8).
const PROJECTS_MAX: usize = 150;
/// Projects of a page unless the call says otherwise.
const PAGE: usize = 100;
/// How data is kept unless a project says otherwise.
pub(crate) const DEFAULT_REDUNDANCY: &str = "LRS";

/// The project of the host: it must exist, belong to the caller, and be paid for.
pub(crate) fn project(call: &Call<'_>) -> Result<Project, Refusal> {
    let name = call.place.project.as_deref().unwrap_or_default();
    let missing = || Refusal::new(404, "ProjectNotExist", format!("The Project does not exist : {name}"));
    let found = settling::project(call, project::find(call.conn, call.region, name)?)?;
    let project = found.ok_or_else(missing)?;
    if project.account != call.account() {
        return Err(sls_unauthorized("The project does not belong to you."));
    }
    if call.caller.account.overdue {
        return Err(forbidden(name));
    }
    Ok(project)
}

/// The answer while payment is overdue.
pub(crate) fn forbidden(project: &str) -> Refusal {
    let message = format!("The project {project} has been forbidden because of overdue payment.");
    Refusal::new(403, "ProjectForbidden", message)
}

/// The body, which must be a JSON object and say nothing twice.
pub(crate) fn json_body(call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
    match strict::json(&call.request.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refusal::new(400, "PostBodyInvalid", "The body is not a JSON object.")),
        Err(error) => {
            Err(Refusal::new(400, "PostBodyInvalid", format!("The body is not valid JSON: {error}.")))
        }
    }
}

/// 400 `ParameterInvalid`.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ParameterInvalid", message)
}

/// A text field; absent is empty.
pub(crate) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(invalid(format!("{name} must be a string."))),
    }
}

/// 3 to 63 lower-case letters, digits and `-`, neither first nor last a `-`.
fn is_project_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edges = !name.starts_with('-') && !name.ends_with('-');
    (3..=63).contains(&name.len()) && edges && name.bytes().all(legal)
}

fn description(body: &Map<String, Value>) -> Result<&str, Refusal> {
    let text = text(body, "description")?;
    if text.chars().count() > 64 || text.contains(['<', '>', '\'', '"', '\\']) {
        return Err(invalid("description must have at most 64 characters and none of <>'\"\\"));
    }
    Ok(text)
}

/// In how many zones data is kept.
fn redundancy(body: &Map<String, Value>) -> Result<&str, Refusal> {
    match text(body, "dataRedundancyType")? {
        "" => Ok(DEFAULT_REDUNDANCY),
        known @ ("LRS" | "ZRS") => Ok(known),
        _ => Err(invalid("dataRedundancyType must be LRS or ZRS.")),
    }
}

fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    if call.caller.account.overdue {
        return Err(sls_unauthorized("Your SLS service has been forbidden."));
    }
    let body = json_body(call)?;
    let name = text(&body, "projectName")?;
    if !is_project_name(name) {
        return Err(invalid(format!("The project name is invalid: {name}")));
    }
    if call.place.project.as_deref().is_some_and(|host| host != name) {
        return Err(invalid("projectName differs from the project in the host."));
    }
    if project::list(call.conn, call.account())?.len() >= PROJECTS_MAX {
        return Err(Refusal::new(400, "ProjectQuotaExceed", "Project quota exceed."));
    }
    let new = Project {
        region: call.region.to_owned(),
        name: name.to_owned(),
        account: call.account().to_owned(),
        description: description(&body)?.to_owned(),
        resource_group: text(&body, "resourceGroupId")?.to_owned(),
        redundancy: redundancy(&body)?.to_owned(),
        created: call.now,
        modified: call.now,
    };
    if project::create(call.conn, &new)? {
        Ok(Answer::empty())
    } else {
        Err(Refusal::new(400, "ProjectAlreadyExist", "Project already exist."))
    }
}

fn shown(project: &Project) -> Value {
    json!({
        "projectName": project.name,
        "description": project.description,
        "status": "Normal",
        "owner": project.account,
        "region": project.region,
        "createTime": plain(project.created),
        "lastModifyTime": plain(project.modified),
        "resourceGroupId": project.resource_group,
        "dataRedundancyType": project.redundancy,
    })
}

fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(shown(&project(call)?)))
}

fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let body = json_body(call)?;
    project::set_description(call.conn, &project, description(&body)?, call.now)?;
    Ok(Answer::empty())
}

fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    project::delete(call.conn, &project(call)?)?;
    Ok(Answer::empty())
}

fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let part = call.optional("projectName").unwrap_or_default();
    let group = call.optional("resourceGroupId");
    let description = call.optional("description").unwrap_or_default();
    let all = settling::projects(call, project::list(call.conn, call.account())?)?;
    let matching: Vec<Value> = all
        .iter()
        .filter(|project| project.region == call.region && project.name.contains(part))
        .filter(|project| project.description.contains(description))
        .filter(|project| group.is_none_or(|group| project.resource_group == group))
        .map(shown)
        .collect();
    let (page, total) = page(call, matching, PAGE)?;
    Ok(Answer::json(json!({"count": page.len(), "total": total, "projects": page})))
}

/// One page of a list by `offset` and `size`, by default of so many, and how many there are.
pub(crate) fn page(call: &Call<'_>, all: Vec<Value>, default: usize) -> Result<(Vec<Value>, usize), Refusal> {
    let number = |name: &str, default: usize| match call.optional(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| invalid(format!("{name} must be a number of at least 0."))),
    };
    let (offset, size) = (number("offset", 0)?, number("size", default)?);
    if size > 500 {
        return Err(invalid("size must be at most 500."));
    }
    let total = all.len();
    Ok((all.into_iter().skip(offset).take(size).collect(), total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_names_follow_the_documented_rule() {
        assert!(is_project_name("my-audit") && is_project_name("a12"));
        for wrong in ["ab", "Upper", "-edge", "edge-", "under_score", &"a".repeat(64)] {
            assert!(!is_project_name(wrong), "{wrong}");
        }
    }
}
