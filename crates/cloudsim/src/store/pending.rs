//! Events on their way: made, and not yet delivered.

use rusqlite::{Connection, params};

use super::parsed::Parsed;
use serde_json::Value;

use crate::events::PlatformEvent;

/// Keeps events until they are due.
pub(crate) fn put(
    conn: &Connection,
    account: &str,
    events: &[PlatformEvent],
    due: i64,
) -> rusqlite::Result<()> {
    let mut insert = conn
        .prepare_cached("INSERT INTO pending_event (account, due, time, fields) VALUES (?1, ?2, ?3, ?4)")?;
    for event in events {
        insert.execute(params![account, due, event.time, Value::Object(event.fields.clone()).to_string()])?;
    }
    Ok(())
}

/// Accounts with events that are due.
pub(crate) fn due_accounts(conn: &Connection, now: i64) -> rusqlite::Result<Vec<String>> {
    // Asked before every call; `DISTINCT` would build a tree each time, also when nothing is on its way.
    conn.prepare_cached(
        "SELECT id FROM account
         WHERE EXISTS (SELECT 1 FROM pending_event WHERE pending_event.account = account.id AND due <= ?1)",
    )?
    .query_map([now], |row| row.get(0))?
    .collect()
}

/// Takes out the events of an account that are due, in the order they were made.
pub(crate) fn take(conn: &Connection, account: &str, now: i64) -> rusqlite::Result<Vec<PlatformEvent>> {
    let events = conn
        .prepare_cached(
            "SELECT time, fields FROM pending_event WHERE account = ?1 AND due <= ?2 ORDER BY id",
        )?
        .query_map(params![account, now], |row| {
            let fields: String = row.get(1)?;
            Ok(PlatformEvent { time: row.get(0)?, fields: serde_json::from_str(&fields).unwrap_or_default() })
        })?
        .collect();
    conn.execute_cached("DELETE FROM pending_event WHERE account = ?1 AND due <= ?2", params![account, now])?;
    events
}
