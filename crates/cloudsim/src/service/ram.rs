//! RAM 2015-05-01: roles, their trust, and the policies attached to them (cloud-api §3).

use serde_json::{Value, json};

use super::ram_system::{SYSTEM_POLICIES, system_policy};
use super::{Call, Operation};
use crate::clock::iso;
use crate::gateway::route::Service;
use crate::policy::{self, trust};
use crate::reply::{Answer, Refusal};
use crate::store::role::{self, NewRole, Role};
use crate::store::user_policy;
use crate::strict;

/// The operations of RAM.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::read(Service::Ram, "GetRole", Some("ram:GetRole"), get_role),
    Operation::write(Service::Ram, "CreateRole", "ram:CreateRole", create_role),
    Operation::write(Service::Ram, "UpdateRole", "ram:UpdateRole", update_role),
    Operation::write(Service::Ram, "DeleteRole", "ram:DeleteRole", delete_role),
    Operation::read(
        Service::Ram,
        "ListPoliciesForRole",
        Some("ram:ListPoliciesForRole"),
        list_policies_for_role,
    ),
    Operation::read(Service::Ram, "GetPolicy", Some("ram:GetPolicy"), get_policy),
    Operation::read(Service::Ram, "GetPolicyVersion", Some("ram:GetPolicyVersion"), get_policy_version),
    Operation::write(Service::Ram, "CreatePolicy", "ram:CreatePolicy", create_policy),
    Operation::write(Service::Ram, "DeletePolicy", "ram:DeletePolicy", delete_policy),
    Operation::write(Service::Ram, "AttachPolicyToRole", "ram:AttachPolicyToRole", attach),
    Operation::write(Service::Ram, "DetachPolicyFromRole", "ram:DetachPolicyFromRole", detach),
];

/// Role that ActionTrail assumes (cloud-api §3.1).
pub(crate) const DEFAULT_ROLE: &str = "AliyunActionTrailDefaultRole";
/// Description the console gives the role.
pub(crate) const DEFAULT_ROLE_DESCRIPTION: &str =
    "Action Trail will use this role to access your resources in other services.";

pub(crate) const SYSTEM: &str = "System";
pub(crate) const CUSTOM: &str = "Custom";
/// Creation date of the documented version of the delivery policy, 2021-05-25, for all of the system.
const SYSTEM_CREATED: i64 = 1_621_900_800;
/// A role session lasts this long unless the role says otherwise.
pub(crate) const SESSION_SECS_DEFAULT: i64 = 3600;

/// Trust policy of the default role.
pub(crate) fn default_trust() -> Value {
    json!({
        "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [policy::ACTIONTRAIL]}}],
        "Version": "1"
    })
}

/// Trust policy that lets every user and role of an account assume a role.
pub(crate) fn account_trust(account: &str) -> Value {
    json!({
        "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow",
                       "Principal": {"RAM": [format!("acs:ram::{account}:root")]}}],
        "Version": "1"
    })
}

/// Makes a role or gives it this trust, and attaches policies: custom ones of the account, else system ones.
pub(crate) fn put_role(
    conn: &rusqlite::Connection,
    account: &str,
    name: &str,
    trust: &Value,
    policies: &[String],
    now: i64,
) -> Result<(), Refusal> {
    let text = trust.to_string();
    let new = NewRole { name, trust: &text, description: "", max_session_secs: SESSION_SECS_DEFAULT };
    role::create(conn, account, &new, now)?;
    role::set_trust(conn, account, name, &text, now)?;
    for policy in policies {
        role::attach(conn, account, name, kind_of(conn, account, policy)?, policy, now)?;
    }
    Ok(())
}

/// Kind of the policy that a name means: the account's own go before those of the system.
pub(crate) fn kind_of(
    conn: &rusqlite::Connection,
    account: &str,
    policy: &str,
) -> Result<&'static str, Refusal> {
    if role::find_policy(conn, account, policy)?.is_some() {
        return Ok(CUSTOM);
    }
    let missing = || Refusal::new(400, "EntityNotExist.Policy", format!("no such policy: {policy}"));
    system_policy(policy).map(|_| SYSTEM).ok_or_else(missing)
}

/// The documents of all policies attached to a role.
pub(crate) fn documents(
    conn: &rusqlite::Connection,
    account: &str,
    role: &str,
) -> Result<Vec<Value>, Refusal> {
    texts_of(conn, account, &role::attached(conn, account, role)?)
}

