//! Shards of a Logstore: listed, split and merged (cloud-api §6.6).
//!
//! Codes and words of what is refused are a guess; only the calls are documented.

use serde_json::{Value, json};

use super::sls_consume::place;
use super::sls_logstore::existing;
use super::sls_project::invalid;
use super::{Call, Operation};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::layout::{self, Shard, hex};
use crate::store::logstore::Logstore;
use crate::store::shard;

/// GET `/logstores/{logstore}/shards`.
pub(crate) const LIST: Operation = Operation::read(Service::Sls, "ListShards", Some("log:ListShards"), list);
/// POST `/logstores/{logstore}/shards/{shard}?action=split`.
pub(crate) const SPLIT: Operation = Operation::write(Service::Sls, "SplitShard", "log:SplitShard", split);
/// POST `/logstores/{logstore}/shards/{shard}?action=merge`.
pub(crate) const MERGE: Operation = Operation::write(Service::Sls, "MergeShards", "log:MergeShards", merge);

/// Shards a Logstore may have had, those that are closed among them: the documented limit of automatic splits.
const SHARDS_MAX: usize = 256;

fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    Ok(answer(&layout::all(call.conn, &logstore)?))
}

fn answer(shards: &[Shard]) -> Answer {
    Answer::json(shards.iter().map(shown).collect())
}

fn shown(shard: &Shard) -> Value {
    json!({
        "shardID": shard.number,
        "status": if shard.closed.is_none() { "readwrite" } else { "readonly" },
        "inclusiveBeginKey": hex(shard.begin),
        "exclusiveEndKey": hex(shard.end),
        "createTime": shard.created,
    })
}

/// Closes a shard and opens two, that part its keys at a key, or in the middle.
fn split(call: &Call<'_>) -> Result<Answer, Refusal> {
    if call.optional("shardCount").is_some_and(|count| count != "2") {
        return Err(invalid("shardCount must be 2."));
    }
    let mut change = Change::of(call)?;
    let old = change.close(change.number)?;
    let key = match call.optional("key") {
        Some(text) => u128::from_str_radix(text, 16).ok(),
        None => Some(old.begin + (old.end - old.begin) / 2),
    };
    let key = key.filter(|key| old.begin < *key && *key < old.end);
    let key = key.ok_or_else(|| invalid("key must be a hash key within the shard."))?;
    let parts = [change.open(old.begin, key)?, change.open(key, old.end)?];
    change.keep(&[vec![old], parts.to_vec()].concat())
}

/// Closes a shard and the one behind it, and opens one for both.
fn merge(call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut change = Change::of(call)?;
    let first = change.close(change.number)?;
    if first.is_last() {
        return Err(invalid("the last shard cannot be merged."));
    }
    let is_next = |shard: &&Shard| shard.closed.is_none() && shard.begin == first.end;
    let next = change.shards.iter().find(is_next).map(|shard| shard.number);
    let second = change.close(next.ok_or_else(|| invalid("there is no shard to merge with."))?)?;
    let both = change.open(first.begin, second.end)?;
    change.keep(&[first, second, both])
}

/// Shards of a Logstore on their way to others.
struct Change<'a> {
    call: &'a Call<'a>,
    logstore: Logstore,
    /// The shard of the path.
    number: i64,
    shards: Vec<Shard>,
    /// Where the next log will lie.
    position: i64,
}

impl<'a> Change<'a> {
    fn of(call: &'a Call<'a>) -> Result<Self, Refusal> {
        let (logstore, shard) = place(call)?;
        let (_, position) = shard::extent(call.conn, &logstore)?;
        let shards = layout::all(call.conn, &logstore)?;
        Ok(Self { call, logstore, number: shard.number, shards, position })
    }

    fn close(&mut self, number: i64) -> Result<Shard, Refusal> {
        let open = |shard: &&mut Shard| shard.number == number && shard.closed.is_none();
        let found = self.shards.iter_mut().find(open);
        let shard = found.ok_or_else(|| invalid(format!("shard {number} is not readwrite.")))?;
        shard.closed = Some(self.position);
        Ok(shard.clone())
    }

    fn open(&mut self, begin: u128, end: u128) -> Result<Shard, Refusal> {
        if self.shards.len() >= SHARDS_MAX {
            return Err(invalid(format!("a Logstore has at most {SHARDS_MAX} shards.")));
        }
        let number = self.shards.last().map_or(0, |last| last.number + 1);
        let (created, opened) = (self.call.now, self.position);
        let shard = Shard { number, begin, end, created, opened, closed: None };
        self.shards.push(shard.clone());
        Ok(shard)
    }

    /// Keeps all, and answers those that changed.
    fn keep(&self, changed: &[Shard]) -> Result<Answer, Refusal> {
        layout::put(self.call.conn, &self.logstore, &self.shards)?;
        Ok(answer(changed))
    }
}
