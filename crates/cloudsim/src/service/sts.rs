//! STS 2015-04-01: who is calling, and roles to assume (cloud-api §4.1).
//!
//! Issuing credentials changes no state: the token carries the session.

use serde_json::{Value, json};
use uuid::Uuid;

use super::ram::invalid;
use super::{Call, Operation, sts_oidc};
use crate::caller::Who;
use crate::clock::iso;
use crate::gateway::route::Service;
use crate::policy::{self, Context};
use crate::reply::{Answer, Refusal};
use crate::session::{self, Issued, KEY_PREFIX, Session};
use crate::store::role::{self, Role};
use crate::store::setting;
use crate::strict;

/// The operations of STS.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::read(Service::Sts, "GetCallerIdentity", None, get_caller_identity),
    Operation::read(Service::Sts, "AssumeRole", Some("sts:AssumeRole"), assume_role),
    Operation::read(Service::Sts, "AssumeRoleWithOIDC", None, sts_oidc::assume_role_with_oidc).unsigned(),
];

/// Shortest session, seconds.
const SESSION_SECS_MIN: i64 = 900;
/// Length of a session when the call does not say, seconds.
pub(crate) const SESSION_SECS_DEFAULT: i64 = 3600;
/// Longest session policy, characters.
const POLICY_CHARS_MAX: usize = 2048;

#[expect(clippy::unnecessary_wraps, reason = "every operation has this shape")]
fn get_caller_identity(call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut answer = json!({"AccountId": call.account(), "Arn": call.caller.arn()});
    match &call.caller.who {
        Who::User(user) => {
            answer["IdentityType"] = json!("RAMUser");
            answer["PrincipalId"] = json!(user.id);
            answer["UserId"] = json!(user.id);
        }
        Who::Role(session) => {
            answer["IdentityType"] = json!("AssumedRoleUser");
            answer["PrincipalId"] = json!(format!("{}:{}", session.role_id, session.name));
            answer["RoleId"] = json!(session.role_id);
        }
        Who::Main | Who::Unsigned => {
            answer["IdentityType"] = json!("Account");
            answer["PrincipalId"] = json!(call.account());
            answer["UserId"] = json!(call.account());
        }
    }
    Ok(Answer::json(answer))
}

fn assume_role(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (account, role) = role_of(call)?;
    let context = external_id(call)?;
    let trust: Value = serde_json::from_str(&role.trust).unwrap_or(Value::Null);
    if !call.caller.is_admitted(&trust, &context) {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        let mut refusal = Refusal::new(403, "NoPermission", message);
        refusal.detail = Some(json!({
            "AuthAction": "sts:AssumeRole",
            "AuthPrincipalType": call.caller.kind(),
            "AuthPrincipalOwnerId": call.account(),
            "AuthPrincipalDisplayName": call.caller.display_name(),
            "NoPermissionType": "ImplicitDeny",
            "PolicyType": "AssumeRolePolicy",
        }));
        return Err(refusal);
    }
    let issued = issue(call.conn, &requested(call, account, &role)?)?;
    Ok(Answer::json(shown(&issued)))
}

/// What a trust may ask of the call, its external id among it.
fn external_id(call: &Call<'_>) -> Result<Context, Refusal> {
    let Some(id) = call.optional("ExternalId") else { return Ok(call.context()) };
    if !(2..=1224).contains(&id.len()) {
        return Err(invalid("ExternalId", "The specified external id is not between 2 and 1224 characters."));
    }
    Ok(call.context().with("sts:ExternalId", id))
}

/// A session to be issued.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) account: &'a str,
    pub(crate) role: &'a Role,
    pub(crate) name: &'a str,
    pub(crate) policy: Option<&'a str>,
    /// Epoch seconds.
    pub(crate) expires: i64,
}

/// The session that a call asks for, with its limits checked.
pub(crate) fn requested<'a>(
    call: &'a Call<'_>,
    account: &'a str,
    role: &'a Role,
) -> Result<Wanted<'a>, Refusal> {
    Ok(Wanted {
        account,
        role,
        name: session_name(call)?,
        policy: session_policy(call)?,
        expires: call.now + session_secs(call, role)?,
    })
}

