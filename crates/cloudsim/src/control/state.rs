//! The whole state as a person would ask for it. Shows no secret.

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::clock::{Clock, iso};
use crate::reply::Refusal;
use crate::service::{delivery, ongoing, ram};
use crate::store::account::{self, Account};
use crate::store::document::{self, Kind};
use crate::store::logstore::{self, Logstore};
use crate::store::oidc;
use crate::store::project::{self, Project, Tag};
use crate::store::role::{self, Role};
use crate::store::second_door;
use crate::store::trail::{self, Trail};
use crate::store::user_policy;

/// Everything.
pub(crate) fn show(conn: &Connection, clock: &Clock) -> Result<Value, Refusal> {
    let now = clock.now();
    let accounts = account::list(conn)?;
    let shown: Result<Vec<Value>, Refusal> =
        accounts.iter().map(|account| show_account(conn, account, now.as_second())).collect();
    Ok(json!({"time": now.to_string(), "clockOffsetSeconds": clock.offset_secs(), "accounts": shown?}))
}

fn show_account(conn: &Connection, account: &Account, now: i64) -> Result<Value, Refusal> {
    let roles = role::list(conn, &account.id)?;
    let roles: Result<Vec<Value>, Refusal> =
        roles.iter().map(|role| show_role(conn, &account.id, role)).collect();
    let trails = trail::list(conn, &account.id)?;
    let trails: Result<Vec<Value>, Refusal> =
        trails.iter().map(|trail| show_trail(conn, trail, "ActionTrail", now)).collect();
    let shipping = second_door::find(conn, &account.id)?;
    let shipping = shipping.map(|trail| show_trail(conn, &trail, "LogService", now)).transpose()?;
    let projects = project::list(conn, &account.id)?;
    let projects: Result<Vec<Value>, Refusal> =
        projects.iter().map(|project| show_project(conn, project, now)).collect();
    Ok(json!({
        "id": account.id,
        "granted": account.granted,
        "overdue": account.overdue,
        "slsOpen": account.sls_open,
        "eventsGenerated": account.events_generated,
        "eventsPerHour": ongoing::per_hour(conn, &account.id)?,
        "accessKeys": show_keys(conn, &account.id, None)?,
        "users": show_users(conn, &account.id)?,
        "roles": roles?,
        "oidcProviders": show_providers(conn, &account.id)?,
        "trails": trails?,
        "logServiceShipping": shipping,
        "projects": projects?,
    }))
}

fn show_keys(conn: &Connection, account: &str, user: Option<&str>) -> Result<Vec<Value>, Refusal> {
    let keys = account::list_keys(conn, account, user)?;
    Ok(keys.iter().map(|key| json!({"id": key.id, "active": key.active})).collect())
}

fn show_users(conn: &Connection, account: &str) -> Result<Vec<Value>, Refusal> {
    let users = account::list_users(conn, account)?;
    users
        .iter()
        .map(|user| {
            let keys = show_keys(conn, account, Some(&user.name))?;
            let policies = show_policies(&user_policy::attached(conn, account, &user.name)?);
            let permissions = &user.permissions;
            Ok(json!({"name": user.name, "permissions": permissions, "policies": policies, "accessKeys": keys}))
        })
        .collect()
}

fn show_providers(conn: &Connection, account: &str) -> Result<Vec<Value>, Refusal> {
    let providers = oidc::list(conn, account)?;
    let shown = |provider: &oidc::Provider| {
        let arn = format!("acs:ram::{account}:oidc-provider/{}", provider.name);
        json!({"name": provider.name, "arn": arn, "issuer": provider.issuer, "clientIds": provider.client_ids})
    };
    Ok(providers.iter().map(shown).collect())
}

fn show_policies(attached: &[role::Attached]) -> Vec<Value> {
    attached.iter().map(|policy| json!({"name": policy.name, "type": policy.kind})).collect()
}

fn show_role(conn: &Connection, account: &str, role: &Role) -> Result<Value, Refusal> {
    let trust: Value = serde_json::from_str(&role.trust).unwrap_or(Value::Null);
    let policies = show_policies(&role::attached(conn, account, &role.name)?);
    let arn = ram::role_arn(account, &role.name);
    Ok(json!({"name": role.name, "arn": arn, "trustPolicy": trust, "policies": policies}))
}

fn show_trail(conn: &Connection, trail: &Trail, source: &str, now: i64) -> Result<Value, Refusal> {
    let destination = delivery::destination(conn, trail, now)?;
    let lack = destination.as_ref().err().map(|lack| lack.sentence().to_owned());
    let error = if trail.started.is_none() { Some(delivery::NOT_STARTED.to_owned()) } else { lack };
    Ok(json!({
        "name": trail.name,
        "homeRegion": trail.home_region,
        "arn": trail.arn(),
        "source": source,
        "project": trail.project,
        "projectRegion": trail.project_region,
        "logstore": trail.logstore,
        "roleArn": trail.role_arn,
        "createdTime": iso(trail.created),
        "delivery": {
            "working": error.is_none(),
            "error": error,
            "latestDeliveryTime": trail.delivered.map(iso),
        },
    }))
}

fn show_project(conn: &Connection, project: &Project, now: i64) -> Result<Value, Refusal> {
    let tags = project::tags(conn, project)?;
    let logstores = logstore::list(conn, project)?;
    let logstores: Result<Vec<Value>, Refusal> =
        logstores.iter().map(|logstore| show_logstore(conn, project, logstore, &tags, now)).collect();
    let dashboards: Vec<String> =
        document::list(conn, Kind::Dashboard, project)?.into_iter().map(|(name, _)| name).collect();
    Ok(json!({
        "name": project.name,
        "region": project.region,
        "description": project.description,
        "tags": tags_of(&tags, "project", &project.name),
        "dashboards": dashboards,
        "logstores": logstores?,
    }))
}

fn show_logstore(
    conn: &Connection,
    project: &Project,
    logstore: &Logstore,
    tags: &[Tag],
    now: i64,
) -> Result<Value, Refusal> {
    let (count, newest) = logstore::extent(conn, logstore, now)?;
    Ok(json!({
        "name": logstore.name,
        "ttl": logstore.ttl,
        "shardCount": logstore.shards,
        "dedicated": logstore.dedicated.is_some(),
        "dedicatedTo": logstore.dedicated,
        "index": logstore.index,
        "tags": tags_of(tags, "logstore", &format!("{}#{}", project.name, logstore.name)),
        "eventCount": count,
        "newestEventTime": newest.map(iso),
    }))
}

fn tags_of(tags: &[Tag], kind: &str, resource: &str) -> Map<String, Value> {
    let own = tags.iter().filter(|tag| tag.kind == kind && tag.resource == resource);
    own.map(|tag| (tag.name.clone(), Value::String(tag.value.clone()))).collect()
}
