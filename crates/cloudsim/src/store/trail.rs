//! Inner trails. The service allows one per account; the rule is kept by the service, not by the table.

use rusqlite::{Connection, Row, params};

use super::parsed::Parsed;
use serde::{Deserialize, Serialize};

/// An inner trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trail {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) home_region: String,
    pub(crate) project_region: String,
    pub(crate) project: String,
    /// Account named in the project ARN.
    pub(crate) project_owner: String,
    pub(crate) logstore: String,
    pub(crate) role_arn: String,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    /// When it was started; until then it delivers nothing.
    pub(crate) started: Option<i64>,
    /// When events were last delivered, epoch seconds.
    pub(crate) delivered: Option<i64>,
}

impl Trail {
    /// `acs:log:<region>:<account>:project/<name>`.
    pub(crate) fn project_arn(&self) -> String {
        format!("acs:log:{}:{}:project/{}", self.project_region, self.project_owner, self.project)
    }

    /// `acs:actiontrail:<region>:<account>:trail/<name>`.
    pub(crate) fn arn(&self) -> String {
        format!("acs:actiontrail:{}:{}:trail/{}", self.home_region, self.account, self.name)
    }
}

pub(crate) fn insert(conn: &Connection, trail: &Trail) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT INTO trail (account, name, home_region, project_region, project, project_owner, logstore, role_arn, created, modified, started, delivered)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            trail.account,
            trail.name,
            trail.home_region,
            trail.project_region,
            trail.project,
            trail.project_owner,
            trail.logstore,
            trail.role_arn,
            trail.created,
            trail.modified,
            trail.started,
            trail.delivered,
        ],
    )?;
    Ok(())
}

/// The trails of an account, in all regions.
pub(crate) fn list(conn: &Connection, account: &str) -> rusqlite::Result<Vec<Trail>> {
    conn.prepare_cached(
        "SELECT account, name, home_region, project_region, project, project_owner, logstore, role_arn, created, modified, started, delivered
         FROM trail WHERE account = ?1 ORDER BY name",
    )?
    .query_map([account], trail_of)?
    .collect()
}

fn trail_of(row: &Row<'_>) -> rusqlite::Result<Trail> {
    Ok(Trail {
        account: row.get(0)?,
        name: row.get(1)?,
        home_region: row.get(2)?,
        project_region: row.get(3)?,
        project: row.get(4)?,
        project_owner: row.get(5)?,
        logstore: row.get(6)?,
        role_arn: row.get(7)?,
        created: row.get(8)?,
        modified: row.get(9)?,
        started: row.get(10)?,
        delivered: row.get(11)?,
    })
}

/// Removes a trail; false when there was none of that name.
pub(crate) fn delete(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<bool> {
    Ok(conn.execute_cached("DELETE FROM trail WHERE account = ?1 AND name = ?2", [account, name])? > 0)
}

pub(crate) fn set_started(conn: &Connection, trail: &Trail, now: i64) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE trail SET started = ?3 WHERE account = ?1 AND name = ?2 AND started IS NULL",
        params![trail.account, trail.name, now],
    )?;
    Ok(())
}

pub(crate) fn set_delivered(conn: &Connection, trail: &Trail, now: i64) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE trail SET delivered = ?3 WHERE account = ?1 AND name = ?2 AND delivered IS NOT ?3",
        params![trail.account, trail.name, now],
    )?;
    Ok(())
}
