//! Accounts, what Alibaba Cloud grants them, their users and keys.

use serde_json::{Value, json};

use super::Console;
use super::shipping::restore_default_role;
use crate::control::wrong;
use crate::reply::Refusal;
use crate::service::ram;
use crate::store::account::{self, Flag};
use crate::store::profile::{self, Profile};
use crate::store::user_policy;

pub(super) fn grant_feature(console: &Console<'_>) -> Result<Value, Refusal> {
    account::set_flag(console.conn, console.account, Flag::Granted, true)?;
    Ok(json!({"granted": true}))
}

pub(super) fn withdraw_feature(console: &Console<'_>) -> Result<Value, Refusal> {
    account::set_flag(console.conn, console.account, Flag::Granted, false)?;
    Ok(json!({"granted": false}))
}

pub(super) fn set_overdue(console: &Console<'_>) -> Result<Value, Refusal> {
    let overdue = console.switch("overdue")?;
    account::set_flag(console.conn, console.account, Flag::Overdue, overdue)?;
    Ok(json!({"overdue": overdue}))
}

pub(super) fn set_sls_open(console: &Console<'_>) -> Result<Value, Refusal> {
    let open = console.switch("open")?;
    account::set_flag(console.conn, console.account, Flag::SlsOpen, open)?;
    Ok(json!({"slsOpen": open}))
}

pub(super) fn create_account(console: &Console<'_>) -> Result<Value, Refusal> {
    let id = console.required("account")?;
    if id.len() != 16 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong("`account` must be a number of 16 digits"));
    }
    if account::find(console.conn, id)?.is_some() {
        return Err(wrong(format!("account {id} exists already")));
    }
    account::create(console.conn, id)?;
    restore_default_role(console.conn, id, console.now)?;
    let key = account::create_key(console.conn, id, None)?;
    Ok(json!({"account": id, "accessKeyId": key.id, "accessKeySecret": key.secret}))
}

pub(super) fn create_user(console: &Console<'_>) -> Result<Value, Refusal> {
    let name = console.required("name")?;
    if !account::create_user(console.conn, console.account, name, &console.permissions()?)? {
        return Err(wrong(format!("user `{name}` exists already")));
    }
    let profile = Profile { display_name: name.to_owned(), created: console.now, ..Profile::default() };
    profile::put(console.conn, console.account, name, &profile)?;
    for policy in console.policies()? {
        let kind = ram::kind_of(console.conn, console.account, &policy)?;
        user_policy::attach(console.conn, console.account, name, kind, &policy, console.now)?;
    }
    let key = account::create_key(console.conn, console.account, Some(name))?;
    profile::date_key(console.conn, &key.id, console.now)?;
    Ok(json!({"name": name, "accessKeyId": key.id, "accessKeySecret": key.secret}))
}

pub(super) fn set_user_permissions(console: &Console<'_>) -> Result<Value, Refusal> {
    let (name, permissions) = (console.required("name")?, console.permissions()?);
    if !account::set_permissions(console.conn, console.account, name, &permissions)? {
        return Err(wrong(format!("account {} has no user `{name}`", console.account)));
    }
    Ok(json!({"name": name, "permissions": permissions}))
}

pub(super) fn disable_key(console: &Console<'_>) -> Result<Value, Refusal> {
    let (id, disabled) = (console.required("accessKeyId")?, console.switch("disabled")?);
    if !account::set_key_active(console.conn, id, !disabled)? {
        return Err(wrong(format!("no such access key: {id}")));
    }
    Ok(json!({"accessKeyId": id, "disabled": disabled}))
}
