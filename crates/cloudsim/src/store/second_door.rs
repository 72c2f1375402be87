//! The second door: shipping that was set up in the Log Service console, one setting per account.
//!
//! It has the shape of a trail without a name, and ActionTrail does not list it (cloud-api §1.2).

use rusqlite::Connection;

use super::setting;
use super::trail::Trail;

fn name(account: &str) -> String {
    format!("second-door/{account}")
}

/// The setting of an account.
pub(crate) fn find(conn: &Connection, account: &str) -> rusqlite::Result<Option<Trail>> {
    let text = setting::get(conn, &name(account))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Sets it, replacing what was there.
pub(crate) fn put(conn: &Connection, trail: &Trail) -> rusqlite::Result<()> {
    let text = serde_json::to_string(trail)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    setting::put(conn, &name(&trail.account), &text)
}

/// Removes it; does nothing when there is none.
pub(crate) fn remove(conn: &Connection, account: &str) -> rusqlite::Result<()> {
    setting::remove(conn, &name(account))
}
