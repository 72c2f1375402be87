//! Logstores (cloud-api §6.2).

use serde_json::{Map, Value, json};

use super::sls_project::{invalid, json_body, page, project, text};
use super::{Call, Operation, settling, sls_metering};
use crate::gateway::route::Service;
use crate::quirks;
use crate::reply::{Answer, Refusal};
use crate::store::logstore::{self, Logstore, NewLogstore, PERMANENT_DAYS};
use crate::store::project::Project;

/// POST `/logstores`.
pub(crate) const CREATE: Operation =
    Operation::write(Service::Sls, "CreateLogStore", "log:CreateLogStore", create);
/// GET `/logstores/{logstore}`.
pub(crate) const GET: Operation = Operation::read(Service::Sls, "GetLogStore", Some("log:GetLogStore"), get);
/// PUT `/logstores/{logstore}`.
pub(crate) const UPDATE: Operation =
    Operation::write(Service::Sls, "UpdateLogStore", "log:UpdateLogStore", update);
/// DELETE `/logstores/{logstore}`.
pub(crate) const DELETE: Operation =
    Operation::write(Service::Sls, "DeleteLogStore", "log:DeleteLogStore", delete);
/// GET `/logstores`.
pub(crate) const LIST: Operation =
    Operation::read(Service::Sls, "ListLogStores", Some("log:ListLogStores"), list);
/// Logstores a project may have (cloud-api §6.8).
const LOGSTORES_MAX: usize = 400;

/// Logstores of a page unless the call says otherwise.
const PAGE: usize = 200;

/// Fields with a column or a call of their own, or written by the service alone.
const OWN_FIELDS: [&str; 6] =
    ["logstoreName", "ttl", "shardCount", "createTime", "lastModifyTime", sls_metering::FIELD];

/// How many shards splitting may lead to.
const MAX_SPLIT: &str = "maxSplitShard";
/// What the Java client always sends of it when shards are not split by themselves (aliyun-log 0.6.151).
const NOT_SET: i64 = -1;

/// The Logstore of the path, with its project.
pub(crate) fn existing(call: &Call<'_>) -> Result<(Project, Logstore), Refusal> {
    let project = project(call)?;
    let name = call.place.logstore.as_deref().unwrap_or_default();
    let missing = || Refusal::new(404, "LogStoreNotExist", format!("logstore {name} does not exist"));
    let found = settling::logstore(call, logstore::find(call.conn, &project, name)?)?;
    let logstore = found.ok_or_else(missing)?;
    Ok((project, logstore))
}

/// 3 to 63 lower-case letters, digits, `-` and `_`; first and last a letter or digit.
pub(crate) fn is_logstore_name(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edges = name.as_bytes().first().is_some_and(plain) && name.as_bytes().last().is_some_and(plain);
    let legal = |byte: &u8| plain(byte) || *byte == b'-' || *byte == b'_';
    (3..=63).contains(&name.len()) && edges && name.as_bytes().iter().all(legal)
}

/// An integer field within a range.
fn number(
    body: &Map<String, Value>,
    name: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Option<i64>, Refusal> {
    let wrong = || invalid(format!("{name} must be an integer from {} to {}.", range.start(), range.end()));
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64() {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            Some(_) | None => Err(wrong()),
        },
    }
}

/// Days of retention; required.
fn ttl(body: &Map<String, Value>) -> Result<i64, Refusal> {
    number(body, "ttl", 1..=PERMANENT_DAYS)?.ok_or_else(|| invalid("ttl is required."))
}

