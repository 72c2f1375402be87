//! RAM 2015-05-01: users, their keys, and the policies attached to them (cloud-api §3).
//!
//! The shapes of answers and codes are those of the role operations.

use serde_json::{Value, json};

use super::ram::{self, invalid};
use super::{Call, Operation};
use crate::clock::iso;
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::account::{self, User};
use crate::store::user_policy;

/// The operations on users.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::write(Service::Ram, "CreateUser", "ram:CreateUser", create_user),
    Operation::read(Service::Ram, "GetUser", Some("ram:GetUser"), get_user),
    Operation::write(Service::Ram, "CreateAccessKey", "ram:CreateAccessKey", create_access_key),
    Operation::read(Service::Ram, "ListAccessKeys", Some("ram:ListAccessKeys"), list_access_keys),
    Operation::write(Service::Ram, "DeleteAccessKey", "ram:DeleteAccessKey", delete_access_key),
    Operation::write(Service::Ram, "DeleteUser", "ram:DeleteUser", delete_user),
    Operation::write(Service::Ram, "AttachPolicyToUser", "ram:AttachPolicyToUser", attach),
    Operation::write(Service::Ram, "DetachPolicyFromUser", "ram:DetachPolicyFromUser", detach),
    Operation::read(
        Service::Ram,
        "ListPoliciesForUser",
        Some("ram:ListPoliciesForUser"),
        list_policies_for_user,
    ),
];

/// Access keys a user may have.
const KEYS_MAX: usize = 2;

fn user_name<'a>(call: &'a Call<'_>) -> Result<&'a str, Refusal> {
    let name = call.required("UserName")?;
    if name.len() > 64 {
        return Err(invalid("UserName.Length", "The specified user name exceeds 64 characters."));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) {
        return Err(invalid(
            "UserName.InvalidChars",
            "The specified user name has characters that are not allowed.",
        ));
    }
    Ok(name)
}

fn existing(call: &Call<'_>) -> Result<User, Refusal> {
    let name = user_name(call)?;
    let missing = || Refusal::new(404, "EntityNotExist.User", format!("The user does not exist: {name} ."));
    account::find_user(call.conn, call.account(), name)?.ok_or_else(missing)
}

fn shown(user: &User) -> Value {
    json!({"UserId": user.id, "UserName": user.name, "DisplayName": user.name, "Comments": ""})
}

fn create_user(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = user_name(call)?;
    if !account::create_user(call.conn, call.account(), name, &[])? {
        let message = format!("The user already exists: {name} .");
        return Err(Refusal::new(409, "EntityAlreadyExists.User", message));
    }
    let mut user = shown(&existing(call)?);
    user["CreateDate"] = Value::String(iso(call.now));
    Ok(Answer::json(json!({"User": user})))
}

fn get_user(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(json!({"User": shown(&existing(call)?)})))
}

fn create_access_key(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = existing(call)?;
    if account::list_keys(call.conn, call.account(), Some(&user.name))?.len() >= KEYS_MAX {
        let message = "The number of access keys of the user exceeds the limit (2).";
        return Err(Refusal::new(409, "LimitExceeded.User.AccessKey", message));
    }
    let key = account::create_key(call.conn, call.account(), Some(&user.name))?;
    Ok(Answer::json(json!({"AccessKey": {
        "AccessKeyId": key.id, "AccessKeySecret": key.secret, "Status": "Active", "CreateDate": iso(call.now),
    }})))
}

fn list_access_keys(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = existing(call)?;
    let keys = account::list_keys(call.conn, call.account(), Some(&user.name))?;
    let status = |active| if active { "Active" } else { "Inactive" };
    let shown: Vec<Value> =
        keys.iter().map(|key| json!({"AccessKeyId": key.id, "Status": status(key.active)})).collect();
    Ok(Answer::json(json!({"AccessKeys": {"AccessKey": shown}})))
}

fn attach(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (kind, name) = ram::policy_key(call)?;
    let user = existing(call)?;
    ram::existing_policy(call)?;
    if !user_policy::attach(call.conn, call.account(), &user.name, kind, name, call.now)? {
        let message = "The policy is already attached to the user.";
        return Err(Refusal::new(409, "EntityAlreadyExists.User.Policy", message));
    }
    Ok(Answer::json(json!({})))
}

fn detach(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (kind, name) = ram::policy_key(call)?;
    let user = existing(call)?;
    if !user_policy::detach(call.conn, call.account(), &user.name, kind, name)? {
        let message = "The policy is not attached to the user.";
        return Err(Refusal::new(404, "EntityNotExist.User.Policy", message));
    }
    Ok(Answer::json(json!({})))
}

fn list_policies_for_user(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = existing(call)?;
    let attached = user_policy::attached(call.conn, call.account(), &user.name)?;
    Ok(Answer::json(json!({"Policies": {"Policy": ram::attached_shown(&attached)}})))
}

fn delete_access_key(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = existing(call)?;
    let id = call.required("UserAccessKeyId")?;
    if !account::delete_key(call.conn, call.account(), &user.name, id)? {
        let message = format!("The user does not have the access key: {id} .");
        return Err(Refusal::new(404, "EntityNotExist.User.AccessKey", message));
    }
    Ok(Answer::json(json!({})))
}

fn delete_user(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = existing(call)?;
    let conflict = |what: &str| {
        let message = "You cannot delete this user. Remove its access keys and detach its policies first.";
        Err(Refusal::new(409, format!("DeleteConflict.User.{what}"), message))
    };
    if !account::list_keys(call.conn, call.account(), Some(&user.name))?.is_empty() {
        return conflict("AccessKey");
    }
    if !user_policy::attached(call.conn, call.account(), &user.name)?.is_empty() {
        return conflict("Policy");
    }
    account::delete_user(call.conn, call.account(), &user.name)?;
    Ok(Answer::json(json!({})))
}
