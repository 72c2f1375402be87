//! RAM 2015-05-01: the service-linked role of ActionTrail (cloud-api §3.1).

use serde_json::{Value, json};

use super::ram::{self, invalid};
use super::{Call, Operation, ram_system};
use crate::gateway::route::Service;
use crate::policy;
use crate::reply::{Answer, Refusal};
use crate::store::role::{self, NewRole};

/// The operations on service-linked roles.
pub(crate) const OPERATIONS: &[Operation] =
    &[Operation::write(Service::Ram, "CreateServiceLinkedRole", "ram:CreateServiceLinkedRole", create)];

/// The role that ActionTrail itself may assume.
const ROLE: &str = "AliyunServiceRoleForActionTrail";
/// The system policy attached to it.
pub(crate) const POLICY: &str = "AliyunServiceRolePolicyForActionTrail";

/// Its document as far as it concerns Log Service: that of the delivery policy, and what was added to it.
pub(crate) fn policy() -> Value {
    let mut document = ram_system::delivery_policy();
    if let Some(statements) = document["Statement"].as_array_mut() {
        let logstores = ["actiontrail_*", "innertrail_*", "insights_*"];
        let resources = logstores.map(|name| format!("acs:log:*:*:project/*/logstore/{name}"));
        statements.push(json!({"Effect": "Allow", "Action": ["log:UpdateLogStore"], "Resource": resources}));
    }
    document
}

fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let service = call.required("ServiceName")?;
    if service != policy::ACTIONTRAIL {
        let message = format!("The service has no service-linked role: {service} .");
        return Err(Refusal::new(404, "EntityNotExist.ServiceName", message));
    }
    if call.optional("CustomSuffix").is_some() {
        return Err(invalid("CustomSuffix", "The service does not support a custom suffix."));
    }
    let trust = ram::default_trust().to_string();
    let description = call.optional("Description").unwrap_or_default();
    let new = NewRole { name: ROLE, trust: &trust, description, max_session_secs: ram::SESSION_SECS_DEFAULT };
    if !role::create(call.conn, call.account(), &new, call.now)? {
        let message = format!("The role already exists: {ROLE} .");
        return Err(Refusal::new(409, "EntityAlreadyExists.Role", message));
    }
    role::attach(call.conn, call.account(), ROLE, ram::SYSTEM, POLICY, call.now)?;
    let made = role::find(call.conn, call.account(), ROLE)?;
    Ok(Answer::json(json!({"Role": made.map(|role| ram::shown(call.account(), &role))})))
}
