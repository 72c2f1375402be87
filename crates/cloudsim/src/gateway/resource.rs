//! The resources a call is about, as policies name them (cloud-api §1.1, §3, §6.9).
//!
//! Takes a request that reached a service; reads its body only as JSON, and judges nothing of it. What a body does
//! not name is `*`, which no statement about a single thing covers.

use serde_json::Value;

use super::Arrived;
use super::route::Service;

/// ARNs of what the call is about, all of which the caller needs; `*` where the service names nothing finer.
pub(crate) fn resources(arrived: &Arrived, account: &str) -> Vec<String> {
    match arrived.service {
        Service::ActionTrail => vec![format!("acs:actiontrail:{}:{account}:*", arrived.region)],
        Service::Ram => vec![format!("acs:ram:*:{account}:{}", ram_entity(arrived))],
        Service::Sts => match arrived.parameters.get("RoleArn") {
            Some(arn) => vec![arn.clone()],
            None => vec![format!("acs:sts:*:{account}:*")],
        },
        Service::Sls => {
            let arn = |path: String| format!("acs:log:{}:{account}:project/{path}", arrived.region);
            log_paths(arrived).into_iter().map(arn).collect()
        }
    }
}

/// The first entity that the parameters name.
fn ram_entity(arrived: &Arrived) -> String {
    let kinds = [("RoleName", "role"), ("UserName", "user"), ("PolicyName", "policy")];
    let named = kinds.iter().find_map(|(parameter, kind)| {
        arrived.parameters.get(*parameter).map(|name| format!("{kind}/{}", name.to_ascii_lowercase()))
    });
    named.unwrap_or_else(|| "*".to_owned())
}

/// What follows `project/` in the resources of Log Service.
fn log_paths(arrived: &Arrived) -> Vec<String> {
    if arrived.action.ends_with("TagResources") || arrived.action == "UntagResources" {
        return tagged(arrived);
    }
    let project = arrived.place.project.clone();
    let project = match arrived.action.as_str() {
        "CreateProject" => project.unwrap_or_else(|| in_body(arrived, "projectName")),
        _ => project.unwrap_or_else(|| "*".to_owned()),
    };
    vec![format!("{project}{}", within(arrived))]
}

/// What the call is about within its project; a new thing is named in the body, a list is of all.
fn within(arrived: &Arrived) -> String {
    let place = &arrived.place;
    let named = || place.name.clone().unwrap_or_default();
    match (&place.logstore, arrived.action.as_str()) {
        (Some(logstore), "CreateConsumerGroup") => {
            format!("/logstore/{logstore}/consumergroup/{}", in_body(arrived, "consumerGroup"))
        }
        (Some(logstore), "ListConsumerGroup") => format!("/logstore/{logstore}/consumergroup/*"),
        (Some(logstore), action) if is_of_consumer_group(action) => {
            format!("/logstore/{logstore}/consumergroup/{}", named())
        }
        (Some(logstore), _) => format!("/logstore/{logstore}"),
        (None, "CreateLogStore") => format!("/logstore/{}", in_body(arrived, "logstoreName")),
        (None, "ListLogStores") => "/logstore/*".to_owned(),
        (None, "ListConfig") => "/logtailconfig/*".to_owned(),
        (None, "ListMachineGroup") => "/machinegroup/*".to_owned(),
        (None, "CreateDashboard") => format!("/dashboard/{}", in_body(arrived, "dashboardName")),
        (None, "ListDashboard") => "/dashboard/*".to_owned(),
        (None, "CreateSavedSearch") => format!("/savedsearch/{}", in_body(arrived, "savedsearchName")),
        (None, "ListSavedSearch") => "/savedsearch/*".to_owned(),
        (None, action) if action.ends_with("SavedSearch") => format!("/savedsearch/{}", named()),
        (None, action) if action.ends_with("Dashboard") => format!("/dashboard/{}", named()),
        (None, _) => String::new(),
    }
}

fn is_of_consumer_group(action: &str) -> bool {
    action.contains("ConsumerGroup") || action == "GetCheckPoint"
}

/// A name in the body.
fn in_body(arrived: &Arrived, field: &str) -> String {
    let name = body(arrived).get(field).and_then(Value::as_str).map(str::to_owned);
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "*".to_owned())
}

fn body(arrived: &Arrived) -> Value {
    serde_json::from_slice(&arrived.request.body).unwrap_or_default()
}

/// The projects and Logstores that a call on tags names, in its body or as a parameter.
fn tagged(arrived: &Arrived) -> Vec<String> {
    let list = match arrived.parameters.get("resourceId") {
        Some(text) if arrived.action == "ListTagResources" => serde_json::from_str(text).unwrap_or_default(),
        Some(_) | None => body(arrived)["resourceId"].clone(),
    };
    let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let paths: Vec<String> = names.map(|name| name.replacen('#', "/logstore/", 1)).collect();
    if paths.is_empty() { vec!["*".to_owned()] } else { paths }
}
