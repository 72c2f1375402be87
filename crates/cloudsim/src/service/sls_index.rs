//! The index of a Logstore (cloud-api §6.3).

use serde_json::{Map, Value, json};

use super::sls_logstore::existing;
use super::sls_project::{invalid, json_body};
use super::{Call, Operation};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::logstore;

/// POST `/logstores/{logstore}/index`.
pub(crate) const CREATE: Operation = Operation::write(Service::Sls, "CreateIndex", "log:CreateIndex", create);
/// GET `/logstores/{logstore}/index`.
pub(crate) const GET: Operation = Operation::read(Service::Sls, "GetIndex", Some("log:GetIndex"), get);
/// PUT `/logstores/{logstore}/index`.
pub(crate) const UPDATE: Operation = Operation::write(Service::Sls, "UpdateIndex", "log:UpdateIndex", update);
/// DELETE `/logstores/{logstore}/index`.
pub(crate) const DELETE: Operation = Operation::write(Service::Sls, "DeleteIndex", "log:DeleteIndex", delete);

/// Fields that the service writes itself; retention is a matter of the Logstore.
const READ_ONLY: [&str; 4] = ["index_mode", "storage", "ttl", "lastModifyTime"];

/// Types a field may be indexed as.
const TYPES: [&str; 4] = ["text", "long", "double", "json"];

fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    if logstore.index.is_some() {
        return Err(Refusal::new(400, "IndexAlreadyExist", "log store index is already created"));
    }
    logstore::set_index(call.conn, &logstore, Some(&document(call)?), call.now)?;
    Ok(Answer::empty())
}

fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let missing = || Refusal::new(404, "IndexConfigNotExist", "index config doesn't exist");
    let mut document = logstore.index.ok_or_else(missing)?;
    document["index_mode"] = json!("v2");
    document["storage"] = json!("pg");
    document["ttl"] = json!(logstore.ttl);
    document["lastModifyTime"] = json!(logstore.index_modified);
    Ok(Answer::json(document))
}

fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    if logstore.index.is_none() {
        return Err(invalid("log store index is not created"));
    }
    logstore::set_index(call.conn, &logstore, Some(&document(call)?), call.now)?;
    Ok(Answer::empty())
}

fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    if logstore.index.is_none() {
        return Err(Refusal::new(404, "IndexConfigNotExist", "index config doesn't exist"));
    }
    logstore::set_index(call.conn, &logstore, None, call.now)?;
    Ok(Answer::empty())
}

/// The index in the body, without what only the service writes.
fn document(call: &Call<'_>) -> Result<Value, Refusal> {
    let mut body = json_body(call)?;
    body.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    check(&body)?;
    Ok(Value::Object(body))
}

/// Checks an index document.
pub(crate) fn check(body: &Map<String, Value>) -> Result<(), Refusal> {
    let line = body.get("line").filter(|line| !line.is_null());
    let keys = body.get("keys").filter(|keys| !keys.is_null());
    if line.is_none() && keys.is_none() {
        return Err(lacking("line or keys"));
    }
    if let Some(line) = line {
        check_tokens(line)?;
    }
    if let Some(keys) = keys {
        keys.as_object().ok_or_else(|| lacking("keys"))?.values().try_for_each(check_key)?;
    }
    let length = body.get("max_text_len").filter(|length| !length.is_null());
    match length.map(Value::as_i64) {
        None | Some(Some(64..=16_384)) => Ok(()),
        Some(_) => Err(lacking("max_text_len")),
    }
}

fn check_key(key: &Value) -> Result<(), Refusal> {
    let kind = key.get("type").and_then(Value::as_str).ok_or_else(|| lacking("type"))?;
    if !TYPES.contains(&kind) {
        return Err(lacking("type"));
    }
    if kind == "text" { check_tokens(key) } else { Ok(()) }
}

fn check_tokens(holder: &Value) -> Result<(), Refusal> {
    let tokens = holder.get("token").and_then(Value::as_array);
    let good = tokens.is_some_and(|tokens| !tokens.is_empty() && tokens.iter().all(Value::is_string));
    if good { Ok(()) } else { Err(lacking("token")) }
}

fn lacking(field: &str) -> Refusal {
    Refusal::new(400, "IndexInfoInvalid", format!("Required field {field} is lacking or of error format."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(document: &Value) -> Option<String> {
        check(document.as_object().unwrap()).err().map(|refusal| refusal.code)
    }

    #[test]
    fn index_without_tokens_is_refused() {
        assert_eq!(code(&json!({"line": {"token": []}})).as_deref(), Some("IndexInfoInvalid"));
        assert_eq!(code(&json!({})).as_deref(), Some("IndexInfoInvalid"));
        assert_eq!(code(&json!({"keys": {"a": {"type": "blob"}}})).as_deref(), Some("IndexInfoInvalid"));
    }

    #[test]
    fn index_of_the_console_is_well_formed() {
        assert_eq!(code(&crate::service::console::index()), None);
    }
}
