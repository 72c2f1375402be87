//! Reading a Logstore shard by shard (cloud-api §6.6).
//!
//! A cursor is the base64 of a decimal position, as the official Python client takes it to be. What a pull
//! answers is protobuf or JSON by `Accept`: official clients read only the one they ask for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::{Value, json};

use super::fields::{self, Beyond};
use super::sls_logs::packed;
use super::sls_logstore::existing;
use super::sls_project::invalid;
use super::wire::{Log, LogGroup, LogGroupList, Packing, Pair};
use super::{Call, Operation};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::layout::{self, Shard};
use crate::store::logstore::Logstore;
use crate::store::shard::{self, StoredLog};

/// GET `/logstores/{logstore}/shards/{shard}?type=cursor`.
pub(crate) const CURSOR: Operation =
    Operation::read(Service::Sls, "GetCursor", Some("log:GetCursorOrData"), cursor);
/// GET `/logstores/{logstore}/shards/{shard}?type=cursor_time`.
pub(crate) const CURSOR_TIME: Operation =
    Operation::read(Service::Sls, "GetCursorTime", Some("log:GetCursorOrData"), cursor_time);
/// GET `/logstores/{logstore}/shards/{shard}?type=log`.
pub(crate) const PULL: Operation =
    Operation::read(Service::Sls, "PullLogs", Some("log:GetCursorOrData"), pull);

/// Groups of one pull (cloud-api §6.6).
const GROUPS_MAX: usize = 1000;
/// Logs of one group, as when they are written.
const LOGS_MAX: usize = 4096;
/// Contents after which a pull ends, bytes.
const CONTENTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The Logstore and the shard of the path.
pub(crate) fn place(call: &Call<'_>) -> Result<(Logstore, Shard), Refusal> {
    let (_, logstore) = existing(call)?;
    let name = call.place.name.as_deref().unwrap_or_default();
    let number = name.parse::<i64>().ok();
    let found = layout::all(call.conn, &logstore)?.into_iter().find(|shard| Some(shard.number) == number);
    let missing = || Refusal::new(400, "ShardNotExist", format!("shard {name} does not exist"));
    Ok((logstore, found.ok_or_else(missing)?))
}

/// The position of the oldest log that a shard may hold, and the one behind the newest.
fn bounds(call: &Call<'_>, logstore: &Logstore, shard: &Shard) -> Result<(i64, i64), Refusal> {
    let (begin, end) = shard::extent(call.conn, logstore)?;
    let end = shard.closed.map_or(end, |closed| closed.min(end));
    Ok((begin.max(shard.opened).min(end), end))
}

/// A position as text.
fn encoded(position: i64) -> String {
    STANDARD.encode(position.to_string())
}

/// The position of a cursor; it must not lie behind the end.
fn position(text: &str, end: i64) -> Result<i64, Refusal> {
    let bytes = STANDARD.decode(text).ok();
    let number =
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse::<i64>().ok());
    let wrong = || Refusal::new(400, "InvalidCursor", format!("cursor {text} is invalid"));
    number.filter(|number| (0..=end).contains(number)).ok_or_else(wrong)
}

fn cursor(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, shard) = place(call)?;
    let (begin, end) = bounds(call, &logstore, &shard)?;
    let position = match call.optional("from") {
        Some("begin") => begin,
        Some("end") => end,
        Some(text) => {
            let time = text.parse().map_err(|_| invalid("from must be begin, end or epoch seconds."))?;
            shard::arrived_since(call.conn, &logstore, time)?.map_or(end, |since| since.clamp(begin, end))
        }
        None => return Err(Refusal::new(400, "MissingParameter", "Missing parameter : from.")),
    };
    Ok(Answer::json(json!({"cursor": encoded(position)})))
}

fn cursor_time(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, _) = place(call)?;
    let (_, end) = shard::extent(call.conn, &logstore)?;
    let position = position(call.optional("cursor").unwrap_or_default(), end)?;
    let time = shard::arrival(call.conn, &logstore, position)?.unwrap_or(call.now);
    Ok(Answer::json(json!({"cursor_time": time})))
}

fn pull(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, shard) = place(call)?;
    let (_, end) = shard::extent(call.conn, &logstore)?;
    if call.optional("query").is_some() {
        return Err(invalid("query while pulling is not emulated."));
    }
    let count = call.optional("count").map_or(Ok(GROUPS_MAX), str::parse).ok();
    let count = count.filter(|count| (1..=GROUPS_MAX).contains(count));
    let count = count.ok_or_else(|| invalid(format!("count must be from 1 to {GROUPS_MAX}.")))?;
    let start = position(call.optional("cursor").unwrap_or_default(), end)?;
    let stop = call.optional("end_cursor").map_or(Ok(end), |text| position(text, end))?;
    let stop = stop.min(bounds(call, &logstore, &shard)?.1);
    let mut batch =
        Batch { groups: Vec::new(), key: None, bytes: 0, next: stop.max(start), last: None, count };
    let stretches = layout::stretches(&layout::all(call.conn, &logstore)?, shard.number, start..stop);
    shard::read(call.conn, &logstore, &stretches, |log| batch.take(log))?;
    answer(call, &batch)
}

/// What one pull has gathered.
struct Batch {
    groups: Vec<LogGroup>,
    /// What the logs of the last group have in common.
    key: Option<Common>,
    bytes: usize,
    /// Where to go on.
    next: i64,
    /// Where the last of its logs is.
    last: Option<i64>,
    count: usize,
}

