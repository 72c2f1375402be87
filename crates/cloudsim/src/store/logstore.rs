//! Logstores with their index, and the logs in them.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::parsed::Parsed;
use serde_json::{Map, Value};

use super::project::Project;
use super::shard::StoredLog;

/// Retention that means "for ever", days.
pub(crate) const PERMANENT_DAYS: i64 = 3650;

const DAY_SECS: i64 = 86_400;

/// A Logstore.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logstore {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Days logs are kept.
    pub(crate) ttl: i64,
    pub(crate) shards: i64,
    /// Fields stored as sent, without meaning here.
    pub(crate) settings: Map<String, Value>,
    /// Trail that writes here; other writes are refused then.
    pub(crate) dedicated: Option<String>,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) index: Option<Value>,
    pub(crate) index_modified: i64,
    /// Position behind the last log that expired.
    pub(crate) log_end: i64,
}

impl Logstore {
    /// Logs older than this are expired, epoch seconds; `None` when kept for ever.
    pub(crate) fn expiry(&self, now: i64) -> Option<i64> {
        (self.ttl < PERMANENT_DAYS).then(|| now - self.ttl * DAY_SECS)
    }
}

/// What is needed to make a Logstore.
#[derive(Debug, Clone)]
pub(crate) struct NewLogstore<'a> {
    pub(crate) name: &'a str,
    pub(crate) ttl: i64,
    pub(crate) shards: i64,
    pub(crate) settings: Map<String, Value>,
}

/// One log to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewLog<'a> {
    /// Epoch seconds.
    pub(crate) time: i64,
    pub(crate) topic: &'a str,
    pub(crate) source: &'a str,
    /// JSON object of texts.
    pub(crate) contents: &'a str,
    /// JSON object of texts.
    pub(crate) tags: &'a str,
    /// JSON object of what only a pull shows.
    pub(crate) beyond: Option<&'a str>,
}

const COLUMNS: &str =
    "id, name, ttl, shards, settings, dedicated, created, modified, log_index, index_modified, log_end";

/// Makes a Logstore; false when the name is taken.
pub(crate) fn create(
    conn: &Connection,
    project: &Project,
    new: &NewLogstore<'_>,
    now: i64,
) -> rusqlite::Result<bool> {
    let settings = Value::Object(new.settings.clone()).to_string();
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO logstore (region, project, name, ttl, shards, settings, created, modified)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        params![project.region, project.name, new.name, new.ttl, new.shards, settings, now],
    )?;
    Ok(made > 0)
}

pub(crate) fn find(conn: &Connection, project: &Project, name: &str) -> rusqlite::Result<Option<Logstore>> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM logstore WHERE region = ?1 AND project = ?2 AND name = ?3"
    ))?
    .query_row([&project.region, &project.name, name], logstore_of)
    .optional()
}

pub(crate) fn list(conn: &Connection, project: &Project) -> rusqlite::Result<Vec<Logstore>> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM logstore WHERE region = ?1 AND project = ?2 ORDER BY name"
    ))?
    .query_map([&project.region, &project.name], logstore_of)?
    .collect()
}

fn logstore_of(row: &Row<'_>) -> rusqlite::Result<Logstore> {
    let settings: String = row.get(4)?;
    let index: Option<String> = row.get(8)?;
    Ok(Logstore {
        id: row.get(0)?,
        name: row.get(1)?,
        ttl: row.get(2)?,
        shards: row.get(3)?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
        dedicated: row.get(5)?,
        created: row.get(6)?,
        modified: row.get(7)?,
        index: index.and_then(|text| serde_json::from_str(&text).ok()),
        index_modified: row.get(9)?,
        log_end: row.get(10)?,
    })
}

/// Sets retention and the other settings.
pub(crate) fn update(
    conn: &Connection,
    logstore: &Logstore,
    ttl: i64,
    settings: &Map<String, Value>,
    now: i64,
) -> rusqlite::Result<()> {
    // Compared as values: two texts of one document may differ in the order of their fields.
    if logstore.ttl == ttl && logstore.settings == *settings {
        return Ok(());
    }
    let settings = Value::Object(settings.clone()).to_string();
    conn.execute_cached(
        "UPDATE logstore SET ttl = ?2, settings = ?3, modified = ?4 WHERE id = ?1",
        params![logstore.id, ttl, settings, now],
    )?;
    Ok(())
}