/// The rest of the fields, checked where a rule is documented and kept as sent.
fn settings(body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let auto_split = body.get("autoSplit").and_then(Value::as_bool).unwrap_or(false);
    let max_split = number(body, MAX_SPLIT, NOT_SET..=256)?;
    if auto_split && max_split.is_none_or(|count| count <= 0) {
        return Err(invalid("maxSplitShard must be set if autoSplit is true."));
    }
    number(body, "hot_ttl", 0..=3000)?;
    if !matches!(text(body, "mode")?, "" | "standard" | "query") {
        return Err(invalid("mode must be standard or query."));
    }
    let is_kept = |name: &str, value: &Value| {
        !OWN_FIELDS.contains(&name) && (name != MAX_SPLIT || value.as_i64() != Some(NOT_SET))
    };
    let kept = body.iter().filter(|(name, value)| is_kept(name, value));
    Ok(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let body = json_body(call)?;
    let name = text(&body, "logstoreName")?;
    if !is_logstore_name(name) {
        return Err(Refusal::new(400, "LogStoreInfoInvalid", format!("logstore name {name} is invalid")));
    }
    if logstore::list(call.conn, &project)?.len() >= LOGSTORES_MAX {
        return Err(Refusal::new(400, "LogStoreQuotaExceed", "logstore count exceeds the quota"));
    }
    let shards = number(&body, "shardCount", 1..=10)?.ok_or_else(|| invalid("shardCount is required."))?;
    let new = NewLogstore { name, ttl: ttl(&body)?, shards, settings: settings(&body)? };
    if logstore::create(call.conn, &project, &new, call.now)? {
        Ok(Answer::empty())
    } else {
        Err(Refusal::new(400, "LogStoreAlreadyExist", format!("logstore {name} already exists")))
    }
}

fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let mut fields = json!({
        "autoSplit": false, "maxSplitShard": 0, "enable_tracking": false, "appendMeta": false, "mode": "standard",
        "telemetryType": "", "archiveSeconds": 0, "productType": "",
    });
    for (name, value) in logstore.settings.iter().filter(|(name, _)| *name != sls_metering::FIELD) {
        fields[name] = value.clone();
    }
    fields["logstoreName"] = json!(logstore.name);
    fields["ttl"] = json!(logstore.ttl);
    fields["shardCount"] = json!(logstore.shards);
    fields["createTime"] = json!(logstore.created);
    fields["lastModifyTime"] = json!(logstore.modified);
    if logstore.dedicated.is_some() {
        fields["productType"] = json!("actiontrail");
    }
    Ok(Answer::json(fields))
}

fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let body = json_body(call)?;
    let name = text(&body, "logstoreName")?;
    if !name.is_empty() && name != logstore.name {
        return Err(invalid("logstoreName differs from the Logstore in the path."));
    }
    let ttl = ttl(&body)?;
    if ttl != logstore.ttl && logstore.dedicated.is_some() && !quirks::get(call.conn)?.retention_changeable {
        return Err(invalid("the ttl of a dedicated logstore cannot be changed."));
    }
    let mut merged = logstore.settings.clone();
    merged.extend(settings(&body)?);
    for fixed in ["mode", "telemetryType"] {
        restore(&mut merged, &logstore.settings, fixed);
    }
    logstore::update(call.conn, &logstore, ttl, &merged, call.now)?;
    Ok(Answer::empty())
}

/// Puts back a field that cannot be changed after creation.
fn restore(merged: &mut Map<String, Value>, before: &Map<String, Value>, name: &str) {
    match before.get(name) {
        Some(value) => merged.insert(name.to_owned(), value.clone()),
        None => merged.remove(name),
    };
}

fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (project, logstore) = existing(call)?;
    logstore::delete(call.conn, &project, &logstore)?;
    Ok(Answer::empty())
}

fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let project = project(call)?;
    let part = call.optional("logstoreName").unwrap_or_default();
    let all = settling::logstores(call, logstore::list(call.conn, &project)?)?;
    let telemetry = call.optional("telemetryType");
    let mode = call.optional("mode");
    let matching = all
        .into_iter()
        .filter(|logstore| logstore.name.contains(part))
        .filter(|logstore| telemetry.is_none_or(|kind| is_of_kind(logstore, "telemetryType", "None", kind)))
        .filter(|logstore| mode.is_none_or(|kind| is_of_kind(logstore, "mode", "standard", kind)));
    let names = matching.map(|logstore| Value::String(logstore.name)).collect();
    let (page, total) = page(call, names, PAGE)?;
    Ok(Answer::json(json!({"count": page.len(), "total": total, "logstores": page})))
}

/// Whether a setting has a value; empty and absent mean the default.
fn is_of_kind(logstore: &Logstore, setting: &str, default: &str, kind: &str) -> bool {
    let value = logstore.settings.get(setting).and_then(Value::as_str);
    value.filter(|value| !value.is_empty()).unwrap_or(default) == kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logstore_names_follow_the_documented_rule() {
        assert!(is_logstore_name("innertrail_prod-ops"));
        for wrong in ["ab", "Upper", "_edge", "edge_", "edge-", "dot.ted", &"a".repeat(64)] {
            assert!(!is_logstore_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn splitting_needs_a_limit() {
        let body = json!({"autoSplit": true}).as_object().cloned().unwrap();
        assert_eq!(settings(&body).unwrap_err().code, "ParameterInvalid");
    }
}
