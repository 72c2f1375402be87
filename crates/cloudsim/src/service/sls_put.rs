//! Writing logs (cloud-api §6.5).
//!
//! A body is one log group, as protobuf or as JSON, packed as a whole; or a list of groups, each packed by itself.
//! Nothing of it is stored unless all of it can be.

use prost::Message;

use super::fields::{self, Beyond};
use super::sls_logstore::existing;
use super::sls_project::invalid;
use super::wire::{self, LogGroup, Packing};
use super::{Call, Operation, wire_count, wire_json, wire_packages};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::logstore::{self, Logstore, NewLog};

/// POST `/logstores/{logstore}/shards/lb`.
pub(crate) const PUT: Operation = Operation::write(Service::Sls, "PutLogs", "log:PostLogStoreLogs", put);

/// Logs in one group (cloud-api §6.5).
const LOGS_MAX: usize = 4096;
/// Fields and tags in one group: as many as 64 for each log. Not documented; what is smaller than a field may still be many.
const PAIRS_MAX: usize = 64 * LOGS_MAX;
/// Groups in one list. Not documented.
const GROUPS_MAX: usize = 64;
/// How old a log may be, seconds.
const AGE_SECS_MAX: i64 = 7 * 86_400;
/// How far ahead a log may be, seconds.
const AHEAD_SECS_MAX: i64 = 15 * 60;

fn put(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    if let Some(trail) = &logstore.dedicated {
        // What the real service answers is not documented; that it refuses is (cloud-api §1.2).
        let message = format!("logstore {} accepts only the logs of trail {trail}", logstore.name);
        return Err(crate::auth::sls_unauthorized(message));
    }
    // So the official Java client marks a list of groups (aliyun-log 0.6.151).
    if call.request.header("x-log-mode") == Some("batch_group") {
        store_list(call, &logstore)?;
    } else {
        store(call, &logstore, &group(call)?)?;
    }
    Ok(Answer::empty())
}

fn store(call: &Call<'_>, logstore: &Logstore, group: &LogGroup) -> Result<(), Refusal> {
    let tags = fields::object(&group.tags)?;
    let (topic, source) =
        (group.topic.as_deref().unwrap_or_default(), group.source.as_deref().unwrap_or_default());
    for log in &group.logs {
        let time = i64::from(log.time.unwrap_or_default());
        if !(call.now - AGE_SECS_MAX..=call.now + AHEAD_SECS_MAX).contains(&time) {
            return Err(Refusal::new(400, "InvalidTimestamp", format!("log time {time} is out of range")));
        }
        let (contents, beyond) = (fields::object(&log.contents)?, Beyond::of(group, log));
        let (contents, tags, beyond) = (contents.as_str(), tags.as_str(), beyond.as_deref());
        let log = NewLog { time, topic, source, contents, tags, beyond };
        logstore::insert_log(call.conn, logstore.id, &log, call.now)?;
    }
    Ok(())
}

/// Stores the groups of a list one by one, so that no more than one is unpacked at a time.
fn store_list(call: &Call<'_>, logstore: &Logstore) -> Result<(), Refusal> {
    let mut rest = call.request.body.as_ref();
    within_bounds(rest.len())?;
    let mut raw_bytes = 0_usize;
    for count in 1.. {
        let Some(package) = wire_packages::next(&mut rest).map_err(|why| unreadable(&why))? else { break };
        if count > GROUPS_MAX {
            return Err(invalid(format!("a list has at most {GROUPS_MAX} log groups.")));
        }
        raw_bytes = raw_bytes.saturating_add(package.raw_size);
        within_bounds(raw_bytes)?;
        let raw = wire::unpack(package.packing, package.data, package.raw_size).ok_or_else(broken)?;
        store(call, logstore, &decoded(&raw)?)?;
    }
    Ok(())
}

fn within_bounds(size: usize) -> Result<(), Refusal> {
    if size <= wire::RAW_BYTES_MAX {
        return Ok(());
    }
    let message = format!("Body size {size} must little than {}", wire::RAW_BYTES_MAX);
    Err(Refusal::new(413, "PostBodyTooLarge", message))
}

fn broken() -> Refusal {
    Refusal::new(400, "PostBodyUncompressError", "The body cannot be uncompressed.")
}

fn unreadable(why: &str) -> Refusal {
    Refusal::new(400, "PostBodyInvalid", format!("The body is not a log group: {why}."))
}

/// The log group in the body.
fn group(call: &Call<'_>) -> Result<LogGroup, Refusal> {
    let name = call.request.header("x-log-compresstype").unwrap_or_default();
    let packing = Packing::of_name(name).ok_or_else(|| {
        Refusal::new(400, "InvalidEncoding", format!("x-log-compresstype {name} is not supported"))
    })?;
    let raw_size = raw_size(call, packing)?;
    // What is not packed is as large as it is, whatever it claims.
    within_bounds(if packing == Packing::Plain { call.request.body.len() } else { raw_size })?;
    let raw = wire::unpack(packing, &call.request.body, raw_size).ok_or_else(broken)?;
    let content_type = call.request.header("content-type").unwrap_or_default();
    // Some clients say JSON of every body: no protobuf group begins with a brace.
    if content_type.starts_with("application/json") && raw.trim_ascii_start().starts_with(b"{") {
        return decoded_json(&raw);
    }
    decoded(&raw)
}

/// The size of the body before it was packed.
fn raw_size(call: &Call<'_>, packing: Packing) -> Result<usize, Refusal> {
    match call.request.header("x-log-bodyrawsize").map(str::parse) {
        Some(Ok(size)) => Ok(size),
        Some(Err(_)) => Err(invalid("x-log-bodyrawsize must be a number.")),
        None if packing == Packing::Plain => Ok(call.request.body.len()),
        None => {
            let message = "Missing http extend header key : x-log-bodyrawsize.";
            Err(Refusal::new(400, "MissingParameter", message))
        }
    }
}

/// Reads a group that is small enough to be read.
fn decoded(raw: &[u8]) -> Result<LogGroup, Refusal> {
    let count =
        wire_count::count(raw).ok_or_else(|| unreadable("it is cut or has fields of no known kind"))?;
    few_enough(count.logs, count.pairs)?;
    LogGroup::decode(raw).map_err(|error| unreadable(&error.to_string()))
}

fn decoded_json(raw: &[u8]) -> Result<LogGroup, Refusal> {
    let group = wire_json::read(raw).map_err(|error| unreadable(&error.to_string()))?;
    let fields = group.logs.iter().map(|log| log.contents.len());
    few_enough(group.logs.len(), group.tags.len() + fields.sum::<usize>())?;
    Ok(group)
}

fn few_enough(logs: usize, pairs: usize) -> Result<(), Refusal> {
    if logs > LOGS_MAX {
        return Err(invalid(format!("a log group has at most {LOGS_MAX} logs.")));
    }
    if pairs > PAIRS_MAX {
        return Err(invalid(format!("a log group has at most {PAIRS_MAX} fields.")));
    }
    Ok(())
}
