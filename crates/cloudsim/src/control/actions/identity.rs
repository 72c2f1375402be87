//! Roles, policies, identity providers, and the role of the instance behind the metadata server.

use serde_json::{Value, json};

use super::Console;
use crate::control::wrong;
use crate::metadata;
use crate::oidc;
use crate::policy::{self, trust};
use crate::reply::Refusal;
use crate::service::ram;
use crate::store::oidc::{self as providers, Provider};
use crate::store::{role, setting};
use crate::strict;

/// Registers an OIDC provider with its public keys, or replaces it.
pub(super) fn set_oidc_provider(console: &Console<'_>) -> Result<Value, Refusal> {
    let (name, issuer) = (console.required("name")?, console.required("issuer")?);
    let client_ids = console.body.get("clientIds").cloned().unwrap_or_else(|| json!(["sts.aliyuncs.com"]));
    let client_ids: Vec<String> =
        serde_json::from_value(client_ids).map_err(|_| wrong("`clientIds` must be a list of texts"))?;
    let keys = console.body.get("jwks").and_then(oidc::usable_keys);
    let keys = keys.ok_or_else(|| wrong("`jwks` must be a key set of RSA or P-256 public keys"))?;
    let provider = Provider { name: name.to_owned(), issuer: issuer.to_owned(), client_ids, keys };
    providers::put(console.conn, console.account, &provider)?;
    Ok(json!({"name": name, "arn": format!("acs:ram::{}:oidc-provider/{name}", console.account)}))
}

/// Gives the instance behind the metadata server a role, or takes it away.
pub(super) fn set_instance_role(console: &Console<'_>) -> Result<Value, Refusal> {
    let secs = match console.body.get("durationSeconds") {
        None => metadata::CREDENTIALS_SECS_DEFAULT,
        Some(value) => value
            .as_i64()
            .filter(|secs| (1..=43_200).contains(secs))
            .ok_or_else(|| wrong("`durationSeconds` must be from 1 to 43200"))?,
    };
    let hardened = console.body.get("hardened").is_some() && console.switch("hardened")?;
    set(console, setting::INSTANCE_HARDENED, hardened.then_some("true"))?;
    set(console, setting::INSTANCE_CREDENTIALS_SECS, Some(&secs.to_string()))?;
    let role = if console.switch("bound")? { Some(console.role()) } else { None };
    set(console, setting::INSTANCE_ROLE, role)?;
    Ok(json!({"role": role, "hardened": hardened, "durationSeconds": secs}))
}

fn set(console: &Console<'_>, name: &str, value: Option<&str>) -> Result<(), Refusal> {
    match value {
        Some(value) => setting::put(console.conn, name, value)?,
        None => setting::remove(console.conn, name)?,
    }
    Ok(())
}

/// Makes a role, or gives an existing one this trust; attaches the named system and custom policies.
pub(super) fn set_role(console: &Console<'_>) -> Result<Value, Refusal> {
    let name = console.required("role")?;
    let trust = document(console, "trustPolicy", trust::is_well_formed)?;
    let trust = trust.unwrap_or_else(|| ram::account_trust(console.account));
    ram::put_role(console.conn, console.account, name, &trust, &console.policies()?, console.now)?;
    Ok(json!({"role": name, "arn": ram::role_arn(console.account, name)}))
}

/// A policy document of a kind, given as JSON or as a text that holds it.
fn document(
    console: &Console<'_>,
    name: &str,
    is_well_formed: fn(&Value) -> bool,
) -> Result<Option<Value>, Refusal> {
    let given = match console.body.get(name) {
        None => return Ok(None),
        Some(Value::String(text)) => strict::json(text.as_bytes()).ok(),
        Some(given) => Some(given.clone()),
    };
    let malformed = || wrong(format!("`{name}` must be a policy document with all that it needs"));
    given.filter(is_well_formed).map(Some).ok_or_else(malformed)
}

/// Makes a custom policy, or gives an existing one this document.
pub(super) fn set_policy(console: &Console<'_>) -> Result<Value, Refusal> {
    let name = console.required("name")?;
    if !ram::is_policy_name(name) {
        return Err(wrong("`name` must be 1 to 128 letters, digits and `-`"));
    }
    let document = document(console, "document", policy::is_well_formed)?;
    let document = document.ok_or_else(|| wrong("`document` is required"))?.to_string();
    role::create_policy(console.conn, console.account, name, &document, "", console.now)?;
    role::set_policy_document(console.conn, console.account, name, &document)?;
    Ok(json!({"name": name}))
}