/// What the logs of a group have in common.
#[derive(PartialEq)]
struct Common {
    received: i64,
    topic: String,
    source: String,
    tags: String,
    category: Option<String>,
    machine_uuid: Option<String>,
}

impl Common {
    /// A group without logs yet.
    fn group(&self) -> LogGroup {
        LogGroup {
            logs: Vec::new(),
            category: self.category.clone(),
            topic: Some(self.topic.clone()),
            source: Some(self.source.clone()),
            machine_uuid: self.machine_uuid.clone(),
            tags: fields::pairs(&self.tags),
        }
    }
}

impl Batch {
    /// Takes a log in; false when there is no more room for it.
    fn take(&mut self, log: StoredLog) -> bool {
        let Beyond { time_ns, category, machine_uuid, pairs } = Beyond::read(log.beyond.as_deref());
        let (received, topic, source, tags) = (log.received, log.topic, log.source, log.tags);
        let key = Common { received, topic, source, tags, category, machine_uuid };
        let fits = self.key.as_ref() == Some(&key)
            && self.groups.last().is_some_and(|group| group.logs.len() < LOGS_MAX);
        self.bytes += log.contents.len();
        let first = self.groups.is_empty();
        if (!fits && self.groups.len() == self.count) || (!first && self.bytes > CONTENTS_BYTES_MAX) {
            self.next = log.id;
            return false;
        }
        if !fits {
            self.groups.push(key.group());
            self.key = Some(key);
        }
        let contents = match pairs {
            Some(pairs) => pairs.into_iter().map(|(key, value)| fields::pair(key, value)).collect(),
            None => fields::pairs(&log.contents),
        };
        let entry = Log { time: u32::try_from(log.time).ok(), contents, time_ns };
        self.last = Some(log.id);
        if let Some(group) = self.groups.last_mut() {
            group.logs.push(entry);
        }
        true
    }
}

fn answer(call: &Call<'_>, batch: &Batch) -> Result<Answer, Refusal> {
    let asked = |name: &str| call.request.header(name).unwrap_or_default();
    let packing = Packing::accepted(asked("accept-encoding"));
    let mut headers =
        vec![("x-log-cursor", encoded(batch.next)), ("x-log-count", batch.groups.len().to_string())];
    headers.extend(batch.last.map(|last| ("x-log-read-last-cursor", encoded(last))));
    if asked("accept").contains("json") {
        let groups: Vec<Value> = batch.groups.iter().map(shown).collect();
        let body = json!({"logGroupList": groups}).to_string();
        return packed(packing, headers, "application/json", body.into_bytes());
    }
    let raw = LogGroupList { groups: batch.groups.clone() }.encode_to_vec();
    // An empty list has no bytes, and no bytes cannot be unpacked.
    let packing = if raw.is_empty() { Packing::Plain } else { packing };
    packed(packing, headers, "application/x-protobuf", raw)
}

/// A group as JSON.
fn shown(group: &LogGroup) -> Value {
    let fields = |pairs: &[Pair]| -> Vec<Value> {
        pairs.iter().map(|pair| json!({"Key": pair.key, "Value": pair.value})).collect()
    };
    let log = |log: &Log| {
        let mut shown = json!({"Time": log.time, "Contents": fields(&log.contents)});
        if let Some(time_ns) = log.time_ns {
            shown["TimeNs"] = json!(time_ns);
        }
        shown
    };
    let logs: Vec<Value> = group.logs.iter().map(log).collect();
    json!({"Topic": group.topic, "Source": group.source, "LogItems": logs, "LogTags": fields(&group.tags)})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(id: i64, topic: &str, bytes: usize) -> StoredLog {
        let contents = json!({"k": "v".repeat(bytes)}).to_string();
        let (source, tags) = (String::new(), "{}".to_owned());
        StoredLog { id, time: 1, received: 1, topic: topic.to_owned(), source, contents, tags, beyond: None }
    }

    fn batch(count: usize) -> Batch {
        Batch { groups: Vec::new(), key: None, bytes: 0, next: 100, last: None, count }
    }

    #[test]
    fn cursors_are_read_back() {
        assert_eq!(position(&encoded(42), 42).unwrap(), 42);
        for wrong in ["", "nonsense", "NDI", &encoded(43), &encoded(-1)] {
            assert_eq!(position(wrong, 42).unwrap_err().code, "InvalidCursor", "{wrong}");
        }
    }

    #[test]
    fn logs_of_one_kind_share_a_group() {
        let mut batch = batch(2);
        assert!(batch.take(log(1, "a", 1)) && batch.take(log(2, "a", 1)) && batch.take(log(3, "b", 1)));
        assert_eq!(batch.groups.iter().map(|group| group.logs.len()).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn pull_goes_on_where_it_ended() {
        let mut batch = batch(1);
        assert!(batch.take(log(1, "a", 1)));
        assert!(!batch.take(log(5, "b", 1)));
        assert_eq!(batch.next, 5);
    }

    #[test]
    fn pull_ends_when_it_is_large_but_is_never_empty() {
        let mut batch = batch(9);
        assert!(batch.take(log(1, "a", CONTENTS_BYTES_MAX + 1)));
        assert!(!batch.take(log(2, "a", 1)));
        assert_eq!(batch.next, 2);
    }
}
