//! The RPC gateway in front of ActionTrail, RAM and STS (cloud-api §2.1, §7).
//!
//! GET and POST, parameters in query or form; always answers JSON, whatever `Format` says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Arrived;
use super::route::Service;
use crate::caller::Caller;
use crate::reply::{Answer, Body, Refusal, Reply};
use crate::request::Request;
use crate::service::{self, Operation, Place};

/// Headers that must not be repeated: the signature covers one of them, the service could read another.
const ONCE: [&str; 5] = ["host", "authorization", "x-acs-action", "x-acs-version", "x-acs-date"];

/// Names the operation of a request.
pub(crate) fn arrive(request: Request, service: Service, region: String) -> Arrived {
    let parameters = request.parameters();
    let from_header = request.header("x-acs-action").map(str::to_owned);
    let from_header = from_header.filter(|_| is_named_by_header(&request, &parameters));
    let action = from_header.or_else(|| parameters.get("Action").cloned()).unwrap_or_default();
    let operation = find(&request, service, &action);
    Arrived {
        request,
        service,
        region,
        place: Place::default(),
        parameters,
        action,
        operation,
        request_id: super::request_id(service),
        past: None,
        incomplete: false,
    }
}

/// With the older scheme `x-acs-action` is unsigned decoration (cloud-api §8.2). It counts when the headers are signed,
/// and when nothing is: so `AssumeRoleWithOIDC` comes from the official Go client.
fn is_named_by_header(request: &Request, parameters: &BTreeMap<String, String>) -> bool {
    let in_parameters = ["Action", "Signature"].iter().any(|name| parameters.contains_key(*name));
    request.header("authorization").is_some() || !in_parameters
}

fn find(request: &Request, service: Service, action: &str) -> Result<&'static Operation, Refusal> {
    if let Some(name) = ONCE.iter().find(|name| request.header_count(name) > 1) {
        return Err(Refusal::new(400, "InvalidParameter", format!("Header {name} is repeated.")));
    }
    if let Some(name) = request.repeated_parameter() {
        return Err(Refusal::new(400, "InvalidParameter", format!("Parameter {name} is repeated.")));
    }
    if request.method != "GET" && request.method != "POST" {
        return Err(Refusal::new(405, "UnsupportedHTTPMethod", "This http method is not supported."));
    }
    if action.is_empty() {
        return Err(Refusal::new(400, "MissingAction", "Action is mandatory for this action."));
    }
    service::of(service).find(|operation| operation.action == action).ok_or_else(|| {
        tracing::warn!(service = service.name(), action, "operation is not emulated");
        unknown_action()
    })
}

/// The gateway's answer to an operation it does not have.
pub(crate) fn unknown_action() -> Refusal {
    Refusal::new(
        404,
        "InvalidAction.NotFound",
        "Specified api is not found, please check your url and method.",
    )
}

/// The refusal of a caller who lacks a permission.
pub(crate) fn denied(service: Service, caller: &Caller, resource: &str, ram_action: &str) -> Refusal {
    let code = if service == Service::ActionTrail { "Forbidden.RAM" } else { "NoPermission" };
    let message =
        format!("You are not authorized to do this action. Resource: {resource} Action: {ram_action}");
    let mut refusal = Refusal::new(403, code, message);
    refusal.detail = Some(json!({
        "AuthAction": ram_action,
        "AuthPrincipalType": caller.kind(),
        "AuthPrincipalOwnerId": caller.account.id,
        "AuthPrincipalDisplayName": caller.display_name(),
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }));
    refusal
}

/// A success in the gateway's envelope.
pub(crate) fn answered(answer: &Answer, request_id: &str) -> Reply {
    let mut body = match &answer.body {
        Body::Json(value) => value.clone(),
        Body::Empty | Body::Bytes(_) => json!({}),
    };
    body["RequestId"] = Value::String(request_id.to_owned());
    let mut reply = Reply::json(200, &body);
    reply.headers.push(("x-acs-request-id", request_id.to_owned()));
    reply
}

/// A refusal in the gateway's envelope.
pub(crate) fn refused(service: Service, refusal: &Refusal, request_id: &str, host: &str) -> Reply {
    let product = match service {
        Service::ActionTrail => "Actiontrail",
        Service::Ram => "Ram",
        Service::Sts => "Sts",
        Service::Sls => "Sls",
    };
    let mut body = json!({
        "RequestId": request_id,
        "HostId": host,
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": format!("https://api.aliyun.com/troubleshoot?q={}&product={product}", refusal.code),
    });
    if let Some(detail) = &refusal.detail {
        body["AccessDeniedDetail"] = detail.clone();
    }
    let mut reply = Reply::json(refusal.status, &body);
    reply.headers.push(("x-acs-request-id", request_id.to_owned()));
    reply.headers.extend(refusal.retry_after_ms.map(|millis| ("x-acs-retry-after", millis.to_string())));
    reply.code = Some(refusal.code.clone());
    reply
}
