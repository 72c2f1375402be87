//! OIDC providers that an account trusts to tell who somebody is.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::parsed::Parsed;
use serde_json::Value;

/// A provider.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) issuer: String,
    /// Audiences it accepts.
    pub(crate) client_ids: Vec<String>,
    /// Its public keys, as in a JSON Web Key Set.
    pub(crate) keys: Vec<Value>,
}

/// Sets a provider, replacing one of that name.
pub(crate) fn put(conn: &Connection, account: &str, provider: &Provider) -> rusqlite::Result<()> {
    conn.execute_cached(
        "INSERT INTO oidc_provider (account, name, issuer, client_ids, keys) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET issuer = excluded.issuer, client_ids = excluded.client_ids, keys = excluded.keys
         WHERE issuer IS NOT excluded.issuer OR client_ids IS NOT excluded.client_ids OR keys IS NOT excluded.keys",
        params![
            account,
            provider.name,
            provider.issuer,
            Value::from(provider.client_ids.clone()).to_string(),
            Value::from(provider.keys.clone()).to_string(),
        ],
    )?;
    Ok(())
}

pub(crate) fn find(conn: &Connection, account: &str, name: &str) -> rusqlite::Result<Option<Provider>> {
    conn.query_row_cached(
        "SELECT name, issuer, client_ids, keys FROM oidc_provider WHERE account = ?1 AND name = ?2",
        [account, name],
        provider_of,
    )
    .optional()
}

pub(crate) fn list(conn: &Connection, account: &str) -> rusqlite::Result<Vec<Provider>> {
    conn.prepare_cached(
        "SELECT name, issuer, client_ids, keys FROM oidc_provider WHERE account = ?1 ORDER BY name",
    )?
    .query_map([account], provider_of)?
    .collect()
}

fn provider_of(row: &Row<'_>) -> rusqlite::Result<Provider> {
    let (client_ids, keys): (String, String) = (row.get(2)?, row.get(3)?);
    Ok(Provider {
        name: row.get(0)?,
        issuer: row.get(1)?,
        client_ids: serde_json::from_str(&client_ids).unwrap_or_default(),
        keys: serde_json::from_str(&keys).unwrap_or_default(),
    })
}
