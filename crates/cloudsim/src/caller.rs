//! Who is calling, and what the caller may do.
//!
//! Takes rows of the state and returns verdicts; checks no signature.

use rusqlite::Connection;
use serde_json::Value;

use crate::policy::{self, Context, Verdict, glob, trust};
use crate::reply::Refusal;
use crate::service::ram;
use crate::session::Session;
use crate::store::account::{self, Account, Key, User};
use crate::store::role;

/// A caller whose signature was good, or one whose operation needs none.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) account: Account,
    pub(crate) who: Who,
    /// Documents of the attached policies.
    documents: Vec<Value>,
}

/// Who of an account.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// The main account.
    Main,
    /// A RAM user.
    User(User),
    /// A role that somebody assumed.
    Role(Session),
    /// Nobody known: the operation is not signed.
    Unsigned,
}

impl Caller {
    /// The owner of a permanent key.
    pub(crate) fn of_key(conn: &Connection, key: &Key) -> Result<Self, Refusal> {
        let account = existing(conn, &key.account)?;
        let Some(name) = &key.user else {
            return Ok(Self { account, who: Who::Main, documents: Vec::new() });
        };
        let user = account::find_user(conn, &key.account, name)?
            .ok_or_else(|| Refusal::internal(&"key without user"))?;
        let documents = ram::user_documents(conn, &account.id, name)?;
        Ok(Self { account, who: Who::User(user), documents })
    }

    /// The holder of a session; a role that is gone by now may do nothing.
    pub(crate) fn of_session(conn: &Connection, session: Session) -> Result<Self, Refusal> {
        let account = existing(conn, &session.account)?;
        let found = role::find(conn, &session.account, &session.role)?;
        let documents = match found {
            Some(role) if role.id == session.role_id => ram::documents(conn, &session.account, &role.name)?,
            Some(_) | None => Vec::new(),
        };
        Ok(Self { account, who: Who::Role(session), documents })
    }

    /// The caller of an operation that is not signed, on an account.
    pub(crate) fn unsigned(account: Account) -> Self {
        Self { account, who: Who::Unsigned, documents: Vec::new() }
    }

    /// ARN as `GetCallerIdentity` and the journal show it; `unsigned` for nobody known.
    pub(crate) fn arn(&self) -> String {
        let account = &self.account.id;
        match &self.who {
            Who::Main => format!("acs:ram::{account}:root"),
            Who::User(user) => format!("acs:ram::{account}:user/{}", user.name),
            Who::Role(session) => {
                let role = session.role.to_ascii_lowercase();
                format!("acs:ram::{account}:assumed-role/{role}/{}", session.name)
            }
            Who::Unsigned => "unsigned".to_owned(),
        }
    }

    /// Kind of principal, as a refusal names it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.who {
            Who::Main => "Account",
            Who::User(_) => "SubUser",
            Who::Role(_) => "AssumedRoleUser",
            Who::Unsigned => "Unknown",
        }
    }

    /// Name of the principal, as a refusal shows it.
    pub(crate) fn display_name(&self) -> Option<String> {
        match &self.who {
            Who::Main | Who::Unsigned => None,
            Who::User(user) => Some(user.id.clone()),
            Who::Role(session) => Some(format!("{}:{}", session.role.to_ascii_lowercase(), session.name)),
        }
    }

    /// What the caller's policies say of a RAM action on a resource; the main account may all.
    pub(crate) fn verdict(&self, action: &str, resource: &str, context: &Context) -> Verdict {
        let attached = policy::verdict(&self.documents, action, resource, context);
        match &self.who {
            Who::Main => Verdict::Allowed,
            Who::Unsigned => Verdict::Silent,
            Who::User(user) if attached == Verdict::Silent => permitted(user, action),
            Who::Role(session) if attached == Verdict::Allowed => {
                narrowed(session.policy.as_deref(), action, resource, context)
            }
            Who::User(_) | Who::Role(_) => attached,
        }
    }

    /// Whether a trust policy lets this caller assume its role.
    pub(crate) fn is_admitted(&self, trust: &Value, context: &Context) -> bool {
        let account = self.account.id.as_str();
        let arn = match &self.who {
            Who::User(user) => format!("acs:ram::{account}:user/{}", user.name),
            Who::Role(session) => ram::role_arn(account, &session.role),
            // An account cannot assume a role; only its users and roles can.
            Who::Main | Who::Unsigned => return false,
        };
        trust::admits(trust, &trust::Principal::Ram { account, arn: &arn }, context)
    }
}

/// The list of actions that the control API gave a user.
fn permitted(user: &User, action: &str) -> Verdict {
    let granted = user.permissions.iter().any(|pattern| glob(pattern, action));
    if granted { Verdict::Allowed } else { Verdict::Silent }
}

/// What is left of a right after the policy of the session.
fn narrowed(policy: Option<&str>, action: &str, resource: &str, context: &Context) -> Verdict {
    let Some(policy) = policy else { return Verdict::Allowed };
    let document: Value = serde_json::from_str(policy).unwrap_or(Value::Null);
    policy::verdict(std::slice::from_ref(&document), action, resource, context)
}

fn existing(conn: &Connection, id: &str) -> Result<Account, Refusal> {
    account::find(conn, id)?.ok_or_else(|| Refusal::internal(&"key without account"))
}
