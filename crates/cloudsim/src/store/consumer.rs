//! Consumer groups of a Logstore: who reads it, and how far.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::parsed::Parsed;

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Seconds after its last heartbeat until a consumer counts as gone.
    pub(crate) timeout: i64,
    pub(crate) in_order: bool,
}

/// How far a shard was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) shard: i64,
    pub(crate) cursor: String,
    pub(crate) consumer: String,
    /// Epoch seconds.
    pub(crate) updated: i64,
}

/// Makes a group; false when the name is taken.
pub(crate) fn create(conn: &Connection, logstore: i64, group: &Group) -> rusqlite::Result<bool> {
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO consumer_group (logstore_id, name, timeout, in_order) VALUES (?1, ?2, ?3, ?4)",
        params![logstore, group.name, group.timeout, group.in_order],
    )?;
    Ok(made > 0)
}

/// Sets timeout and order.
pub(crate) fn update(conn: &Connection, logstore: i64, group: &Group) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE consumer_group SET timeout = ?3, in_order = ?4
         WHERE logstore_id = ?1 AND name = ?2 AND (timeout, in_order) IS NOT (?3, ?4)",
        params![logstore, group.name, group.timeout, group.in_order],
    )?;
    Ok(())
}

/// Removes a group with its consumers and checkpoints.
pub(crate) fn delete(conn: &Connection, logstore: i64, name: &str) -> rusqlite::Result<()> {
    conn.execute_cached(
        "DELETE FROM consumer_group WHERE logstore_id = ?1 AND name = ?2",
        params![logstore, name],
    )?;
    Ok(())
}

pub(crate) fn find(conn: &Connection, logstore: i64, name: &str) -> rusqlite::Result<Option<Group>> {
    conn.prepare_cached(
        "SELECT name, timeout, in_order FROM consumer_group WHERE logstore_id = ?1 AND name = ?2",
    )?
    .query_row(params![logstore, name], group_of)
    .optional()
}

pub(crate) fn list(conn: &Connection, logstore: i64) -> rusqlite::Result<Vec<Group>> {
    conn.prepare_cached(
        "SELECT name, timeout, in_order FROM consumer_group WHERE logstore_id = ?1 ORDER BY name",
    )?
    .query_map([logstore], group_of)?
    .collect()
}

fn group_of(row: &Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group { name: row.get(0)?, timeout: row.get(1)?, in_order: row.get(2)? })
}

/// Notes that a consumer lives, and forgets those whose time is up, with what they held.
pub(crate) fn beat(
    conn: &Connection,
    logstore: i64,
    group: &Group,
    name: &str,
    now: i64,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "DELETE FROM consumer WHERE logstore_id = ?1 AND consumer_group = ?2 AND seen < ?3",
        params![logstore, group.name, now - group.timeout],
    )?;
    conn.execute_cached(
        "INSERT INTO consumer (logstore_id, consumer_group, name, seen) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET seen = excluded.seen WHERE seen IS NOT excluded.seen",
        params![logstore, group.name, name, now],
    )?;
    Ok(())
}

/// Names of the consumers that live, in order.
pub(crate) fn living(
    conn: &Connection,
    logstore: i64,
    group: &Group,
    now: i64,
) -> rusqlite::Result<Vec<String>> {
    conn.prepare_cached(
        "SELECT name FROM consumer WHERE logstore_id = ?1 AND consumer_group = ?2 AND seen >= ?3 ORDER BY name",
    )?
    .query_map(params![logstore, group.name, now - group.timeout], |row| row.get(0))?
    .collect()
}

/// Which consumer holds which shard.
pub(crate) fn holders(
    conn: &Connection,
    logstore: i64,
    group: &str,
) -> rusqlite::Result<BTreeMap<i64, String>> {
    conn.prepare_cached(
        "SELECT shard, consumer FROM held_shard WHERE logstore_id = ?1 AND consumer_group = ?2",
    )?
    .query_map(params![logstore, group], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

/// Gives a shard that nobody holds to a consumer.
pub(crate) fn hold(
    conn: &Connection,
    logstore: i64,
    group: &str,
    shard: i64,
    name: &str,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT INTO held_shard (logstore_id, consumer_group, shard, consumer) VALUES (?1, ?2, ?3, ?4)",
        params![logstore, group, shard, name],
    )?;
    Ok(())
}

/// Takes a shard from whoever holds it.
pub(crate) fn release(conn: &Connection, logstore: i64, group: &str, shard: i64) -> rusqlite::Result<()> {
    conn.execute_cached(
        "DELETE FROM held_shard WHERE logstore_id = ?1 AND consumer_group = ?2 AND shard = ?3",
        params![logstore, group, shard],
    )?;
    Ok(())
}

/// Notes how far a shard was read; told again, it is not noted again.
pub(crate) fn check(
    conn: &Connection,
    logstore: i64,
    group: &str,
    checkpoint: &Checkpoint,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT INTO checkpoint (logstore_id, consumer_group, shard, cursor, consumer, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET cursor = excluded.cursor, consumer = excluded.consumer, updated = excluded.updated
         WHERE (cursor, consumer) IS NOT (excluded.cursor, excluded.consumer)",
        params![
            logstore,
            group,
            checkpoint.shard,
            checkpoint.cursor,
            checkpoint.consumer,
            checkpoint.updated
        ],
    )?;
    Ok(())
}

/// How far each shard was read.
pub(crate) fn checkpoints(
    conn: &Connection,
    logstore: i64,
    group: &str,
) -> rusqlite::Result<Vec<Checkpoint>> {
    conn.prepare_cached(
        "SELECT shard, cursor, consumer, updated FROM checkpoint
         WHERE logstore_id = ?1 AND consumer_group = ?2 ORDER BY shard",
    )?
    .query_map(params![logstore, group], |row| {
        Ok(Checkpoint {
            shard: row.get(0)?,
            cursor: row.get(1)?,
            consumer: row.get(2)?,
            updated: row.get(3)?,
        })
    })?
    .collect()
}
