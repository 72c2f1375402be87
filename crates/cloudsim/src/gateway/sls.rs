//! The REST front of Log Service (cloud-api §6).

use serde_json::{Value, json};

use super::Arrived;
use super::route::Service;
use crate::auth::sls_unauthorized;
use crate::reply::{Answer, Body, INTERNAL, Refusal, Reply};
use crate::request::Request;
use crate::service::{
    Operation, Place, sls_collect, sls_consume, sls_consumer, sls_document, sls_index, sls_logs,
    sls_logstore, sls_meta, sls_metering, sls_project, sls_put, sls_shard,
};

/// Headers that must not be repeated: the signature covers one of them, the service could read another.
const ONCE: [&str; 4] = ["host", "authorization", "x-log-date", "x-log-content-sha256"];

/// The operations of Log Service.
static OPERATIONS: [Operation; 48] = [
    sls_project::CREATE,
    sls_project::GET,
    sls_project::UPDATE,
    sls_project::DELETE,
    sls_project::LIST,
    sls_logstore::CREATE,
    sls_logstore::GET,
    sls_logstore::UPDATE,
    sls_logstore::DELETE,
    sls_logstore::LIST,
    sls_metering::GET,
    sls_metering::UPDATE,
    sls_shard::LIST,
    sls_shard::SPLIT,
    sls_shard::MERGE,
    sls_index::CREATE,
    sls_index::GET,
    sls_index::UPDATE,
    sls_index::DELETE,
    sls_put::PUT,
    sls_logs::GET,
    sls_logs::GET_V2,
    sls_logs::HISTOGRAMS,
    sls_consume::CURSOR,
    sls_consume::CURSOR_TIME,
    sls_consume::PULL,
    sls_consumer::CREATE,
    sls_consumer::LIST,
    sls_consumer::UPDATE,
    sls_consumer::DELETE,
    sls_consumer::HEARTBEAT,
    sls_consumer::CHECK,
    sls_consumer::CHECKPOINTS,
    sls_meta::TAG,
    sls_meta::UNTAG,
    sls_meta::TAGS,
    sls_collect::CONFIGS,
    sls_collect::MACHINE_GROUPS,
    sls_document::CREATE_DASHBOARD,
    sls_document::GET_DASHBOARD,
    sls_document::UPDATE_DASHBOARD,
    sls_document::DELETE_DASHBOARD,
    sls_document::LIST_DASHBOARDS,
    sls_document::CREATE_SEARCH,
    sls_document::GET_SEARCH,
    sls_document::UPDATE_SEARCH,
    sls_document::DELETE_SEARCH,
    sls_document::LIST_SEARCHES,
];

/// The operations of Log Service, for documentation.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter()
}

/// Names the operation of a request.
pub(crate) fn arrive(request: Request, region: String, project: Option<String>) -> Arrived {
    let parameters = request.parameters();
    let segments = request.segments();
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let parameter = if matches!(names[..], ["logstores", _, "shards", _]) && request.method == "POST" {
        "action"
    } else {
        "type"
    };
    let kind = parameters.get(parameter).map(String::as_str).filter(|kind| !kind.is_empty());
    let action = action(&request.method, &names, kind, project.is_some());
    let place = Place { project, logstore: logstore_of(&names), name: name_of(&names) };
    let operation = find(&request, action, &place);
    Arrived {
        service: Service::Sls,
        region,
        place,
        parameters,
        action: action.map_or_else(|| format!("{} {}", request.method, request.path), str::to_owned),
        operation,
        request_id: super::request_id(Service::Sls),
        past: None,
        incomplete: false,
        request,
    }
}

fn logstore_of(names: &[&str]) -> Option<String> {
    match names {
        ["logstores", logstore, ..] => Some((*logstore).to_owned()),
        _ => None,
    }
}

fn name_of(names: &[&str]) -> Option<String> {
    match names {
        ["dashboards" | "savedsearches", name] | ["logstores", _, "shards" | "consumergroups", name] => {
            Some((*name).to_owned())
        }
        _ => None,
    }
}

