//! Accounts, RAM users and access keys.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::parsed::Parsed;

use super::{identifier, setting};

/// One Alibaba Cloud account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    /// Whether inner-ActionTrail was granted (by ticket).
    pub(crate) granted: bool,
    /// Whether a Log Service bill is overdue.
    pub(crate) overdue: bool,
    /// Whether Log Service was activated.
    pub(crate) sls_open: bool,
    pub(crate) events_generated: u64,
}

/// What may be switched on an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Flag {
    Granted,
    Overdue,
    SlsOpen,
}

/// A RAM user of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) id: String,
    /// RAM actions it may call, with wildcards.
    pub(crate) permissions: Vec<String>,
}

/// An access key with its owner. `Debug` hides the secret.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) account: String,
    pub(crate) user: Option<String>,
    pub(crate) active: bool,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("account", &self.account).finish_non_exhaustive()
    }
}

/// Makes an account: feature granted, bills paid, Log Service active. Does nothing if it exists.
pub(crate) fn create(conn: &Connection, id: &str) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT OR IGNORE INTO account (id, granted, overdue, sls_open) VALUES (?1, 1, 0, 1)",
        [id],
    )?;
    Ok(())
}

pub(crate) fn find(conn: &Connection, id: &str) -> rusqlite::Result<Option<Account>> {
    conn.prepare_cached("SELECT id, granted, overdue, sls_open, events_generated FROM account WHERE id = ?1")?
        .query_row([id], account_of)
        .optional()
}

pub(crate) fn list(conn: &Connection) -> rusqlite::Result<Vec<Account>> {
    conn.prepare_cached("SELECT id, granted, overdue, sls_open, events_generated FROM account ORDER BY id")?
        .query_map([], account_of)?
        .collect()
}

fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get(0)?,
        granted: row.get(1)?,
        overdue: row.get(2)?,
        sls_open: row.get(3)?,
        events_generated: row.get::<_, i64>(4)?.unsigned_abs(),
    })
}

pub(crate) fn set_flag(conn: &Connection, id: &str, flag: Flag, value: bool) -> rusqlite::Result<()> {
    let sql = match flag {
        Flag::Granted => "UPDATE account SET granted = ?2 WHERE id = ?1 AND granted IS NOT ?2",
        Flag::Overdue => "UPDATE account SET overdue = ?2 WHERE id = ?1 AND overdue IS NOT ?2",
        Flag::SlsOpen => "UPDATE account SET sls_open = ?2 WHERE id = ?1 AND sls_open IS NOT ?2",
    };
    conn.execute_cached(sql, params![id, value])?;
    Ok(())
}

