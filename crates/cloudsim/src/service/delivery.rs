//! Delivery of platform events: from a trail into its Logstore.
//!
//! Works only while role, trust, policy, project, Logstore and payment are in order. The sentences are those a
//! trail status shows; their wording is ours (cloud-api §2.2 has one documented sample).

use rusqlite::Connection;
use serde_json::Value;

use super::ram;
use crate::events::PlatformEvent;
use crate::policy::trust::{self, Principal};
use crate::policy::{self, Context};
use crate::quirks;
use crate::reply::Refusal;
use crate::store::account;
use crate::store::logstore::{self, Logstore, NewLog};
use crate::store::pending;
use crate::store::project::{self, Project};
use crate::store::role;
use crate::store::second_door;
use crate::store::trail::{self, Trail};

/// Topic of delivered events. Not documented anywhere; a reader must not filter on it.
const TOPIC: &str = "actiontrail_inner_event";
/// Source of delivered events; not documented either.
const SOURCE: &str = "actiontrail_internal";

/// Events delivered to an account in one go, so that memory stays bounded.
const PORTION: usize = 5_000;

/// Why a fresh trail delivers nothing.
pub(crate) const NOT_STARTED: &str = "the trail is not started";

/// What a delivery needs besides the Logstore itself.
pub(crate) enum Lack {
    /// The role is missing, or does not trust ActionTrail.
    Role(String),
    /// The role may not write there.
    Policy(String),
    /// Anything on the side of Log Service.
    Destination(String),
}

impl Lack {
    /// The sentence a trail status shows.
    pub(crate) fn sentence(&self) -> &str {
        match self {
            Self::Role(text) | Self::Policy(text) | Self::Destination(text) => text,
        }
    }
}

/// Where a trail's events go, or why they cannot.
pub(crate) fn destination(
    conn: &Connection,
    trail: &Trail,
    now: i64,
) -> Result<Result<(Project, Logstore), Lack>, Refusal> {
    if let Some(lack) = role_lack(conn, trail, now)? {
        return Ok(Err(lack));
    }
    let project = match open_project(conn, trail)? {
        Ok(project) => project,
        Err(lack) => return Ok(Err(lack)),
    };
    if let Some(lack) = policy_lack(conn, trail, "log:PostLogStoreLogs", now)? {
        return Ok(Err(lack));
    }
    let found = logstore::find(conn, &project, &trail.logstore)?;
    let missing = || {
        Lack::Destination(format!("write sls failed, exception: logstore {} does not exist", trail.logstore))
    };
    Ok(found.ok_or_else(missing).map(|logstore| (project, logstore)))
}

/// What is wrong with the role itself.
pub(crate) fn role_lack(conn: &Connection, trail: &Trail, now: i64) -> Result<Option<Lack>, Refusal> {
    let (account, role_arn) = (trail.account.as_str(), trail.role_arn.as_str());
    let lack = |text: String| Ok(Some(Lack::Role(text)));
    let Some(name) = role_name(account, role_arn) else {
        return lack(format!("assume role failed, exception: {role_arn} is not a role of account {account}"));
    };
    let Some(found) = role::find(conn, account, name)? else {
        return lack(format!("assume role failed, exception: the role not exists: {name}"));
    };
    let trust: Value = serde_json::from_str(&found.trust).unwrap_or(Value::Null);
    let context = Context::of_call(now, None);
    if trust::admits(&trust, &Principal::Service(policy::ACTIONTRAIL), &context) {
        return Ok(None);
    }
    lack(format!("assume role failed, exception: the role {name} does not trust {}", policy::ACTIONTRAIL))
}

/// Name in the ARN of a role of this account.
fn role_name<'a>(account: &str, role_arn: &'a str) -> Option<&'a str> {
    let (head, name) = role_arn.split_once('/')?;
    head.eq_ignore_ascii_case(&format!("acs:ram::{account}:role")).then_some(name)
}

/// Whether the role's policies forbid an action on the trail's Logstore.
pub(crate) fn policy_lack(
    conn: &Connection,
    trail: &Trail,
    action: &str,
    now: i64,
) -> Result<Option<Lack>, Refusal> {
    let resource = format!("{}/logstore/{}", trail.project_arn(), trail.logstore);
    let role = role_name(&trail.account, &trail.role_arn).unwrap_or_default();
    let documents = ram::documents(conn, &trail.account, role)?;
    if policy::allows(&documents, action, &resource, &Context::of_call(now, None)) {
        return Ok(None);
    }
    let text = format!("write sls failed, exception: denied by ram, action: {action}, resource: {resource}");
    Ok(Some(Lack::Policy(text)))
}