/// The documents of all policies attached to a user.
pub(crate) fn user_documents(
    conn: &rusqlite::Connection,
    account: &str,
    user: &str,
) -> Result<Vec<Value>, Refusal> {
    texts_of(conn, account, &user_policy::attached(conn, account, user)?)
}

fn texts_of(
    conn: &rusqlite::Connection,
    account: &str,
    policies: &[role::Attached],
) -> Result<Vec<Value>, Refusal> {
    let mut documents = Vec::new();
    for attached in policies {
        let document = if attached.kind == SYSTEM {
            system_policy(&attached.name)
        } else {
            let found = role::find_policy(conn, account, &attached.name)?;
            found.and_then(|policy| serde_json::from_str(&policy.document).ok())
        };
        documents.extend(document);
    }
    Ok(documents)
}

/// `acs:ram::<account>:role/<name>`; ActionTrail and RAM write the name in lower case here.
pub(crate) fn role_arn(account: &str, name: &str) -> String {
    format!("acs:ram::{account}:role/{}", name.to_ascii_lowercase())
}

pub(crate) fn shown(account: &str, role: &Role) -> Value {
    json!({
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role_arn(account, &role.name),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust,
        "CreateDate": iso(role.created),
        "UpdateDate": iso(role.modified),
        "MaxSessionDuration": role.max_session_secs,
    })
}

fn existing(call: &Call<'_>) -> Result<Role, Refusal> {
    let name = role_name(call)?;
    let missing = || Refusal::new(404, "EntityNotExist.Role", format!("The role not exists: {name} ."));
    role::find(call.conn, call.account(), name)?.ok_or_else(missing)
}

fn role_name<'a>(call: &'a Call<'_>) -> Result<&'a str, Refusal> {
    let name = call.required("RoleName")?;
    if name.len() > 64 {
        return Err(invalid("RoleName.Length", "The specified role name exceeds 64 characters."));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-') {
        return Err(invalid(
            "RoleName.InvalidChars",
            "The specified role name has characters that are not allowed.",
        ));
    }
    Ok(name)
}

/// 400 `InvalidParameter.<what>`.
pub(crate) fn invalid(what: &str, message: &str) -> Refusal {
    Refusal::new(400, format!("InvalidParameter.{what}"), message)
}

fn get_role(call: &Call<'_>) -> Result<Answer, Refusal> {
    let role = existing(call)?;
    Ok(Answer::json(json!({"Role": shown(call.account(), &role)})))
}

fn create_role(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = role_name(call)?;
    let description = description(call, "Description")?.unwrap_or_default();
    let trust = policy_text(call, "AssumeRolePolicyDocument", trust::is_well_formed)?;
    let max_session_secs = session_secs(call, "MaxSessionDuration")?.unwrap_or(SESSION_SECS_DEFAULT);
    let new = NewRole { name, trust, description, max_session_secs };
    if !role::create(call.conn, call.account(), &new, call.now)? {
        return Err(Refusal::new(
            409,
            "EntityAlreadyExists.Role",
            format!("The role already exists: {name} ."),
        ));
    }
    let mut answer = shown(call.account(), &existing(call)?);
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("UpdateDate");
    }
    Ok(Answer::json(json!({"Role": answer})))
}

/// The longest session of a role, if the call names one.
fn session_secs(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = call.optional(name) else { return Ok(None) };
    let in_range = |secs: &i64| (3600..=43_200).contains(secs);
    let secs = text.parse().ok().filter(in_range);
    let wrong = || invalid(name, "The specified session duration is not between 3600 and 43200 seconds.");
    secs.map(Some).ok_or_else(wrong)
}

/// What a role is for, in the words of its owner.
fn description<'a>(call: &'a Call<'_>, name: &str) -> Result<Option<&'a str>, Refusal> {
    let text = call.parameters.get(name).map(String::as_str);
    if text.is_some_and(|text| text.chars().count() > 1024) {
        return Err(invalid("Description.Length", "The specified description exceeds 1024 characters."));
    }
    Ok(text)
}

