//! RAM 2015-05-01: users, their keys, and the policies attached to them (cloud-api §3).
//!
//! The shapes of answers and codes are those of the role operations.

use serde_json::{Value, json};

use super::ram::{self, invalid};
use super::{Call, Operation};
use crate::clock::iso;
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::account::{self, Key, User};
use crate::store::profile::{self, Profile};
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

/// A user with its description.
pub(crate) fn shown(call: &Call<'_>, user: &User) -> Result<Value, Refusal> {
    let profile = profile::find(call.conn, call.account(), &user.name)?;
    let dates = profile.as_ref().map(|profile| iso(profile.created));
    let profile =
        profile.unwrap_or_else(|| Profile { display_name: user.name.clone(), ..Profile::default() });
    let mut shown = json!({
        "UserId": user.id, "UserName": user.name, "DisplayName": profile.display_name,
        "Comments": profile.comments, "Email": profile.email, "MobilePhone": profile.mobile,
    });
    if let Some(date) = dates {
        shown["CreateDate"] = json!(date);
        shown["UpdateDate"] = json!(date);
    }
    Ok(shown)
}

/// How a call describes a user.
fn described(call: &Call<'_>, name: &str) -> Result<Profile, Refusal> {
    let text = |parameter: &str, most: usize| {
        let text = call.optional(parameter).unwrap_or_default();
        if text.chars().count() > most {
            let message = format!("The specified {parameter} exceeds {most} characters.");
            return Err(invalid(&format!("{parameter}.Length"), &message));
        }
        Ok(text.to_owned())
    };
    Ok(Profile {
        display_name: call
            .optional("DisplayName")
            .map_or(Ok(name.to_owned()), |_| text("DisplayName", 128))?,
        comments: text("Comments", 128)?,
        email: text("Email", 128)?,
        mobile: text("MobilePhone", 64)?,
        created: call.now,
    })
}

fn create_user(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = user_name(call)?;
    let profile = described(call, name)?;
    if !account::create_user(call.conn, call.account(), name, &[])? {
        let message = format!("The user already exists: {name} .");
        return Err(Refusal::new(409, "EntityAlreadyExists.User", message));
    }
    profile::put(call.conn, call.account(), name, &profile)?;
    let mut user = shown(call, &existing(call)?)?;
    if let Some(fields) = user.as_object_mut() {
        fields.remove("UpdateDate");
    }
    Ok(Answer::json(json!({"User": user})))
}

fn get_user(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(json!({"User": shown(call, &existing(call)?)?})))
}

fn create_access_key(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = existing(call)?;
    if account::list_keys(call.conn, call.account(), Some(&user.name))?.len() >= KEYS_MAX {
        let message = "The number of access keys of the user exceeds the limit (2).";
        return Err(Refusal::new(409, "LimitExceeded.User.AccessKey", message));
    }
    let key = account::create_key(call.conn, call.account(), Some(&user.name))?;
    profile::date_key(call.conn, &key.id, call.now)?;
    Ok(Answer::json(json!({"AccessKey": {
        "AccessKeyId": key.id, "AccessKeySecret": key.secret, "Status": "Active", "CreateDate": iso(call.now),
    }})))
}

fn list_access_keys(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = existing(call)?;
    let keys = account::list_keys(call.conn, call.account(), Some(&user.name))?;
    let shown: Result<Vec<Value>, Refusal> = keys.iter().map(|key| shown_key(call, key)).collect();
    Ok(Answer::json(json!({"AccessKeys": {"AccessKey": shown?}})))
}

fn shown_key(call: &Call<'_>, key: &Key) -> Result<Value, Refusal> {
    let status = if key.active { "Active" } else { "Inactive" };
    let mut shown = json!({"AccessKeyId": key.id, "Status": status});
    if let Some(created) = profile::key_date(call.conn, &key.id)? {
        shown["CreateDate"] = json!(iso(created));
    }
    Ok(shown)
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