/// The operation of a method and path; `kind` is the parameter `type`, or `action` of a POST to a shard. A type that is not known names another operation.
fn action(method: &str, names: &[&str], kind: Option<&str>, has_project: bool) -> Option<&'static str> {
    Some(match (method, names) {
        ("POST", []) => "CreateProject",
        ("GET", []) if has_project => "GetProject",
        ("GET", []) if kind.is_none() => "ListProject",
        ("PUT", []) => "UpdateProject",
        ("DELETE", []) => "DeleteProject",
        ("POST", ["logstores"]) => "CreateLogStore",
        ("GET", ["logstores"]) => "ListLogStores",
        ("GET", ["logstores", _] | ["logstores", _, "index"]) if kind == Some("histogram") => "GetHistograms",
        ("GET", ["logstores", _]) if kind == Some("log") => "GetLogs",
        ("GET", ["logstores", _]) if kind.is_none() => "GetLogStore",
        ("PUT", ["logstores", _]) => "UpdateLogStore",
        ("DELETE", ["logstores", _]) => "DeleteLogStore",
        ("GET", ["logstores", _, "meteringmode"]) => "GetLogStoreMeteringMode",
        ("PUT", ["logstores", _, "meteringmode"]) => "UpdateLogStoreMeteringMode",
        ("POST", ["logstores", _, "index"]) => "CreateIndex",
        ("GET", ["logstores", _, "index"]) if kind.is_none() => "GetIndex",
        ("PUT", ["logstores", _, "index"]) => "UpdateIndex",
        ("DELETE", ["logstores", _, "index"]) => "DeleteIndex",
        ("POST", ["logstores", _, "logs"]) => "GetLogsV2",
        ("POST", ["logstores", _] | ["logstores", _, "shards", "lb" | "route"]) => "PutLogs",
        ("GET", ["logstores", _, "shards"]) => "ListShards",
        ("POST", ["logstores", _, "shards", _]) if kind == Some("split") => "SplitShard",
        ("POST", ["logstores", _, "shards", _]) if kind == Some("merge") => "MergeShards",
        ("GET", ["logstores", _, "shards", _]) => match kind? {
            "cursor" => "GetCursor",
            "cursor_time" => "GetCursorTime",
            "log" | "logs" => "PullLogs",
            _ => return None,
        },
        (_, ["logstores", _, "consumergroups", ..]) => consumer_action(method, &names[3..], kind)?,
        ("POST", ["tag"]) => "TagResources",
        ("POST", ["untag"]) => "UntagResources",
        ("GET", ["tags"]) => "ListTagResources",
        ("GET", ["configs"]) => "ListConfig",
        ("GET", ["machinegroups"]) => "ListMachineGroup",
        ("POST", ["dashboards"]) => "CreateDashboard",
        ("GET", ["dashboards"]) => "ListDashboard",
        ("GET", ["dashboards", _]) => "GetDashboard",
        ("PUT", ["dashboards", _]) => "UpdateDashboard",
        ("DELETE", ["dashboards", _]) => "DeleteDashboard",
        ("POST", ["savedsearches"]) => "CreateSavedSearch",
        ("GET", ["savedsearches"]) => "ListSavedSearch",
        ("GET", ["savedsearches", _]) => "GetSavedSearch",
        ("PUT", ["savedsearches", _]) => "UpdateSavedSearch",
        ("DELETE", ["savedsearches", _]) => "DeleteSavedSearch",
        _ => return None,
    })
}

/// The operation on consumer groups; `names` is what follows them in the path.
fn consumer_action(method: &str, names: &[&str], kind: Option<&str>) -> Option<&'static str> {
    Some(match (method, names, kind) {
        ("POST", [], _) => "CreateConsumerGroup",
        ("GET", [], _) => "ListConsumerGroup",
        ("PUT", [_], _) => "UpdateConsumerGroup",
        ("DELETE", [_], _) => "DeleteConsumerGroup",
        ("GET", [_], _) => "GetCheckPoint",
        ("POST", [_], Some("heartbeat")) => "ConsumerGroupHeartBeat",
        ("POST", [_], Some("checkpoint")) => "ConsumerGroupUpdateCheckPoint",
        _ => return None,
    })
}

fn find(request: &Request, action: Option<&str>, place: &Place) -> Result<&'static Operation, Refusal> {
    if let Some(name) = ONCE.iter().find(|name| request.header_count(name) > 1) {
        return Err(Refusal::new(400, "ParameterInvalid", format!("Header {name} is repeated.")));
    }
    if let Some(name) = request.repeated_parameter() {
        return Err(Refusal::new(400, "ParameterInvalid", format!("Parameter {name} is repeated.")));
    }
    let found = action.and_then(|action| OPERATIONS.iter().find(|operation| operation.action == action));
    let Some(operation) = found else {
        tracing::warn!(
            service = "sls",
            method = request.method,
            path = request.path,
            query = request.query,
            "operation is not emulated"
        );
        let message = format!("The method {} is not supported for {}.", request.method, request.path);
        return Err(Refusal::new(405, "InvalidMethod", message));
    };
    if place.project.is_none() && !works_without_project(operation.action) {
        return Err(Refusal::new(400, "InvalidHost", "The host names no project."));
    }
    Ok(operation)
}

