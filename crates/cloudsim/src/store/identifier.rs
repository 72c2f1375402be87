//! Numbers for what is made: keys, roles, users.
//!
//! They look random and follow from the seed, from what they are for and from how many calls the journal holds, so
//! the same requests on the same seed make the same things. They are no secret to who knows the seed.

use ring::digest::{SHA256, digest};
use rusqlite::Connection;

use super::setting;

/// The number of a thing that is made by this call.
pub(crate) fn number(conn: &Connection, purpose: &str, name: &str) -> rusqlite::Result<u128> {
    let bytes = bytes(conn, purpose, name)?;
    Ok(bytes.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte)))
}

/// 32 hexadecimal digits for it.
pub(crate) fn hex(conn: &Connection, purpose: &str, name: &str) -> rusqlite::Result<String> {
    Ok(format!("{:032x}", number(conn, purpose, name)?))
}

fn bytes(conn: &Connection, purpose: &str, name: &str) -> rusqlite::Result<Vec<u8>> {
    let seed = setting::get(conn, setting::SEED)?.unwrap_or_default();
    let sequence: i64 =
        conn.query_row("SELECT coalesce(max(sequence), 0) FROM journal", [], |row| row.get(0))?;
    let told = format!("{seed}\n{purpose}\n{name}\n{sequence}");
    Ok(digest(&SHA256, told.as_bytes()).as_ref().to_vec())
}
