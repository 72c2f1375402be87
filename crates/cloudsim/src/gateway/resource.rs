//! The resource a call is about, as policies name it (cloud-api §1.1, §3, §6.9).

use super::Arrived;
use super::route::Service;

/// ARN of what the call is about; `*` where the service names nothing finer.
pub(crate) fn resource(arrived: &Arrived, account: &str) -> String {
    match arrived.service {
        Service::ActionTrail => format!("acs:actiontrail:{}:{account}:*", arrived.region),
        Service::Ram => format!("acs:ram:*:{account}:{}", ram_entity(arrived)),
        Service::Sts => match arrived.parameters.get("RoleArn") {
            Some(arn) => arn.clone(),
            None => format!("acs:sts:*:{account}:*"),
        },
        Service::Sls => log_resource(arrived, account),
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

fn log_resource(arrived: &Arrived, account: &str) -> String {
    let place = &arrived.place;
    let project = place.project.as_deref().unwrap_or("*");
    let within = match (&place.logstore, &place.name) {
        (Some(logstore), _) => format!("/logstore/{logstore}"),
        (None, Some(search)) if arrived.action.ends_with("SavedSearch") => format!("/savedsearch/{search}"),
        (None, Some(dashboard)) => format!("/dashboard/{dashboard}"),
        (None, None) => String::new(),
    };
    let within = if arrived.action == "CreateLogStore" { new_logstore(arrived) } else { within };
    format!("acs:log:{}:{account}:project/{project}{within}", arrived.region)
}

/// A Logstore that is yet to be made is named in the body.
fn new_logstore(arrived: &Arrived) -> String {
    let body: serde_json::Value = serde_json::from_slice(&arrived.request.body).unwrap_or_default();
    let name = body.get("logstoreName").and_then(serde_json::Value::as_str).unwrap_or("*");
    format!("/logstore/{name}")
}