/// Calls that are made to the bare endpoint (cloud-api §6).
fn works_without_project(action: &str) -> bool {
    matches!(action, "CreateProject" | "ListProject" | "TagResources" | "UntagResources" | "ListTagResources")
}

/// The refusal of a caller who lacks a permission.
pub(crate) fn denied(resource: &str, ram_action: &str) -> Refusal {
    let message = format!("denied by sts or ram, action: {ram_action}, resource: {resource}");
    let mut refusal = sls_unauthorized(message);
    refusal.detail = Some(json!({"AuthAction": ram_action, "NoPermissionType": "ImplicitDeny"}));
    refusal
}

fn base(status: u16, request_id: &str) -> Reply {
    let headers = vec![("server", "AliyunSLS".to_owned()), ("x-log-requestid", request_id.to_owned())];
    Reply { status, headers, ..Reply::default() }
}

/// A success.
pub(crate) fn answered(answer: &Answer, request_id: &str) -> Reply {
    let mut reply = base(200, request_id);
    reply.headers.extend(answer.headers.iter().cloned());
    match &answer.body {
        Body::Empty => {}
        Body::Json(value) => {
            reply.headers.push(("content-type", "application/json".to_owned()));
            reply.body = value.to_string().into_bytes();
        }
        Body::Bytes(bytes) => reply.body.clone_from(bytes),
    }
    reply
}

/// A refusal.
pub(crate) fn refused(refusal: &Refusal, request_id: &str) -> Reply {
    let code = if refusal.code == INTERNAL { "InternalServerError" } else { &refusal.code };
    let mut body = json!({"errorCode": code, "errorMessage": refusal.message});
    if let Some(detail) = &refusal.detail {
        body["accessDeniedDetail"] = detail.clone();
    }
    let mut reply = base(refusal.status, request_id);
    reply.headers.push(("content-type", "application/json".to_owned()));
    reply.headers.extend(refusal.retry_after_ms.map(|millis| ("x-acs-retry-after", millis.to_string())));
    reply.body = Value::to_string(&body).into_bytes();
    reply.code = Some(code.to_owned());
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_operation() {
        assert_eq!(action("GET", &[], None, true), Some("GetProject"));
        assert_eq!(action("GET", &[], None, false), Some("ListProject"));
        assert_eq!(action("GET", &["logstores", "l"], Some("log"), true), Some("GetLogs"));
        assert_eq!(
            action("GET", &["logstores", "l", "index"], Some("histogram"), true),
            Some("GetHistograms")
        );
        assert_eq!(action("GET", &["logstores", "l", "index"], None, true), Some("GetIndex"));
        let shard = ["logstores", "l", "shards", "0"];
        assert_eq!(action("GET", &shard, Some("cursor"), true), Some("GetCursor"));
        assert_eq!(action("GET", &shard, Some("logs"), true), Some("PullLogs"));
        assert_eq!(action("GET", &shard, None, true), None);
        let group = ["logstores", "l", "consumergroups", "g"];
        assert_eq!(action("POST", &group, Some("heartbeat"), true), Some("ConsumerGroupHeartBeat"));
        assert_eq!(action("GET", &group, None, true), Some("GetCheckPoint"));
        assert_eq!(action("PATCH", &["logstores", "l"], None, true), None);
    }

    #[test]
    fn unknown_type_is_another_operation() {
        assert_eq!(action("GET", &[], Some("all"), false), None);
        for names in [["logstores", "l"].as_slice(), &["logstores", "l", "index"]] {
            assert_eq!(action("GET", names, Some("context_log"), true), None);
        }
    }

    #[test]
    fn every_named_operation_exists() {
        for name in ["CreateProject", "GetLogsV2", "PutLogs", "ListDashboard", "ListTagResources"] {
            assert!(OPERATIONS.iter().any(|operation| operation.action == name), "{name}");
        }
    }
}