/// Issues credentials for a session.
pub(crate) fn issue(conn: &rusqlite::Connection, wanted: &Wanted<'_>) -> Result<Issued, Refusal> {
    let session = Session {
        key_id: format!("{KEY_PREFIX}{}", &Uuid::new_v4().simple().to_string()[..24]),
        account: wanted.account.to_owned(),
        role: wanted.role.name.clone(),
        role_id: wanted.role.id.clone(),
        name: wanted.name.to_owned(),
        policy: wanted.policy.map(str::to_owned),
        expires: wanted.expires,
    };
    Ok(session::issue(&setting::session_secret(conn)?, session)?)
}

/// Credentials and assumed role, as both operations answer them.
pub(crate) fn shown(issued: &Issued) -> Value {
    let session = &issued.session;
    let (account, role) = (&session.account, session.role.to_ascii_lowercase());
    json!({
        "Credentials": {
            "AccessKeyId": session.key_id,
            "AccessKeySecret": issued.secret,
            "SecurityToken": issued.token,
            "Expiration": iso(session.expires),
        },
        "AssumedRoleUser": {
            "Arn": format!("acs:ram::{account}:role/{role}/{}", session.name),
            "AssumedRoleId": format!("{}:{}", session.role_id, session.name),
        },
    })
}

/// Account and role that `RoleArn` names.
pub(crate) fn role_of<'a>(call: &'a Call<'_>) -> Result<(&'a str, Role), Refusal> {
    let arn = call.required("RoleArn")?;
    let (account, name) =
        split_arn(arn, "role").ok_or_else(|| invalid("RoleArn", "The specified RoleArn is invalid."))?;
    let missing = || Refusal::new(404, "EntityNotExist.Role", "The specified Role not exists .");
    Ok((account, role::find(call.conn, account, name)?.ok_or_else(missing)?))
}

/// Account and name in `acs:ram::<account>:<kind>/<name>`.
pub(crate) fn split_arn<'a>(arn: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
    let (account, entity) = arn.strip_prefix("acs:ram::")?.split_once(':')?;
    let name = entity.strip_prefix(kind)?.strip_prefix('/')?;
    let filled = !account.is_empty() && !name.is_empty() && !name.contains('/');
    filled.then_some((account, name))
}

fn session_name<'a>(call: &'a Call<'_>) -> Result<&'a str, Refusal> {
    let name = call.required("RoleSessionName")?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    if (2..=64).contains(&name.len()) && name.bytes().all(legal) {
        return Ok(name);
    }
    Err(invalid("RoleSessionName", "The specified RoleSessionName is invalid."))
}

fn session_secs(call: &Call<'_>, role: &Role) -> Result<i64, Refusal> {
    let Some(text) = call.optional("DurationSeconds") else {
        return Ok(SESSION_SECS_DEFAULT.min(role.max_session_secs));
    };
    let in_range = |secs: &i64| (SESSION_SECS_MIN..=role.max_session_secs).contains(secs);
    text.parse().ok().filter(in_range).ok_or_else(|| {
        let message = format!(
            "The specified DurationSeconds is not between 900 and {} seconds.",
            role.max_session_secs
        );
        invalid("DurationSeconds", &message)
    })
}

fn session_policy<'a>(call: &'a Call<'_>) -> Result<Option<&'a str>, Refusal> {
    let Some(text) = call.optional("Policy") else { return Ok(None) };
    if text.chars().count() > POLICY_CHARS_MAX {
        return Err(invalid("PolicySize", "The specified policy is longer than 2048 characters."));
    }
    let document = strict::json(text.as_bytes());
    if document.is_ok_and(|document| policy::is_well_formed(&document)) {
        return Ok(Some(text));
    }
    Err(invalid("PolicyGrammar", "The specified policy is not well formed."))
}