/// A parameter that must be a policy document of a kind.
fn policy_text<'a>(
    call: &'a Call<'_>,
    name: &str,
    is_well_formed: fn(&Value) -> bool,
) -> Result<&'a str, Refusal> {
    let text = call.required(name)?;
    if text.len() > 6144 {
        return Err(invalid(&format!("{name}.Length"), "The specified policy document is too long."));
    }
    match strict::json(text.as_bytes()) {
        Ok(document) if is_well_formed(&document) => Ok(text),
        Ok(_) | Err(_) => Err(Refusal::new(
            400,
            "MalformedPolicyDocument",
            "The specified policy document is not well formed.",
        )),
    }
}

fn update_role(call: &Call<'_>) -> Result<Answer, Refusal> {
    let role = existing(call)?;
    if call.optional("NewAssumeRolePolicyDocument").is_some() {
        let trust = policy_text(call, "NewAssumeRolePolicyDocument", trust::is_well_formed)?;
        role::set_trust(call.conn, call.account(), &role.name, trust, call.now)?;
    }
    if let Some(description) = description(call, "NewDescription")? {
        role::set_description(call.conn, call.account(), &role.name, description, call.now)?;
    }
    if let Some(secs) = session_secs(call, "NewMaxSessionDuration")? {
        role::set_max_session(call.conn, call.account(), &role.name, secs, call.now)?;
    }
    get_role(call)
}

fn delete_role(call: &Call<'_>) -> Result<Answer, Refusal> {
    let role = existing(call)?;
    if !role::attached(call.conn, call.account(), &role.name)?.is_empty() {
        let message = "You cannot delete this role. Detach its policies first.";
        return Err(Refusal::new(409, "DeleteConflict.Role.Policy", message));
    }
    role::delete(call.conn, call.account(), &role.name)?;
    Ok(Answer::json(json!({})))
}

fn list_policies_for_role(call: &Call<'_>) -> Result<Answer, Refusal> {
    let role = existing(call)?;
    let attached = role::attached(call.conn, call.account(), &role.name)?;
    Ok(Answer::json(json!({"Policies": {"Policy": attached_shown(&attached)}})))
}

/// Attached policies as a list shows them.
pub(crate) fn attached_shown(attached: &[role::Attached]) -> Vec<Value> {
    attached
        .iter()
        .map(|policy| {
            json!({
                "PolicyName": policy.name, "PolicyType": policy.kind, "DefaultVersion": "v1",
                "Description": "", "AttachDate": iso(policy.time),
            })
        })
        .collect()
}

/// Type and name of the policy a call is about.
pub(crate) fn policy_key<'a>(call: &'a Call<'_>) -> Result<(&'a str, &'a str), Refusal> {
    let kind = call.required("PolicyType")?;
    if kind != SYSTEM && kind != CUSTOM {
        return Err(invalid("PolicyType", "The specified policy type is neither System nor Custom."));
    }
    Ok((kind, policy_name(call)?))
}

/// 1 to 128 letters, digits and `-`.
pub(crate) fn is_policy_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=128).contains(&name.len()) && name.bytes().all(legal)
}

fn policy_name<'a>(call: &'a Call<'_>) -> Result<&'a str, Refusal> {
    let name = call.required("PolicyName")?;
    let wrong = || {
        let message = "The specified policy name has characters that are not allowed.";
        invalid("PolicyName.InvalidChars", message)
    };
    if is_policy_name(name) { Ok(name) } else { Err(wrong()) }
}

/// Document, description and creation time of an existing policy.
pub(crate) fn existing_policy(call: &Call<'_>) -> Result<(String, String, i64), Refusal> {
    let (kind, name) = policy_key(call)?;
    let found = if kind == SYSTEM {
        system_policy(name).map(|document| (document.to_string(), String::new(), SYSTEM_CREATED))
    } else {
        let found = role::find_policy(call.conn, call.account(), name)?;
        found.map(|policy| (policy.document, policy.description, policy.created))
    };
    found.ok_or_else(|| no_policy(name))
}

fn get_policy(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (kind, name) = policy_key(call)?;
    let (document, description, created) = existing_policy(call)?;
    Ok(Answer::json(json!({
        "Policy": shown_policy(call, kind, name, &description, created)?,
        "DefaultPolicyVersion": {
            "VersionId": "v1", "IsDefaultVersion": true, "PolicyDocument": document, "CreateDate": iso(created),
        },
    })))
}

