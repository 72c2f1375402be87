//! RAM roles, custom policies, and which policy is attached to which role.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::parsed::Parsed;

use super::identifier;

/// A RAM role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) id: String,
    /// Trust policy, JSON text as given.
    pub(crate) trust: String,
    pub(crate) description: String,
    pub(crate) max_session_secs: i64,
    pub(crate) created: i64,
    pub(crate) modified: i64,
}

/// What is needed to make a role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRole<'a> {
    pub(crate) name: &'a str,
    pub(crate) trust: &'a str,
    pub(crate) description: &'a str,
    pub(crate) max_session_secs: i64,
}

/// A policy attached to a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attached {
    /// `System` or `Custom`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) time: i64,
}

/// A custom policy of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) document: String,
    pub(crate) description: String,
    pub(crate) created: i64,
}

/// Makes a role; false when the name is taken.
pub(crate) fn create(
    conn: &Connection,
    account: &str,
    new: &NewRole<'_>,
    now: i64,
) -> rusqlite::Result<bool> {
    let id = format!(
        "3{:017}",
        identifier::number(conn, "role", &format!("{account}/{}", new.name))? % 100_000_000_000_000_000
    );
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO role (account, name, role_id, trust, description, max_session, created, modified)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        params![account, new.name, id, new.trust, new.description, new.max_session_secs, now],
    )?;
    Ok(made > 0)
}

pub(crate) fn find(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<Option<Role>> {
    conn.prepare_cached(
        "SELECT name, role_id, trust, description, max_session, created, modified FROM role WHERE account = ?1 AND name = ?2",
    )?
    .query_row([account, name], role_of)
    .optional()
}

pub(crate) fn list(conn: &Connection, account: &str) -> rusqlite::Result<Vec<Role>> {
    conn.prepare_cached(
        "SELECT name, role_id, trust, description, max_session, created, modified FROM role WHERE account = ?1 ORDER BY name",
    )?
    .query_map([account], role_of)?
    .collect()
}

fn role_of(row: &Row<'_>) -> rusqlite::Result<Role> {
    Ok(Role {
        name: row.get(0)?,
        id: row.get(1)?,
        trust: row.get(2)?,
        description: row.get(3)?,
        max_session_secs: row.get(4)?,
        created: row.get(5)?,
        modified: row.get(6)?,
    })
}

pub(crate) fn set_trust(
    conn: &Connection,
    account: &str,
    name: &str,
    trust: &str,
    now: i64,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE role SET trust = ?3, modified = ?4 WHERE account = ?1 AND name = ?2 AND trust IS NOT ?3",
        params![account, name, trust, now],
    )?;
    Ok(())
}

pub(crate) fn set_description(
    conn: &Connection,
    account: &str,
    name: &str,
    text: &str,
    now: i64,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE role SET description = ?3, modified = ?4 WHERE account = ?1 AND name = ?2 AND description IS NOT ?3",
        params![account, name, text, now],
    )?;
    Ok(())
}

pub(crate) fn set_max_session(
    conn: &Connection,
    account: &str,
    name: &str,
    secs: i64,
    now: i64,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE role SET max_session = ?3, modified = ?4 WHERE account = ?1 AND name = ?2 AND max_session IS NOT ?3",
        params![account, name, secs, now],
    )?;
    Ok(())
}

/// Removes a role and what is attached to it.
pub(crate) fn delete(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<()> {
    conn.execute_cached("DELETE FROM role WHERE account = ?1 AND name = ?2", [account, name])?;
    Ok(())
}

/// Attaches a policy; false when it is attached already.
pub(crate) fn attach(
    conn: &Connection,
    account: &str,
    role: &str,
    kind: &str,
    policy: &str,
    now: i64,
) -> rusqlite::Result<bool> {
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO role_policy (account, role, kind, policy, attached) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![account, role, kind, policy, now],
    )?;
    Ok(made > 0)
}

/// Detaches a policy; false when it was not attached.
pub(crate) fn detach(
    conn: &Connection,
    account: &str,
    role: &str,
    kind: &str,
    policy: &str,
) -> rusqlite::Result<bool> {
    let gone = conn.execute_cached(
        "DELETE FROM role_policy WHERE account = ?1 AND role = ?2 AND kind = ?3 AND policy = ?4",
        params![account, role, kind, policy],
    )?;
    Ok(gone > 0)
}

pub(crate) fn attached(conn: &Connection, account: &str, role: &str) -> rusqlite::Result<Vec<Attached>> {
    conn.prepare_cached(
        "SELECT kind, policy, attached FROM role_policy WHERE account = ?1 AND role = ?2 ORDER BY kind, policy",
    )?
    .query_map([account, role], |row| Ok(Attached { kind: row.get(0)?, name: row.get(1)?, time: row.get(2)? }))?
    .collect()
}

/// How many roles of the account a policy is attached to.
pub(crate) fn attachment_count(
    conn: &Connection,
    account: &str,
    kind: &str,
    policy: &str,
) -> rusqlite::Result<i64> {
    conn.query_row_cached(
        "SELECT count(*) FROM role_policy WHERE account = ?1 AND kind = ?2 AND policy = ?3",
        [account, kind, policy],
        |row| row.get(0),
    )
}

/// Makes a custom policy; false when the name is taken.
pub(crate) fn create_policy(
    conn: &Connection,
    account: &str,
    name: &str,
    document: &str,
    description: &str,
    now: i64,
) -> rusqlite::Result<bool> {
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO policy (account, name, document, description, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![account, name, document, description, now],
    )?;
    Ok(made > 0)
}

/// Replaces the document of a policy.
pub(crate) fn set_policy_document(
    conn: &Connection,
    account: &str,
    name: &str,
    document: &str,
) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE policy SET document = ?3 WHERE account = ?1 AND name = ?2 AND document IS NOT ?3",
        [account, name, document],
    )?;
    Ok(())
}

pub(crate) fn find_policy(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<Option<Policy>> {
    conn.query_row_cached(
        "SELECT name, document, description, created FROM policy WHERE account = ?1 AND name = ?2",
        [account, name],
        policy_of,
    )
    .optional()
}

/// The custom policies of an account.
pub(crate) fn list_policies(conn: &Connection, account: &str) -> rusqlite::Result<Vec<Policy>> {
    conn.prepare_cached(
        "SELECT name, document, description, created FROM policy WHERE account = ?1 ORDER BY name",
    )?
    .query_map([account], policy_of)?
    .collect()
}

fn policy_of(row: &Row<'_>) -> rusqlite::Result<Policy> {
    Ok(Policy { name: row.get(0)?, document: row.get(1)?, description: row.get(2)?, created: row.get(3)? })
}

/// Removes a custom policy.
pub(crate) fn delete_policy(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<()> {
    conn.execute_cached("DELETE FROM policy WHERE account = ?1 AND name = ?2", [account, name])?;
    Ok(())
}