/// Counts events as generated; the next ones get the following numbers.
pub(crate) fn count_generated(conn: &Connection, id: &str, count: u64) -> rusqlite::Result<()> {
    conn.execute_cached(
        "UPDATE account SET events_generated = events_generated + ?2 WHERE id = ?1 AND ?2 > 0",
        params![id, i64::try_from(count).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// Makes a RAM user; does nothing if it exists.
pub(crate) fn create_user(
    conn: &Connection,
    account: &str,
    name: &str,
    permissions: &[String],
) -> rusqlite::Result<bool> {
    let id = format!(
        "2{:017}",
        identifier::number(conn, "user", &format!("{account}/{name}"))? % 100_000_000_000_000_000
    );
    let made = conn.execute_cached(
        "INSERT OR IGNORE INTO ram_user (account, name, user_id, permissions) VALUES (?1, ?2, ?3, ?4)",
        params![account, name, id, text_of(permissions)],
    )?;
    Ok(made > 0)
}

/// Replaces what a RAM user may do; false when there is no such user.
pub(crate) fn set_permissions(
    conn: &Connection,
    account: &str,
    name: &str,
    permissions: &[String],
) -> rusqlite::Result<bool> {
    conn.execute_cached(
        "UPDATE ram_user SET permissions = ?3 WHERE account = ?1 AND name = ?2 AND permissions IS NOT ?3",
        params![account, name, text_of(permissions)],
    )?;
    Ok(find_user(conn, account, name)?.is_some())
}

pub(crate) fn find_user(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<Option<User>> {
    conn.prepare_cached("SELECT name, user_id, permissions FROM ram_user WHERE account = ?1 AND name = ?2")?
        .query_row([account, name], user_of)
        .optional()
}

pub(crate) fn list_users(conn: &Connection, account: &str) -> rusqlite::Result<Vec<User>> {
    conn.prepare_cached("SELECT name, user_id, permissions FROM ram_user WHERE account = ?1 ORDER BY name")?
        .query_map([account], user_of)?
        .collect()
}

fn user_of(row: &Row<'_>) -> rusqlite::Result<User> {
    let permissions: String = row.get(2)?;
    Ok(User {
        name: row.get(0)?,
        id: row.get(1)?,
        permissions: serde_json::from_str(&permissions).unwrap_or_default(),
    })
}

fn text_of(permissions: &[String]) -> String {
    serde_json::Value::from(permissions).to_string()
}

/// Makes an access key for a user, or for the main account.
pub(crate) fn create_key(conn: &Connection, account: &str, user: Option<&str>) -> rusqlite::Result<Key> {
    let owner = format!("{account}/{}", user.unwrap_or_default());
    let key = Key {
        id: format!("LTAI5t{}", &identifier::hex(conn, "key", &owner)?[..18]),
        secret: identifier::hex(conn, "secret", &owner)?[..30].to_owned(),
        account: account.to_owned(),
        user: user.map(str::to_owned),
        active: true,
    };
    conn.execute_cached(
        "INSERT INTO access_key (id, secret, account, user, active) VALUES (?1, ?2, ?3, ?4, 1)",
        params![key.id, key.secret, key.account, key.user],
    )?;
    Ok(key)
}

pub(crate) fn find_key(conn: &Connection, id: &str) -> rusqlite::Result<Option<Key>> {
    conn.prepare_cached("SELECT id, secret, account, user, active FROM access_key WHERE id = ?1")?
        .query_row([id], key_of)
        .optional()
}

/// Keys of a user, or of the main account.
pub(crate) fn list_keys(conn: &Connection, account: &str, user: Option<&str>) -> rusqlite::Result<Vec<Key>> {
    conn.prepare_cached(
        "SELECT id, secret, account, user, active FROM access_key WHERE account = ?1 AND user IS ?2 ORDER BY id",
    )?
    .query_map(params![account, user], key_of)?
    .collect()
}

fn key_of(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: row.get(0)?,
        secret: row.get(1)?,
        account: row.get(2)?,
        user: row.get(3)?,
        active: row.get(4)?,
    })
}

/// Switches a key on or off; false when there is no such key.
pub(crate) fn set_key_active(conn: &Connection, id: &str, active: bool) -> rusqlite::Result<bool> {
    conn.execute_cached(
        "UPDATE access_key SET active = ?2 WHERE id = ?1 AND active IS NOT ?2",
        params![id, active],
    )?;
    Ok(find_key(conn, id)?.is_some())
}

/// Removes a RAM user.
pub(crate) fn delete_user(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<()> {
    conn.execute_cached("DELETE FROM ram_user WHERE account = ?1 AND name = ?2", [account, name])?;
    Ok(())
}

/// Removes a key of a user; false when the user has no such key.
pub(crate) fn delete_key(conn: &Connection, account: &str, user: &str, id: &str) -> rusqlite::Result<bool> {
    let gone = conn.execute_cached(
        "DELETE FROM access_key WHERE account = ?1 AND user = ?2 AND id = ?3",
        [account, user, id],
    )?;
    Ok(gone > 0)
}

/// The key printed at start: made once, the same ever after.
pub(crate) fn main_key(conn: &Connection, account: &str) -> rusqlite::Result<Key> {
    if let Some(id) = setting::get(conn, setting::MAIN_KEY)?
        && let Some(key) = find_key(conn, &id)?
    {
        return Ok(key);
    }
    let key = create_key(conn, account, None)?;
    setting::put(conn, setting::MAIN_KEY, &key.id)?;
    Ok(key)
}

/// Takes note of a nonce; false when this key used it before and its time stamp could still be good.
///
/// Every RPC call adds one at a place of its own, so what is kept is small: a hash of 64 bits. One call in many drops
/// what is too old.
pub(crate) fn use_nonce(conn: &Connection, key_id: &str, nonce: &str, now: i64) -> rusqlite::Result<bool> {
    let mut hasher = DefaultHasher::new();
    (key_id, nonce).hash(&mut hasher);
    let hash = hasher.finish().cast_signed();
    let over = now - NONCE_KEPT_SECS;
    if hash % NONCES_PER_CLEARING == 0 {
        conn.execute_cached("DELETE FROM used_nonce WHERE time < ?1", [over])?;
    }
    let fresh = conn.execute_cached(
        "INSERT INTO used_nonce (hash, time) VALUES (?1, ?2)
         ON CONFLICT (hash) DO UPDATE SET time = excluded.time WHERE time < ?3",
        [hash, now, over],
    )?;
    Ok(fresh > 0)
}

/// Calls from one clearing of old nonces to the next, on average.
const NONCES_PER_CLEARING: i64 = 4_096;
/// Twice the skew a time stamp may have, so a nonce outlives every time stamp it could come with.
const NONCE_KEPT_SECS: i64 = 2 * 15 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::memory;

    #[test]
    fn a_nonce_is_good_once_until_no_time_stamp_of_then_could_be() {
        let conn = memory();
        let used = |key: &str, now: i64| use_nonce(&conn, key, "nonce", now).unwrap();
        assert_eq!([used("a", 0), used("b", 0), used("a", NONCE_KEPT_SECS)], [true, true, false]);
        assert_eq!([used("a", NONCE_KEPT_SECS + 1), used("a", NONCE_KEPT_SECS + 1)], [true, false]);
    }
}