/// Marks a Logstore as written by a trail alone.
pub(crate) fn dedicate(conn: &Connection, id: i64, trail: &str) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE logstore SET dedicated = ?2 WHERE id = ?1 AND dedicated IS NOT ?2",
        params![id, trail],
    )?;
    Ok(())
}

/// Sets or removes the index.
pub(crate) fn set_index(
    conn: &Connection,
    logstore: &Logstore,
    index: Option<&Value>,
    now: i64,
) -> rusqlite::Result<()> {
    if logstore.index.as_ref() == index {
        return Ok(());
    }
    let text = index.map(Value::to_string);
    conn.execute_cached(
        "UPDATE logstore SET log_index = ?2, index_modified = ?3 WHERE id = ?1",
        params![logstore.id, text, now],
    )?;
    Ok(())
}

/// Removes a Logstore with its logs and tags.
pub(crate) fn delete(conn: &Connection, project: &Project, logstore: &Logstore) -> rusqlite::Result<()> {
    conn.execute_cached("DELETE FROM log WHERE logstore_id = ?1", [logstore.id])?;
    conn.execute_cached(
        "DELETE FROM tag WHERE region = ?1 AND project = ?2 AND kind = 'logstore' AND resource = ?3",
        params![project.region, project.name, format!("{}#{}", project.name, logstore.name)],
    )?;
    conn.execute_cached("DELETE FROM logstore WHERE id = ?1", [logstore.id])?;
    Ok(())
}

/// Stores one log.
pub(crate) fn insert_log(conn: &Connection, id: i64, log: &NewLog<'_>, now: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO log (logstore_id, time, received, topic, source, contents, tags, beyond) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![id, log.time, now, log.topic, log.source, log.contents, log.tags, log.beyond])?;
    Ok(())
}

/// Drops what is past its retention, in every Logstore; positions behind it stay good.
pub(crate) fn expire(conn: &Connection, now: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE logstore SET log_end = (SELECT max(id) + 1 FROM log WHERE logstore_id = logstore.id)
         WHERE ttl < ?1 AND EXISTS (SELECT 1 FROM log WHERE logstore_id = logstore.id AND time < ?2 - logstore.ttl * ?3)",
    )?
    .execute([PERMANENT_DAYS, now, DAY_SECS])?;
    // `CROSS` keeps the order: left to itself, SQLite reads the times of all logs there are.
    conn.prepare_cached(
        "DELETE FROM log WHERE id IN (
             SELECT log.id FROM logstore CROSS JOIN log ON log.logstore_id = logstore.id
             WHERE logstore.ttl < ?1 AND log.time < ?2 - logstore.ttl * ?3)",
    )?
    .execute([PERMANENT_DAYS, now, DAY_SECS])?;
    Ok(())
}

/// How many unexpired logs there are, and the time of the newest.
pub(crate) fn extent(
    conn: &Connection,
    logstore: &Logstore,
    now: i64,
) -> rusqlite::Result<(i64, Option<i64>)> {
    let from = logstore.expiry(now).unwrap_or(i64::MIN);
    conn.prepare_cached("SELECT count(*), max(time) FROM log WHERE logstore_id = ?1 AND time >= ?2")?
        .query_row([logstore.id, from], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The newest unexpired logs, newest first.
pub(crate) fn newest(
    conn: &Connection,
    logstore: &Logstore,
    now: i64,
    limit: u32,
) -> rusqlite::Result<Vec<StoredLog>> {
    let from = logstore.expiry(now).unwrap_or(i64::MIN);
    conn.prepare_cached(
        "SELECT id, time, received, topic, source, contents, tags, beyond FROM log
         WHERE logstore_id = ?1 AND time >= ?2 ORDER BY time DESC, id DESC LIMIT ?3",
    )?
    .query_map(params![logstore.id, from, limit], StoredLog::of)?
    .collect()
}
