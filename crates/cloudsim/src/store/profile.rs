//! What is known of RAM users and access keys besides what they may do.

use rusqlite::{Connection, OptionalExtension, params};

use super::parsed::Parsed;

/// How a RAM user is described.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) display_name: String,
    pub(crate) comments: String,
    pub(crate) email: String,
    pub(crate) mobile: String,
    /// Epoch seconds.
    pub(crate) created: i64,
}

/// Keeps the description of a user.
pub(crate) fn put(conn: &Connection, account: &str, user: &str, profile: &Profile) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT INTO user_profile (account, user, display_name, comments, email, mobile, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            account,
            user,
            profile.display_name,
            profile.comments,
            profile.email,
            profile.mobile,
            profile.created
        ],
    )?;
    Ok(())
}

/// The description of a user; `None` for one that is older than descriptions.
pub(crate) fn find(conn: &Connection, account: &str, user: &str) -> rusqlite::Result<Option<Profile>> {
    conn.query_row_cached(
        "SELECT display_name, comments, email, mobile, created FROM user_profile WHERE account = ?1 AND user = ?2",
        [account, user],
        |row| {
            Ok(Profile {
                display_name: row.get(0)?,
                comments: row.get(1)?,
                email: row.get(2)?,
                mobile: row.get(3)?,
                created: row.get(4)?,
            })
        },
    )
    .optional()
}

/// Notes when a key was made.
pub(crate) fn date_key(conn: &Connection, id: &str, now: i64) -> rusqlite::Result<()> {
    conn.execute_cached("INSERT INTO key_created (id, created) VALUES (?1, ?2)", params![id, now])?;
    Ok(())
}

/// When a key was made; `None` for one that is older than that note.
pub(crate) fn key_date(conn: &Connection, id: &str) -> rusqlite::Result<Option<i64>> {
    conn.query_row_cached("SELECT created FROM key_created WHERE id = ?1", [id], |row| row.get(0)).optional()
}
