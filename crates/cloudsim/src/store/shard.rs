//! A Logstore read shard by shard, in the order of arrival.
//!
//! A position is the id of the next log to read; so positions of one Logstore only grow. Among the shards that are open
//! where it lies, a log belongs to the one that its id leaves as a remainder, so it is in exactly one.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::layout::Stretch;
use super::logstore::Logstore;

/// A log as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredLog {
    pub(crate) id: i64,
    /// Epoch seconds.
    pub(crate) time: i64,
    /// When it arrived, epoch seconds.
    pub(crate) received: i64,
    pub(crate) topic: String,
    pub(crate) source: String,
    /// JSON object.
    pub(crate) contents: String,
    /// JSON object.
    pub(crate) tags: String,
    /// JSON object of what only a pull shows.
    pub(crate) beyond: Option<String>,
}

impl StoredLog {
    /// Reads a row of `id, time, received, topic, source, contents, tags, beyond`.
    pub(crate) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            time: row.get(1)?,
            received: row.get(2)?,
            topic: row.get(3)?,
            source: row.get(4)?,
            contents: row.get(5)?,
            tags: row.get(6)?,
            beyond: row.get(7)?,
        })
    }
}

/// The position of the oldest log, and the one behind the newest, also when that has expired.
pub(crate) fn extent(conn: &Connection, logstore: &Logstore) -> rusqlite::Result<(i64, i64)> {
    // One at a time each is a look at one end of the index; together they would be a scan.
    let position = |sql: &str| -> rusqlite::Result<Option<i64>> {
        conn.prepare_cached(sql)?.query_row([logstore.id], |row| row.get(0))
    };
    let first = position("SELECT min(id) FROM log WHERE logstore_id = ?1")?;
    let end = position("SELECT max(id) + 1 FROM log WHERE logstore_id = ?1")?;
    let end = end.unwrap_or_default().max(logstore.log_end);
    Ok((first.unwrap_or(end), end))
}

/// The position of the first log that arrived at a time or later.
pub(crate) fn arrived_since(
    conn: &Connection,
    logstore: &Logstore,
    time: i64,
) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT min(id) FROM log WHERE logstore_id = ?1 AND received >= ?2")?
        .query_row([logstore.id, time], |row| row.get(0))
}

/// When the log at a position arrived, or the next one after it.
pub(crate) fn arrival(
    conn: &Connection,
    logstore: &Logstore,
    position: i64,
) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT received FROM log WHERE logstore_id = ?1 AND id >= ?2 ORDER BY id LIMIT 1")?
        .query_row([logstore.id, position], |row| row.get(0))
        .optional()
}

/// Shows the logs of some stretches, until `take` has enough of them.
pub(crate) fn read(
    conn: &Connection,
    logstore: &Logstore,
    stretches: &[Stretch],
    mut take: impl FnMut(StoredLog) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT id, time, received, topic, source, contents, tags, beyond FROM log
         WHERE logstore_id = ?1 AND id >= ?2 AND id < ?3 AND id % ?4 = ?5 ORDER BY id",
    )?;
    for Stretch { positions, shards, rest } in stretches {
        let mut rows = statement.query(params![logstore.id, positions.start, positions.end, shards, rest])?;
        while let Some(row) = rows.next()? {
            if !take(StoredLog::of(row)?) {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::store::tests::memory;

    #[test]
    fn ends_of_a_logstore_are_found_without_a_scan() {
        let conn = memory();
        for edge in ["min(id)", "max(id) + 1"] {
            let sql = format!("EXPLAIN QUERY PLAN SELECT {edge} FROM log WHERE logstore_id = ?1");
            let plan: String = conn.query_row(&sql, [1], |row| row.get(3)).unwrap();
            assert!(plan.starts_with("SEARCH") && plan.contains("log_by_arrival"), "{plan}");
        }
    }
}
