//! The shards of a Logstore: which part of the hash keys each has, and which logs.
//!
//! A Logstore that was never changed has as many shards as it was made with, and no rows here. A split or a merge
//! closes shards and opens others at a position; a log belongs to one of the shards that were open where it lies, and
//! stays there.

use std::ops::Range;

use rusqlite::{Connection, params};

use super::logstore::Logstore;

/// The last hash key; the last shard ends behind it.
const KEY_MAX: u128 = u128::MAX;

/// One shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) number: i64,
    /// First hash key.
    pub(crate) begin: u128,
    /// The key behind the last; of the last shard the last key itself.
    pub(crate) end: u128,
    /// Epoch seconds.
    pub(crate) created: i64,
    /// Position of the first log that it can hold.
    pub(crate) opened: i64,
    /// Position behind the last, once it takes no more.
    pub(crate) closed: Option<i64>,
}

impl Shard {
    /// Whether it has the last of all keys.
    pub(crate) fn is_last(&self) -> bool {
        self.end == KEY_MAX
    }

    fn is_open_at(&self, position: i64) -> bool {
        self.opened <= position && self.closed.is_none_or(|closed| position < closed)
    }
}

/// A stretch of positions, and how the logs in it are told apart: those whose position leaves the rest are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) positions: Range<i64>,
    pub(crate) shards: i64,
    pub(crate) rest: i64,
}

/// Every shard of a Logstore, by number.
pub(crate) fn all(conn: &Connection, logstore: &Logstore) -> rusqlite::Result<Vec<Shard>> {
    let kept: Vec<Shard> = conn
        .prepare_cached(
            "SELECT number, first_key, end_key, created, opened, closed FROM shard WHERE logstore_id = ?1 ORDER BY number",
        )?
        .query_map([logstore.id], |row| {
            let key = |index| -> rusqlite::Result<u128> {
                Ok(u128::from_str_radix(&row.get::<_, String>(index)?, 16).unwrap_or_default())
            };
            Ok(Shard {
                number: row.get(0)?,
                begin: key(1)?,
                end: key(2)?,
                created: row.get(3)?,
                opened: row.get(4)?,
                closed: row.get(5)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(if kept.is_empty() { even(logstore.shards.max(1), logstore.created) } else { kept })
}

/// The shards of a Logstore that was never changed.
fn even(count: i64, created: i64) -> Vec<Shard> {
    let width = KEY_MAX / u128::from(count.unsigned_abs());
    let edge = |number: i64| width.saturating_mul(u128::from(number.unsigned_abs()));
    let shard = |number| {
        let end = if number + 1 == count { KEY_MAX } else { edge(number + 1) };
        Shard { number, begin: edge(number), end, created, opened: 0, closed: None }
    };
    (0..count).map(shard).collect()
}

/// Keeps every shard of a Logstore.
pub(crate) fn put(conn: &Connection, logstore: &Logstore, shards: &[Shard]) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO shard (logstore_id, number, first_key, end_key, created, opened, closed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET closed = excluded.closed WHERE closed IS NOT excluded.closed",
    )?;
    for shard in shards {
        let (begin, end) = (hex(shard.begin), hex(shard.end));
        insert.execute(params![
            logstore.id,
            shard.number,
            begin,
            end,
            shard.created,
            shard.opened,
            shard.closed
        ])?;
    }
    Ok(())
}

/// A hash key as it is written.
pub(crate) fn hex(key: u128) -> String {
    format!("{key:032x}")
}

/// Where the logs of a shard lie within a range of positions.
pub(crate) fn stretches(shards: &[Shard], number: i64, range: Range<i64>) -> Vec<Stretch> {
    let mut edges: Vec<i64> =
        shards.iter().flat_map(|shard| [Some(shard.opened), shard.closed]).flatten().collect();
    edges.extend([range.start, range.end]);
    edges.sort_unstable();
    edges.dedup();
    edges.retain(|edge| range.start <= *edge && *edge <= range.end);
    edges.windows(2).filter_map(|pair| stretch(shards, number, pair[0]..pair[1])).collect()
}

/// The stretch of a shard where no other opens or closes; `None` where it was not open itself.
fn stretch(shards: &[Shard], number: i64, positions: Range<i64>) -> Option<Stretch> {
    let open: Vec<i64> =
        shards.iter().filter(|shard| shard.is_open_at(positions.start)).map(|shard| shard.number).collect();
    let rest = open.iter().position(|open| *open == number)?;
    Some(Stretch {
        positions,
        shards: i64::try_from(open.len()).unwrap_or(i64::MAX),
        rest: i64::try_from(rest).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two shards, of which the first was split at position 10.
    fn split() -> Vec<Shard> {
        let mut shards = even(2, 1);
        shards[0].closed = Some(10);
        for number in [2, 3] {
            shards.push(Shard { number, opened: 10, ..shards[0].clone() });
            shards[usize::try_from(number).unwrap()].closed = None;
        }
        shards
    }

    #[test]
    fn shards_of_a_new_logstore_share_all_keys() {
        let shards = even(3, 1);
        assert!(shards[0].begin == 0 && shards[2].is_last());
        assert!(shards.windows(2).all(|pair| pair[0].end == pair[1].begin));
    }

    #[test]
    fn every_position_is_in_one_shard() {
        let shards = split();
        for position in 0..40 {
            let holders = shards.iter().filter(|shard| {
                let found = stretches(&shards, shard.number, 0..40);
                found.iter().any(|stretch| {
                    stretch.positions.contains(&position) && position % stretch.shards == stretch.rest
                })
            });
            assert_eq!(holders.count(), 1, "{position}");
        }
    }

    #[test]
    fn closed_shard_holds_nothing_later() {
        let expected = Stretch { positions: 5..10, shards: 2, rest: 0 };
        assert_eq!(stretches(&split(), 0, 5..40), [expected]);
    }
}
