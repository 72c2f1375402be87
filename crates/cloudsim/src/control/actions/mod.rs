//! What console users and Alibaba Cloud do to an account behind the operator's back.
//!
//! Each action is one transaction, journalled with the caller `console`; one that finds its work done already
//! succeeds and changes nothing.

mod identity;
mod logs;
mod people;
mod shipping;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{recorded, wrong};
use crate::Sim;
use crate::reply::Refusal;
use crate::service::ram;
use crate::store::account;
use crate::store::logstore::{self, Logstore};
use crate::store::project::{self, Project};
use crate::store::trail::{self, Trail};

pub(crate) use shipping::restore_default_role;

/// An action on the state; answers what there is to tell.
type Act = fn(&Console<'_>) -> Result<Value, Refusal>;

/// Every action, in the order they are listed to people.
const ACTIONS: [(&str, Act); 28] = [
    ("turn-off-shipping", shipping::turn_off_shipping),
    ("create-trail", shipping::create_trail),
    ("overwrite-destination", shipping::overwrite_destination),
    ("ship-from-log-service", shipping::ship_from_log_service),
    ("stop-shipping-from-log-service", shipping::stop_shipping_from_log_service),
    ("delete-project", logs::delete_project),
    ("delete-logstore", logs::delete_logstore),
    ("delete-index", logs::delete_index),
    ("set-index", logs::set_index),
    ("set-retention", logs::set_retention),
    ("revoke-role", shipping::revoke_role),
    ("restore-role", shipping::restore_role),
    ("detach-policy", shipping::detach_policy),
    ("break-role-trust", shipping::break_role_trust),
    ("grant-feature", people::grant_feature),
    ("withdraw-feature", people::withdraw_feature),
    ("set-overdue", people::set_overdue),
    ("set-sls-open", people::set_sls_open),
    ("create-account", people::create_account),
    ("create-user", people::create_user),
    ("set-user-permissions", people::set_user_permissions),
    ("disable-key", people::disable_key),
    ("set-role", identity::set_role),
    ("set-policy", identity::set_policy),
    ("set-oidc-provider", identity::set_oidc_provider),
    ("set-instance-role", identity::set_instance_role),
    ("create-project", logs::create_project),
    ("take-project", logs::take_project),
];

/// One action at work.
struct Console<'a> {
    conn: &'a Connection,
    account: &'a str,
    region: &'a str,
    body: &'a Value,
    now: i64,
}

/// Does the action that the body names.
pub(crate) fn act(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    let name = body.get("action").and_then(Value::as_str).unwrap_or_default();
    let Some((_, act)) = ACTIONS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = ACTIONS.iter().map(|(known, _)| *known).collect();
        let mut refusal = wrong(format!("unknown action: `{name}`"));
        refusal.detail = Some(json!({"known": known}));
        return Err(refusal);
    };
    let account = body.get("account").and_then(Value::as_str).unwrap_or(&sim.identity.account);
    let region = body.get("region").and_then(Value::as_str).unwrap_or(&sim.identity.region);
    let (told, changed) = recorded(sim, name, account, &without_action(body), |conn| {
        let is_known = name == "create-account" || account::find(conn, account)?.is_some();
        if !is_known {
            return Err(wrong(format!("no such account: {account}")));
        }
        act(&Console { conn, account, region, body, now: sim.clock.now().as_second() })
    })?;
    Ok(json!({"action": name, "account": account, "changed": changed, "result": told}))
}

/// The refusal to choose between projects of one name.
fn ambiguous(mut found: Vec<Project>, last: Project) -> Refusal {
    found.push(last);
    let regions: Vec<&str> = found.iter().map(|project| project.region.as_str()).collect();
    let name = &found[0].name;
    wrong(format!("project `{name}` is in several regions: {}; name one as `region`", regions.join(", ")))
}

fn without_action(body: &Value) -> Value {
    let mut fields = body.as_object().cloned().unwrap_or_default();
    fields.remove("action");
    Value::Object(fields)
}

impl Console<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| wrong(format!("`{name}` is required and must be a string")))
    }

    fn switch(&self, name: &str) -> Result<bool, Refusal> {
        match self.body.get(name) {
            None => Ok(true),
            Some(value) => value.as_bool().ok_or_else(|| wrong(format!("`{name}` must be true or false"))),
        }
    }

    fn permissions(&self) -> Result<Vec<String>, Refusal> {
        let list = self.body.get("permissions").cloned().unwrap_or_else(|| json!([]));
        serde_json::from_value(list)
            .map_err(|_| wrong("`permissions` must be a list of RAM actions, such as `log:*`"))
    }

    /// Names of policies to attach.
    fn policies(&self) -> Result<Vec<String>, Refusal> {
        let list = self.body.get("policies").cloned().unwrap_or_else(|| json!([]));
        serde_json::from_value(list).map_err(|_| wrong("`policies` must be a list of names"))
    }

    /// The inner trail of the account, if there is one.
    fn trail(&self) -> Result<Option<Trail>, Refusal> {
        Ok(trail::list(self.conn, self.account)?.into_iter().next())
    }

    /// The named project of the account, in the region that is named, or in whichever there is one; else that of the trail.
    fn project(&self) -> Result<Project, Refusal> {
        let (name, region) = if let Some(name) = self.text("project") {
            (name.to_owned(), self.text("region").map(str::to_owned))
        } else {
            let trail = self.trail()?.ok_or_else(|| wrong("`project` is required"))?;
            (trail.project, Some(trail.project_region))
        };
        let is_meant = |project: &Project| {
            project.name == name && region.as_ref().is_none_or(|region| *region == project.region)
        };
        let mut found: Vec<Project> =
            project::list(self.conn, self.account)?.into_iter().filter(is_meant).collect();
        match (found.pop(), found.is_empty()) {
            (Some(project), true) => Ok(project),
            (Some(project), false) => Err(ambiguous(found, project)),
            (None, _) => Err(self.no_project(&name, region.as_deref())),
        }
    }

    fn no_project(&self, name: &str, region: Option<&str>) -> Refusal {
        let within = region.map(|region| format!(" in {region}")).unwrap_or_default();
        wrong(format!("account {} has no project `{name}`{within}", self.account))
    }

    fn logstore(&self) -> Result<(Project, Logstore), Refusal> {
        let project = self.project()?;
        let name = match self.text("logstore") {
            Some(name) => name.to_owned(),
            None => {
                self.trail()?.map(|trail| trail.logstore).ok_or_else(|| wrong("`logstore` is required"))?
            }
        };
        let missing = || wrong(format!("project `{}` has no Logstore `{name}`", project.name));
        let logstore = logstore::find(self.conn, &project, &name)?.ok_or_else(missing)?;
        Ok((project, logstore))
    }

    fn role(&self) -> &str {
        self.text("role").unwrap_or(ram::DEFAULT_ROLE)
    }
}
