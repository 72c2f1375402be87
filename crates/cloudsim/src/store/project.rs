//! Log Service projects, and their tags. Names are unique per region across all accounts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::parsed::Parsed;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Project {
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) description: String,
    /// Empty for the default group.
    pub(crate) resource_group: String,
    /// `LRS` or `ZRS`.
    pub(crate) redundancy: String,
    pub(crate) created: i64,
    pub(crate) modified: i64,
}

/// A tag of a project or Logstore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    /// `project` or `logstore`.
    pub(crate) kind: String,
    /// `<project>` or `<project>#<logstore>`.
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

const COLUMNS: &str = "region, name, account, description, resource_group, redundancy, created, modified";

/// Makes a project; false when the name is taken in the region, by whomever.
pub(crate) fn create(conn: &Connection, project: &Project) -> rusqlite::Result<bool> {
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO project (region, name, account, description, resource_group, redundancy, created, modified)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            project.region,
            project.name,
            project.account,
            project.description,
            project.resource_group,
            project.redundancy,
            project.created,
            project.modified,
        ],
    )?;
    Ok(made > 0)
}

pub(crate) fn find(conn: &Connection, region: &str, name: &str) -> rusqlite::Result<Option<Project>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM project WHERE region = ?1 AND name = ?2"))?
        .query_row([region, name], project_of)
        .optional()
}

/// The first of the regions that have a project of that name.
pub(crate) fn region_of(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    conn.query_row_cached("SELECT min(region) FROM project WHERE name = ?1", [name], |row| row.get(0))
}

/// The projects of an account, in all regions.
pub(crate) fn list(conn: &Connection, account: &str) -> rusqlite::Result<Vec<Project>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM project WHERE account = ?1 ORDER BY region, name"))?
        .query_map([account], project_of)?
        .collect()
}

fn project_of(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project {
        region: row.get(0)?,
        name: row.get(1)?,
        account: row.get(2)?,
        description: row.get(3)?,
        resource_group: row.get(4)?,
        redundancy: row.get(5)?,
        created: row.get(6)?,
        modified: row.get(7)?,
    })
}

pub(crate) fn set_description(
    conn: &Connection,
    project: &Project,
    text: &str,
    now: i64,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE project SET description = ?3, modified = ?4 WHERE region = ?1 AND name = ?2 AND description IS NOT ?3",
        params![project.region, project.name, text, now],
    )?;
    Ok(())
}

/// Removes a project with its Logstores, logs, tags and dashboards.
pub(crate) fn delete(conn: &Connection, project: &Project) -> rusqlite::Result<()> {
    conn.execute_cached(
        "DELETE FROM log WHERE logstore_id IN (SELECT id FROM logstore WHERE region = ?1 AND project = ?2)",
        [&project.region, &project.name],
    )?;
    conn.execute_cached(
        "DELETE FROM project WHERE region = ?1 AND name = ?2",
        [&project.region, &project.name],
    )?;
    Ok(())
}

/// Sets a tag.
pub(crate) fn tag(conn: &Connection, project: &Project, tag: &Tag) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT INTO tag (region, project, kind, resource, name, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value",
        params![project.region, project.name, tag.kind, tag.resource, tag.name, tag.value],
    )?;
    Ok(())
}

/// Removes the tag of that kind, resource and name.
pub(crate) fn untag(
    conn: &Connection,
    project: &Project,
    kind: &str,
    resource: &str,
    name: &str,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "DELETE FROM tag WHERE region = ?1 AND project = ?2 AND kind = ?3 AND resource = ?4 AND name = ?5",
        params![project.region, project.name, kind, resource, name],
    )?;
    Ok(())
}

/// Removes all tags of that kind and resource.
pub(crate) fn untag_all(
    conn: &Connection,
    project: &Project,
    kind: &str,
    resource: &str,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "DELETE FROM tag WHERE region = ?1 AND project = ?2 AND kind = ?3 AND resource = ?4",
        params![project.region, project.name, kind, resource],
    )?;
    Ok(())
}

/// All tags within a project.
pub(crate) fn tags(conn: &Connection, project: &Project) -> rusqlite::Result<Vec<Tag>> {
    conn.prepare_cached(
        "SELECT kind, resource, name, value FROM tag WHERE region = ?1 AND project = ?2 ORDER BY kind, resource, name",
    )?
    .query_map([&project.region, &project.name], |row| {
        Ok(Tag { kind: row.get(0)?, resource: row.get(1)?, name: row.get(2)?, value: row.get(3)? })
    })?
    .collect()
}