/// A policy without its document.
fn shown_policy(
    call: &Call<'_>,
    kind: &str,
    name: &str,
    description: &str,
    created: i64,
) -> Result<Value, Refusal> {
    let count = role::attachment_count(call.conn, call.account(), kind, name)?
        + user_policy::attachment_count(call.conn, call.account(), kind, name)?;
    let created = iso(created);
    Ok(json!({
        "PolicyName": name, "PolicyType": kind, "Description": description, "DefaultVersion": "v1",
        "CreateDate": created, "UpdateDate": created, "AttachmentCount": count,
    }))
}

/// The policies of a kind, or of both, without their documents.
pub(crate) fn policies_shown(call: &Call<'_>, kind: Option<&str>) -> Result<Vec<Value>, Refusal> {
    let mut shown = Vec::new();
    if kind.is_none_or(|kind| kind == CUSTOM) {
        for policy in role::list_policies(call.conn, call.account())? {
            shown.push(shown_policy(call, CUSTOM, &policy.name, &policy.description, policy.created)?);
        }
    }
    if kind.is_none_or(|kind| kind == SYSTEM) {
        for name in SYSTEM_POLICIES {
            shown.push(shown_policy(call, SYSTEM, name, "", SYSTEM_CREATED)?);
        }
    }
    Ok(shown)
}

/// Every policy has one version here, `v1`.
fn get_policy_version(call: &Call<'_>) -> Result<Answer, Refusal> {
    let version = call.required("VersionId")?;
    let (document, _, created) = existing_policy(call)?;
    if version != "v1" {
        let message = format!("The policy version does not exist: {version} .");
        return Err(Refusal::new(404, "EntityNotExist.Policy.Version", message));
    }
    Ok(Answer::json(json!({"PolicyVersion": {
        "VersionId": "v1", "IsDefaultVersion": true, "PolicyDocument": document, "CreateDate": iso(created),
    }})))
}

fn create_policy(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = policy_name(call)?;
    let document = policy_text(call, "PolicyDocument", policy::is_well_formed)?;
    let description = call.optional("Description").unwrap_or_default();
    if !role::create_policy(call.conn, call.account(), name, document, description, call.now)? {
        let message = format!("The policy already exists: {name} .");
        return Err(Refusal::new(409, "EntityAlreadyExists.Policy", message));
    }
    Ok(Answer::json(json!({"Policy": {
        "PolicyName": name, "PolicyType": CUSTOM, "Description": description, "DefaultVersion": "v1",
        "CreateDate": iso(call.now),
    }})))
}

/// Custom policies only: a system policy is not the account's to delete.
fn delete_policy(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = call.required("PolicyName")?;
    let found = role::find_policy(call.conn, call.account(), name)?;
    let policy = found.ok_or_else(|| no_policy(name))?;
    let conflict = |whose: &str| {
        let message =
            format!("You cannot delete this policy. Detach it from its {}s first.", whose.to_lowercase());
        Refusal::new(409, format!("DeleteConflict.Policy.{whose}"), message)
    };
    if role::attachment_count(call.conn, call.account(), CUSTOM, &policy.name)? > 0 {
        return Err(conflict("Role"));
    }
    if user_policy::attachment_count(call.conn, call.account(), CUSTOM, &policy.name)? > 0 {
        return Err(conflict("User"));
    }
    role::delete_policy(call.conn, call.account(), &policy.name)?;
    Ok(Answer::json(json!({})))
}

fn no_policy(name: &str) -> Refusal {
    Refusal::new(404, "EntityNotExist.Policy", format!("The policy does not exist: {name} ."))
}

fn attach(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (kind, name) = policy_key(call)?;
    let role = existing(call)?;
    existing_policy(call)?;
    if !role::attach(call.conn, call.account(), &role.name, kind, name, call.now)? {
        let message = "The policy is already attached to the role.";
        return Err(Refusal::new(409, "EntityAlreadyExists.Role.Policy", message));
    }
    Ok(Answer::json(json!({})))
}

fn detach(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (kind, name) = policy_key(call)?;
    let role = existing(call)?;
    if !role::detach(call.conn, call.account(), &role.name, kind, name)? {
        let message = "The policy is not attached to the role.";
        return Err(Refusal::new(404, "EntityNotExist.Role.Policy", message));
    }
    Ok(Answer::json(json!({})))
}
