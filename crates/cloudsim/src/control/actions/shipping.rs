//! The inner trail and the role it delivers with.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::Console;
use crate::control::wrong;
use crate::reply::Refusal;
use crate::service::{actiontrail, console, ram, ram_system};
use crate::store::role::{self, NewRole};
use crate::store::second_door;
use crate::store::trail::{self, Trail};

pub(super) fn turn_off_shipping(console: &Console<'_>) -> Result<Value, Refusal> {
    let trail = console.trail()?;
    if let Some(trail) = &trail {
        trail::delete(console.conn, &trail.account, &trail.name)?;
    }
    Ok(json!({"trail": trail.map(|trail| trail.name)}))
}

pub(super) fn create_trail(console: &Console<'_>) -> Result<Value, Refusal> {
    let project = console.project()?;
    let new = actiontrail::NewTrail {
        account: console.account,
        region: console.region,
        name: console.required("name")?,
        project_arn: &format!("acs:log:{}:{}:project/{}", project.region, project.account, project.name),
        role_arn: None,
        logstore: console.text("logstore"),
        now: console.now,
    };
    let trail = actiontrail::create(console.conn, &new)?;
    Ok(json!({"trail": trail.name, "project": trail.project, "logstore": trail.logstore}))
}

/// A user of the Log Service console sets up shipping there; refused while an inner trail ships.
pub(super) fn ship_from_log_service(console: &Console<'_>) -> Result<Value, Refusal> {
    if console.trail()?.is_some() {
        return Err(wrong("the account has an inner trail; disable it first"));
    }
    let project = console.project()?;
    let trail = Trail {
        account: console.account.to_owned(),
        name: String::new(),
        home_region: console.region.to_owned(),
        project_region: project.region.clone(),
        project: project.name.clone(),
        project_owner: project.account.clone(),
        logstore: console.required("logstore")?.to_owned(),
        role_arn: ram::role_arn(console.account, ram::DEFAULT_ROLE),
        created: console.now,
        modified: console.now,
        started: Some(console.now),
        delivered: None,
    };
    actiontrail::check_destination(console.conn, &trail, console.now)?;
    console::dedicate_logstore(console.conn, &project, &trail.logstore, "log-service", console.now)?;
    second_door::put(console.conn, &trail)?;
    Ok(json!({"project": trail.project, "logstore": trail.logstore}))
}

/// The same user switches it off again.
pub(super) fn stop_shipping_from_log_service(console: &Console<'_>) -> Result<Value, Refusal> {
    second_door::remove(console.conn, console.account)?;
    Ok(json!({}))
}

/// Replaces the trail's destination, as a later setting in a console does; the trail must exist.
pub(super) fn overwrite_destination(console: &Console<'_>) -> Result<Value, Refusal> {
    let before = console.trail()?.ok_or_else(|| wrong("the account has no inner trail"))?;
    let project = console.project()?;
    let name = console.text("name").unwrap_or(&before.name).to_owned();
    let logstore = console.text("logstore").map_or_else(|| format!("innertrail_{name}"), str::to_owned);
    let (was, old_name) = (
        (before.project_region.clone(), before.project.clone(), before.logstore.clone()),
        before.name.clone(),
    );
    let mut after = Trail {
        name,
        logstore,
        project_region: project.region.clone(),
        project: project.name.clone(),
        project_owner: project.account.clone(),
        ..before
    };
    let is = (after.project_region.clone(), after.project.clone(), after.logstore.clone());
    if is != was || after.name != old_name {
        after.modified = console.now;
        actiontrail::check_destination(console.conn, &after, console.now)?;
        console::dedicate_logstore(console.conn, &project, &after.logstore, &after.name, console.now)?;
        trail::delete(console.conn, console.account, &old_name)?;
        trail::insert(console.conn, &after)?;
    }
    Ok(json!({"trail": after.name, "project": after.project, "logstore": after.logstore}))
}

pub(super) fn revoke_role(console: &Console<'_>) -> Result<Value, Refusal> {
    role::delete(console.conn, console.account, console.role())?;
    Ok(json!({"role": console.role()}))
}

pub(super) fn restore_role(console: &Console<'_>) -> Result<Value, Refusal> {
    restore_default_role(console.conn, console.account, console.now)?;
    Ok(json!({"role": ram::DEFAULT_ROLE}))
}

/// Puts the default role into the state that the one-time authorisation gives it.
pub(crate) fn restore_default_role(conn: &Connection, account: &str, now: i64) -> rusqlite::Result<()> {
    let trust = ram::default_trust().to_string();
    let new = NewRole {
        name: ram::DEFAULT_ROLE,
        trust: &trust,
        description: ram::DEFAULT_ROLE_DESCRIPTION,
        max_session_secs: ram::SESSION_SECS_DEFAULT,
    };
    role::create(conn, account, &new, now)?;
    role::set_trust(conn, account, ram::DEFAULT_ROLE, &trust, now)?;
    role::attach(conn, account, ram::DEFAULT_ROLE, "System", ram_system::DEFAULT_POLICY, now)?;
    Ok(())
}

pub(super) fn detach_policy(console: &Console<'_>) -> Result<Value, Refusal> {
    let policy = console.text("policy").unwrap_or(ram_system::DEFAULT_POLICY);
    for kind in ["System", "Custom"] {
        role::detach(console.conn, console.account, console.role(), kind, policy)?;
    }
    Ok(json!({"role": console.role(), "policy": policy}))
}

pub(super) fn break_role_trust(console: &Console<'_>) -> Result<Value, Refusal> {
    let trust = json!({
        "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}],
        "Version": "1"
    });
    role::set_trust(console.conn, console.account, console.role(), &trust.to_string(), console.now)?;
    Ok(json!({"role": console.role()}))
}
