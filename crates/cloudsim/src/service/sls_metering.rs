//! How a Logstore is paid for. Nothing else depends on it here.

use serde_json::{Value, json};

use super::sls_logstore::existing;
use super::sls_project::{invalid, json_body, text};
use super::{Call, Operation};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::logstore;

/// GET `/logstores/{logstore}/meteringmode`.
pub(crate) const GET: Operation =
    Operation::read(Service::Sls, "GetLogStoreMeteringMode", Some("log:GetLogStoreMeteringMode"), get);
/// PUT `/logstores/{logstore}/meteringmode`.
pub(crate) const UPDATE: Operation =
    Operation::write(Service::Sls, "UpdateLogStoreMeteringMode", "log:UpdateLogStoreMeteringMode", update);

/// The setting of a Logstore, also on the wire.
pub(crate) const FIELD: &str = "meteringMode";
const BY_FUNCTION: &str = "ChargeByFunction";
const BY_INGEST: &str = "ChargeByDataIngest";

fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let mode = logstore.settings.get(FIELD).and_then(Value::as_str).unwrap_or(BY_FUNCTION);
    Ok(Answer::json(json!({FIELD: mode})))
}

fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let body = json_body(call)?;
    let mode = text(&body, FIELD)?;
    if ![BY_FUNCTION, BY_INGEST].contains(&mode) {
        return Err(invalid(format!("{FIELD} must be {BY_FUNCTION} or {BY_INGEST}.")));
    }
    let mut settings = logstore.settings.clone();
    settings.insert(FIELD.to_owned(), Value::from(mode));
    logstore::update(call.conn, &logstore, logstore.ttl, &settings, call.now)?;
    Ok(Answer::empty())
}