fn open_project(conn: &Connection, trail: &Trail) -> Result<Result<Project, Lack>, Refusal> {
    let lack = |text: &str| Ok(Err(Lack::Destination(format!("write sls failed, exception: {text}"))));
    let Some(project) = project::find(conn, &trail.project_region, &trail.project)? else {
        return lack(&format!("The Project does not exist : {}", trail.project));
    };
    if project.account != trail.project_owner {
        return lack("The project does not belong to you.");
    }
    let Some(owner) = account::find(conn, &project.account)? else {
        return lack("The project does not belong to you.");
    };
    if !owner.sls_open {
        return lack("Your SLS service has not opened.");
    }
    if owner.overdue {
        return lack("Your SLS service has been forbidden.");
    }
    Ok(Ok(project))
}

/// What became of some events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Stored in this project and Logstore.
    To { project: Project, logstore: String },
    /// Lost, for this reason.
    Nowhere(String),
}

/// Delivers events to the account's trail, if it has one and all is in order.
pub(crate) fn deliver(
    conn: &Connection,
    account: &str,
    events: &[PlatformEvent],
    now: i64,
) -> Result<Delivered, Refusal> {
    let delay = quirks::get(conn)?.delivery_delay_seconds;
    if delay > 0 && !events.is_empty() {
        pending::put(conn, account, events, now + i64::from(delay))?;
        return Ok(Delivered::Nowhere(format!("delivery takes {delay} seconds")));
    }
    at_once(conn, account, events, now)
}

/// Delivers a portion of what is due by now; true when there may be more.
pub(crate) fn release(conn: &Connection, now: i64) -> Result<bool, Refusal> {
    let mut more = false;
    for account in pending::due_accounts(conn, now)? {
        let events = pending::take(conn, &account, now, PORTION)?;
        at_once(conn, &account, &events, now)?;
        more |= events.len() >= PORTION;
    }
    Ok(more)
}

/// Events older than this are not kept where the account's events go; `None` when all are, and when they go nowhere.
pub(crate) fn expiry(conn: &Connection, account: &str, now: i64) -> Result<Option<i64>, Refusal> {
    let Some((trail, _)) = shipping(conn, account)? else { return Ok(None) };
    let Some(project) = project::find(conn, &trail.project_region, &trail.project)? else { return Ok(None) };
    Ok(logstore::find(conn, &project, &trail.logstore)?.and_then(|logstore| logstore.expiry(now)))
}

/// What ships the events of an account: its inner trail, or a setting made in the Log Service console.
pub(crate) fn shipping(conn: &Connection, account: &str) -> rusqlite::Result<Option<(Trail, Door)>> {
    if let Some(trail) = trail::list(conn, account)?.into_iter().next() {
        return Ok(Some((trail, Door::ActionTrail)));
    }
    Ok(second_door::find(conn, account)?.map(|trail| (trail, Door::LogService)))
}

/// Where shipping was set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    ActionTrail,
    LogService,
}

fn at_once(
    conn: &Connection,
    account: &str,
    events: &[PlatformEvent],
    now: i64,
) -> Result<Delivered, Refusal> {
    let Some((trail, door)) = shipping(conn, account)? else {
        return Ok(Delivered::Nowhere("no inner trail exists in the account".to_owned()));
    };
    if trail.started.is_none() {
        return Ok(Delivered::Nowhere(NOT_STARTED.to_owned()));
    }
    let (project, logstore) = match destination(conn, &trail, now)? {
        Ok(found) => found,
        Err(lack) => return Ok(Delivered::Nowhere(lack.sentence().to_owned())),
    };
    for event in events {
        let contents = serde_json::to_string(&event.fields)?;
        let (time, contents, tags) = (event.time, contents.as_str(), "{}");
        let log = NewLog { time, topic: TOPIC, source: SOURCE, contents, tags, beyond: None };
        logstore::insert_log(conn, logstore.id, &log, now)?;
    }
    if !events.is_empty() {
        match door {
            Door::ActionTrail => trail::set_delivered(conn, &trail, now)?,
            Door::LogService => second_door::put(conn, &Trail { delivered: Some(now), ..trail })?,
        }
    }
    Ok(Delivered::To { project, logstore: logstore.name })
}
