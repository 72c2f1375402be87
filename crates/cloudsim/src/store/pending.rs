//! Events on their way: made, and not yet delivered.

use rusqlite::{Connection, Row, params};

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

/// Takes out the first events of an account that are due, at most so many, in the order they were made.
pub(crate) fn take(
    conn: &Connection,
    account: &str,
    now: i64,
    limit: usize,
) -> rusqlite::Result<Vec<PlatformEvent>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let taken: Vec<(i64, PlatformEvent)> = conn
        .prepare_cached(
            "SELECT id, time, fields FROM pending_event WHERE account = ?1 AND due <= ?2 ORDER BY id LIMIT ?3",
        )?
        .query_map(params![account, now, limit], event_of)?
        .collect::<rusqlite::Result<_>>()?;
    let last = taken.last().map(|(id, _)| *id);
    conn.execute_cached(
        "DELETE FROM pending_event WHERE account = ?1 AND due <= ?2 AND id <= ?3",
        params![account, now, last],
    )?;
    Ok(taken.into_iter().map(|(_, event)| event).collect())
}

fn event_of(row: &Row<'_>) -> rusqlite::Result<(i64, PlatformEvent)> {
    let fields: String = row.get(2)?;
    let event =
        PlatformEvent { time: row.get(1)?, fields: serde_json::from_str(&fields).unwrap_or_default() };
    Ok((row.get(0)?, event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::memory;

    #[test]
    fn events_are_taken_in_portions_and_in_order() {
        let conn = memory();
        let events: Vec<PlatformEvent> =
            (1..=5).map(|time| PlatformEvent { time, fields: serde_json::Map::new() }).collect();
        put(&conn, "a", &events, 10).unwrap();
        put(&conn, "b", &events, 10).unwrap();
        let take = |limit| -> Vec<i64> {
            take(&conn, "a", 10, limit).unwrap().iter().map(|event| event.time).collect()
        };
        assert_eq!((take(2), take(2), take(2), take(2)), (vec![1, 2], vec![3, 4], vec![5], vec![]));
        assert_eq!(super::take(&conn, "b", 10, 9).unwrap().len(), 5);
    }
}
