//! Documents that a project keeps by name: dashboards and saved searches.

use rusqlite::{Connection, OptionalExtension, params};

use super::parsed::Parsed;

use super::project::Project;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Dashboard,
    SavedSearch,
}

impl Kind {
    fn table(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::SavedSearch => "saved_search",
        }
    }
}

/// Stores a document; false when one of that name is there, which is left as it is.
pub(crate) fn create(
    conn: &Connection,
    kind: Kind,
    project: &Project,
    name: &str,
    body: &str,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "INSERT OR IGNORE INTO {} (region, project, name, body) VALUES (?1, ?2, ?3, ?4)",
        kind.table()
    );
    Ok(conn.execute_cached(&sql, params![project.region, project.name, name, body])? > 0)
}

/// Replaces the body of a document that is there.
pub(crate) fn replace(
    conn: &Connection,
    kind: Kind,
    project: &Project,
    name: &str,
    body: &str,
) -> rusqlite::Result<()> {
    let table = kind.table();
    let sql = format!(
        "UPDATE {table} SET body = ?4 WHERE region = ?1 AND project = ?2 AND name = ?3 AND body IS NOT ?4"
    );
    conn.execute_cached(&sql, params![project.region, project.name, name, body])?;
    Ok(())
}

/// Removes a document; false when there is none.
pub(crate) fn delete(conn: &Connection, kind: Kind, project: &Project, name: &str) -> rusqlite::Result<bool> {
    let sql = format!("DELETE FROM {} WHERE region = ?1 AND project = ?2 AND name = ?3", kind.table());
    Ok(conn.execute_cached(&sql, [&project.region, &project.name, name])? > 0)
}

/// The body of a document.
pub(crate) fn find(
    conn: &Connection,
    kind: Kind,
    project: &Project,
    name: &str,
) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT body FROM {} WHERE region = ?1 AND project = ?2 AND name = ?3", kind.table());
    conn.query_row_cached(&sql, [&project.region, &project.name, name], |row| row.get(0)).optional()
}

/// Name and JSON body of each document, by name.
pub(crate) fn list(
    conn: &Connection,
    kind: Kind,
    project: &Project,
) -> rusqlite::Result<Vec<(String, String)>> {
    let table = kind.table();
    conn.prepare_cached(&format!(
        "SELECT name, body FROM {table} WHERE region = ?1 AND project = ?2 ORDER BY name"
    ))?
    .query_map([&project.region, &project.name], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}
