//! Ordinary trails: recordings of the account's own calls, several per region.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::parsed::Parsed;
use serde_json::{Map, Value};

/// An ordinary trail.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrdinaryTrail {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) home_region: String,
    /// Destinations and filters, by the names of the parameters that set them.
    pub(crate) settings: Map<String, Value>,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    /// When it was last started, epoch seconds.
    pub(crate) started: Option<i64>,
    /// When it was last stopped, epoch seconds; `None` while it runs.
    pub(crate) stopped: Option<i64>,
}

impl OrdinaryTrail {
    /// `Fresh` before the first start, then `Enable` or `Disable`.
    pub(crate) fn status(&self) -> &'static str {
        match (self.started, self.stopped) {
            (None, _) => "Fresh",
            (Some(_), None) => "Enable",
            (Some(_), Some(_)) => "Disable",
        }
    }
}

/// Stores a trail, replacing one of that name.
pub(crate) fn put(conn: &Connection, trail: &OrdinaryTrail) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT OR REPLACE INTO ordinary_trail (account, name, home_region, settings, created, modified, started, stopped)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            trail.account,
            trail.name,
            trail.home_region,
            Value::Object(trail.settings.clone()).to_string(),
            trail.created,
            trail.modified,
            trail.started,
            trail.stopped,
        ],
    )?;
    Ok(())
}

pub(crate) fn delete(conn: &Connection, trail: &OrdinaryTrail) -> rusqlite::Result<()> {
    conn.execute_cached(
        "DELETE FROM ordinary_trail WHERE account = ?1 AND name = ?2",
        [&trail.account, &trail.name],
    )?;
    Ok(())
}

const COLUMNS: &str = "account, name, home_region, settings, created, modified, started, stopped";

pub(crate) fn find(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<Option<OrdinaryTrail>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM ordinary_trail WHERE account = ?1 AND name = ?2"))?
        .query_row([account, name], trail_of)
        .optional()
}

/// The trails of an account, in all regions.
pub(crate) fn list(conn: &Connection, account: &str) -> rusqlite::Result<Vec<OrdinaryTrail>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM ordinary_trail WHERE account = ?1 ORDER BY name"))?
        .query_map([account], trail_of)?
        .collect()
}

fn trail_of(row: &Row<'_>) -> rusqlite::Result<OrdinaryTrail> {
    let settings: String = row.get(3)?;
    Ok(OrdinaryTrail {
        account: row.get(0)?,
        name: row.get(1)?,
        home_region: row.get(2)?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
        created: row.get(4)?,
        modified: row.get(5)?,
        started: row.get(6)?,
        stopped: row.get(7)?,
    })
}
