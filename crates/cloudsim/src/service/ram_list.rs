//! RAM 2015-05-01: roles, users and policies page by page (cloud-api §3).

use serde_json::{Value, json};

use super::ram::{self, invalid};
use super::{Call, Operation, ram_user};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::{account, role};

/// The lists.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::read(Service::Ram, "ListRoles", Some("ram:ListRoles"), list_roles),
    Operation::read(Service::Ram, "ListUsers", Some("ram:ListUsers"), list_users),
    Operation::read(Service::Ram, "ListPolicies", Some("ram:ListPolicies"), list_policies),
];

/// Most items of a page.
const ITEMS_MAX: usize = 1000;
/// Items of a page unless the call says otherwise.
const ITEMS: usize = 100;

fn list_roles(call: &Call<'_>) -> Result<Answer, Refusal> {
    let shown = |role: &role::Role| {
        let mut shown = ram::shown(call.account(), role);
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("AssumeRolePolicyDocument");
        }
        shown
    };
    let roles = role::list(call.conn, call.account())?;
    page(call, roles.iter().map(shown).collect(), ("Roles", "Role"), &["RoleName"])
}

fn list_users(call: &Call<'_>) -> Result<Answer, Refusal> {
    let users = account::list_users(call.conn, call.account())?;
    let shown: Result<Vec<Value>, Refusal> = users.iter().map(|user| ram_user::shown(call, user)).collect();
    page(call, shown?, ("Users", "User"), &["UserName"])
}

fn list_policies(call: &Call<'_>) -> Result<Answer, Refusal> {
    let kind = call.optional("PolicyType");
    if kind.is_some_and(|kind| ![ram::SYSTEM, ram::CUSTOM].contains(&kind)) {
        return Err(invalid("PolicyType", "The specified policy type is neither System nor Custom."));
    }
    page(call, ram::policies_shown(call, kind)?, ("Policies", "Policy"), &["PolicyType", "PolicyName"])
}

/// One page, ordered by these fields. A marker is the key of the last item before it, so that a page begins where the
/// one before ended, whatever came and went.
fn page(
    call: &Call<'_>,
    items: Vec<Value>,
    (list, item): (&str, &str),
    fields: &[&str],
) -> Result<Answer, Refusal> {
    let count = call.optional("MaxItems").map_or(Ok(ITEMS), str::parse);
    let count = count.ok().filter(|count| (1..=ITEMS_MAX).contains(count));
    let count = count.ok_or_else(|| {
        invalid("MaxItems", &format!("The specified MaxItems is not between 1 and {ITEMS_MAX}."))
    })?;
    let key = |item: &Value| {
        let parts: Vec<&str> = fields.iter().filter_map(|field| item[field].as_str()).collect();
        parts.join("/").to_ascii_lowercase()
    };
    let marker = call.optional("Marker").unwrap_or_default();
    let mut rest: Vec<(String, Value)> =
        items.into_iter().map(|item| (key(&item), item)).filter(|(key, _)| key.as_str() > marker).collect();
    rest.sort_by(|one, other| one.0.cmp(&other.0));
    let is_truncated = rest.len() > count;
    rest.truncate(count);
    let next = rest.last().filter(|_| is_truncated).map(|(key, _)| key.clone());
    let shown: Vec<Value> = rest.into_iter().map(|(_, item)| item).collect();
    let mut answer = json!({"IsTruncated": is_truncated, list: {item: shown}});
    if let Some(next) = next {
        answer["Marker"] = json!(next);
    }
    Ok(Answer::json(answer))
}
