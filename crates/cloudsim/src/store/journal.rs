//! The journal: every call that arrived, in order, with what it changed.
//!
//! Rows are only appended, in the transaction of the effect. Parameters never hold a secret.

use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value, json};

/// One call, as it will be read back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) time_ms: i64,
    pub(crate) account: String,
    pub(crate) caller: String,
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) region: String,
    pub(crate) parameters: Map<String, Value>,
    /// HTTP status that was answered, or would have been had the reply not been withheld.
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) changed: bool,
    pub(crate) request_id: String,
    /// The injected fault, if one struck.
    pub(crate) fault: Option<&'static str>,
}

pub(crate) fn append(conn: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO journal (time_ms, account, caller, service, action, region, parameters, status, code, changed, request_id, fault)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        entry.time_ms,
        entry.account,
        entry.caller,
        entry.service,
        entry.action,
        entry.region,
        Value::Object(entry.parameters.clone()).to_string(),
        entry.status,
        entry.code,
        entry.changed,
        entry.request_id,
        entry.fault,
    ])?;
    Ok(())
}

/// Entries after a sequence number, oldest first, as the control API shows them.
pub(crate) fn after(conn: &Connection, sequence: i64, limit: u32) -> rusqlite::Result<Vec<Value>> {
    conn.prepare_cached(
        "SELECT sequence, time_ms, account, caller, service, action, region, parameters, status, code, changed, request_id, fault
         FROM journal WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?
    .query_map(params![sequence, limit], shown)?
    .collect()
}

/// The newest entries, newest first, as the control API shows them.
pub(crate) fn newest(conn: &Connection, limit: u32) -> rusqlite::Result<Vec<Value>> {
    conn.prepare_cached(
        "SELECT sequence, time_ms, account, caller, service, action, region, parameters, status, code, changed, request_id, fault
         FROM journal ORDER BY sequence DESC LIMIT ?1",
    )?
    .query_map([limit], shown)?
    .collect()
}

/// Which calls to look at, and in which order.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) sequences: std::ops::Range<i64>,
    pub(crate) times_ms: std::ops::Range<i64>,
    pub(crate) oldest_first: bool,
}

/// Management calls of an account, with the number of each. At most [`CALLS_MAX`].
pub(crate) fn calls(conn: &Connection, account: &str, span: &Span) -> rusqlite::Result<Vec<(i64, Value)>> {
    let order = if span.oldest_first { "ASC" } else { "DESC" };
    let (sequences, times) = (&span.sequences, &span.times_ms);
    conn.prepare_cached(&format!(
        "SELECT sequence, time_ms, account, caller, service, action, region, parameters, status, code, changed, request_id, fault
         FROM journal WHERE account = ?1 AND sequence >= ?2 AND sequence < ?3 AND time_ms >= ?4 AND time_ms < ?5 AND service <> 'console'
         AND action NOT IN ('PutLogs', 'GetLogs', 'GetLogsV2', 'GetHistograms', 'PullLogs', 'GetCursor', 'LookupEvents')
         ORDER BY sequence {order} LIMIT ?6",
    ))?
    .query_map(
        params![account, sequences.start, sequences.end, times.start, times.end, CALLS_MAX],
        |row| Ok((row.get(0)?, shown(row)?)),
    )?
    .collect()
}

/// Calls looked at in one go.
pub(crate) const CALLS_MAX: u32 = 10_000;

/// An entry as the control API shows it.
fn shown(row: &Row<'_>) -> rusqlite::Result<Value> {
    let time = jiff::Timestamp::from_millisecond(row.get(1)?).unwrap_or_default();
    let parameters: String = row.get(7)?;
    Ok(json!({
        "sequence": row.get::<_, i64>(0)?,
        "time": time.to_string(),
        "account": row.get::<_, String>(2)?,
        "caller": row.get::<_, String>(3)?,
        "service": row.get::<_, String>(4)?,
        "action": row.get::<_, String>(5)?,
        "region": row.get::<_, String>(6)?,
        "parameters": serde_json::from_str::<Value>(&parameters).unwrap_or(Value::Null),
        "status": row.get::<_, u16>(8)?,
        "code": row.get::<_, Option<String>>(9)?,
        "changed": row.get::<_, bool>(10)?,
        "requestId": row.get::<_, String>(11)?,
        "fault": row.get::<_, Option<String>>(12)?,
    }))
}
