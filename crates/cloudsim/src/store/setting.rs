//! Single values: the seed, the clock offset, the secret that session tokens are sealed with.

use rusqlite::{Connection, OptionalExtension};

use super::parsed::Parsed;

use super::identifier;

/// Name of the seed of generated events.
pub(crate) const SEED: &str = "seed";
/// Name of the clock offset, seconds.
pub(crate) const CLOCK_OFFSET_SECS: &str = "clock-offset-secs";
/// Name of the access key printed at start.
pub(crate) const MAIN_KEY: &str = "main-key";

/// Name of the secret that session tokens are sealed with.
const SESSION_SECRET: &str = "session-secret";

/// Name of the role of the instance behind the metadata server.
pub(crate) const INSTANCE_ROLE: &str = "instance-role";
/// Set when that metadata server asks for a token.
pub(crate) const INSTANCE_HARDENED: &str = "instance-hardened";
/// Life of the credentials it hands out, seconds.
pub(crate) const INSTANCE_CREDENTIALS_SECS: &str = "instance-credentials-secs";

/// Name of the quirks, JSON.
pub(crate) const QUIRKS: &str = "quirks";

/// Removes a setting.
pub(crate) fn remove(conn: &Connection, name: &str) -> rusqlite::Result<()> {
    conn.execute_cached("DELETE FROM setting WHERE name = ?1", [name])?;
    Ok(())
}

/// Makes the secret of session tokens if there is none.
pub(crate) fn make_session_secret(conn: &Connection) -> rusqlite::Result<()> {
    if get(conn, SESSION_SECRET)?.is_none() {
        put(conn, SESSION_SECRET, &identifier::hex(conn, "session", "")?)?;
    }
    Ok(())
}

/// The secret that session tokens are sealed with; never to be shown.
pub(crate) fn session_secret(conn: &Connection) -> rusqlite::Result<String> {
    get(conn, SESSION_SECRET)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

pub(crate) fn get(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT value FROM setting WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// A setting that is a number; `None` when absent or unreadable.
pub(crate) fn number<T: std::str::FromStr>(conn: &Connection, name: &str) -> rusqlite::Result<Option<T>> {
    Ok(get(conn, name)?.and_then(|text| text.parse().ok()))
}

pub(crate) fn put(conn: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT INTO setting (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value",
        [name, value],
    )?;
    Ok(())
}
