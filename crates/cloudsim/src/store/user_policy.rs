//! Which policy is attached to which RAM user.

use rusqlite::{Connection, params};

use super::parsed::Parsed;

use super::role::Attached;

/// Attaches a policy; false when it is attached already.
pub(crate) fn attach(
    conn: &Connection,
    account: &str,
    user: &str,
    kind: &str,
    policy: &str,
    now: i64,
) -> rusqlite::Result<bool> {
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO user_policy (account, user, kind, policy, attached) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![account, user, kind, policy, now],
    )?;
    Ok(made > 0)
}

/// Detaches a policy; false when it was not attached.
pub(crate) fn detach(
    conn: &Connection,
    account: &str,
    user: &str,
    kind: &str,
    policy: &str,
) -> rusqlite::Result<bool> {
    let gone = conn.execute_cached(
        "DELETE FROM user_policy WHERE account = ?1 AND user = ?2 AND kind = ?3 AND policy = ?4",
        [account, user, kind, policy],
    )?;
    Ok(gone > 0)
}

pub(crate) fn attached(conn: &Connection, account: &str, user: &str) -> rusqlite::Result<Vec<Attached>> {
    conn.prepare_cached(
        "SELECT kind, policy, attached FROM user_policy WHERE account = ?1 AND user = ?2 ORDER BY kind, policy",
    )?
    .query_map([account, user], |row| Ok(Attached { kind: row.get(0)?, name: row.get(1)?, time: row.get(2)? }))?
    .collect()
}

/// How many users of the account a policy is attached to.
pub(crate) fn attachment_count(
    conn: &Connection,
    account: &str,
    kind: &str,
    policy: &str,
) -> rusqlite::Result<i64> {
    conn.query_row_cached(
        "SELECT count(*) FROM user_policy WHERE account = ?1 AND kind = ?2 AND policy = ?3",
        [account, kind, policy],
        |row| row.get(0),
    )
}
