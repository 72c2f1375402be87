//! Platform events that happen by themselves, so many an hour.
//!
//! Nothing runs in the background: whoever looks makes happen what is due by the emulator's clock. Each event has its
//! own part of the hour, so what happens depends on the rate and when it was set, never on when somebody looked. A clock
//! that is set far ahead makes very many due: those past the retention of where they would go are only counted, and so
//! are all but the newest [`EVENTS_MAX`]. The rest is made in portions, so that no transaction is long.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::delivery;
use crate::events;
use crate::reply::Refusal;
use crate::store::{account, setting};

/// Name of the rates by account, JSON.
const RATES: &str = "ongoing-events";
/// Events made in one go, so that memory stays bounded.
const PORTION: u64 = 5_000;
const HOUR_SECS: u64 = 3_600;
/// Events that happen to one account when much is due.
const EVENTS_MAX: u64 = 1_000_000;

/// How often events happen to one account.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Rate {
    per_hour: u32,
    /// Epoch seconds.
    since: i64,
    /// Events that have happened since.
    made: u64,
}

impl Rate {
    /// Events that should have happened by now.
    fn due(self, now: i64) -> u64 {
        let elapsed = u64::try_from(now.saturating_sub(self.since)).unwrap_or_default();
        elapsed.saturating_mul(u64::from(self.per_hour)) / HOUR_SECS
    }

    /// Where the part of the hour begins that event `number` has, epoch seconds.
    fn start_of(self, number: u64) -> i64 {
        self.since.saturating_add_unsigned(number * HOUR_SECS / u64::from(self.per_hour.max(1)))
    }

    /// The first event that is to be made, of those that are due and none of which is kept when older than `expiry`.
    fn first(self, due: u64, expiry: Option<i64>) -> u64 {
        let expired = expiry.map_or(0, |expiry| self.due(expiry));
        self.made.max(expired).max(due.saturating_sub(EVENTS_MAX)).min(due)
    }
}

fn rates(conn: &Connection) -> Result<BTreeMap<String, Rate>, Refusal> {
    let text = setting::get(conn, RATES)?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default())
}

fn put(conn: &Connection, rates: &BTreeMap<String, Rate>) -> Result<(), Refusal> {
    setting::put(conn, RATES, &serde_json::to_string(rates)?)?;
    Ok(())
}

/// From `now` on, this many events an hour happen to the account; zero ends it.
pub(crate) fn set(conn: &Connection, account: &str, per_hour: u32, now: i64) -> Result<(), Refusal> {
    while happen(conn, now)? {}
    let mut rates = rates(conn)?;
    if per_hour == 0 {
        rates.remove(account);
    } else {
        rates.insert(account.to_owned(), Rate { per_hour, since: now, made: 0 });
    }
    put(conn, &rates)
}

/// Events an hour that happen to the account.
pub(crate) fn per_hour(conn: &Connection, account: &str) -> Result<u32, Refusal> {
    Ok(rates(conn)?.get(account).map_or(0, |rate| rate.per_hour))
}

/// Makes happen and delivers a portion of what is due by `now`; true when that was not all.
pub(crate) fn catch_up(conn: &Connection, now: i64) -> Result<bool, Refusal> {
    let more = happen(conn, now)?;
    Ok(delivery::release(conn, now)? || more)
}

/// Makes a portion of each account's events happen; true when more are due.
fn happen(conn: &Connection, now: i64) -> Result<bool, Refusal> {
    let mut rates = rates(conn)?;
    let (mut changed, mut more) = (false, false);
    for (account, rate) in &mut rates {
        let due = rate.due(now);
        if rate.made < due {
            skip(conn, account, rate, due, now)?;
            let portion = PORTION.min(due - rate.made);
            make(conn, account, *rate, portion, now)?;
            rate.made += portion;
            (changed, more) = (true, more || rate.made < due);
        }
    }
    if changed {
        put(conn, &rates)?;
    }
    Ok(more)
}

/// Counts the events that nobody will see as if they had been made.
fn skip(conn: &Connection, account: &str, rate: &mut Rate, due: u64, now: i64) -> Result<(), Refusal> {
    let first = rate.first(due, delivery::expiry(conn, account, now)?);
    account::count_generated(conn, account, first - rate.made)?;
    rate.made = first;
    Ok(())
}

/// Makes the next events of an account and sends them on their way.
fn make(conn: &Connection, account: &str, rate: Rate, count: u64, now: i64) -> Result<(), Refusal> {
    let Some(found) = account::find(conn, account)? else { return Ok(()) };
    let seed = setting::number::<u64>(conn, setting::SEED)?.unwrap_or_default();
    let numbers = rate.made..rate.made + count;
    let events: Vec<_> = numbers
        .zip(found.events_generated..)
        .flat_map(|(slot, number)| {
            events::generate(seed, number, 1, account, rate.start_of(slot), rate.start_of(slot + 1))
        })
        .collect();
    delivery::deliver(conn, account, &events, now)?;
    account::count_generated(conn, account, count)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_hour: 60, since: 1_000_000, made: 5 };

    #[test]
    fn next_event_is_made_when_little_is_due() {
        assert_eq!(RATE.first(10, None), 5);
        assert_eq!(RATE.first(10, Some(0)), 5);
    }

    #[test]
    fn events_past_their_retention_are_skipped() {
        assert_eq!(RATE.first(500, Some(1_000_000 + 100 * 60)), 100);
        assert_eq!(RATE.first(500, Some(9_000_000)), 500);
    }

    #[test]
    fn only_the_newest_of_very_many_are_made() {
        assert_eq!(RATE.first(3 * EVENTS_MAX, None), 2 * EVENTS_MAX);
    }
}
