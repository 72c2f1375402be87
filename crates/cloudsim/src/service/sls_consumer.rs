//! Consumer groups (cloud-api §6.6).
//!
//! A consumer lives until its group's timeout has passed since its last heartbeat; which shards it reads is for
//! [`sls_handover`] to say.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::sls_logstore::existing;
use super::sls_project::{invalid, json_body, text};
use super::{Call, Operation, sls_handover};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::consumer::{self, Checkpoint, Group};
use crate::store::layout;
use crate::store::logstore::Logstore;

/// POST `/logstores/{logstore}/consumergroups`.
pub(crate) const CREATE: Operation =
    Operation::write(Service::Sls, "CreateConsumerGroup", "log:CreateConsumerGroup", create);
/// GET `/logstores/{logstore}/consumergroups`.
pub(crate) const LIST: Operation =
    Operation::read(Service::Sls, "ListConsumerGroup", Some("log:ListConsumerGroup"), list);
/// PUT `/logstores/{logstore}/consumergroups/{group}`.
pub(crate) const UPDATE: Operation =
    Operation::write(Service::Sls, "UpdateConsumerGroup", "log:UpdateConsumerGroup", update);
/// DELETE `/logstores/{logstore}/consumergroups/{group}`.
pub(crate) const DELETE: Operation =
    Operation::write(Service::Sls, "DeleteConsumerGroup", "log:DeleteConsumerGroup", delete);
/// POST `/logstores/{logstore}/consumergroups/{group}?type=heartbeat`.
pub(crate) const HEARTBEAT: Operation =
    Operation::write(Service::Sls, "ConsumerGroupHeartBeat", "log:ConsumerGroupHeartBeat", heartbeat);
/// POST `/logstores/{logstore}/consumergroups/{group}?type=checkpoint`.
pub(crate) const CHECK: Operation = Operation::write(
    Service::Sls,
    "ConsumerGroupUpdateCheckPoint",
    "log:ConsumerGroupUpdateCheckPoint",
    check,
);
/// GET `/logstores/{logstore}/consumergroups/{group}`.
pub(crate) const CHECKPOINTS: Operation =
    Operation::read(Service::Sls, "GetCheckPoint", Some("log:GetConsumerGroupCheckPoint"), checkpoints);

/// Groups a Logstore may have (cloud-api §6.6).
const GROUPS_MAX: usize = 30;

/// The group of the path, with its Logstore.
fn place(call: &Call<'_>) -> Result<(Logstore, Group), Refusal> {
    let (_, logstore) = existing(call)?;
    let name = call.place.name.as_deref().unwrap_or_default();
    let missing =
        || Refusal::new(404, "ConsumerGroupNotExist", format!("consumer group {name} does not exist"));
    let group = consumer::find(call.conn, logstore.id, name)?.ok_or_else(missing)?;
    Ok((logstore, group))
}

/// Seconds, at least one.
fn timeout(body: &Map<String, Value>) -> Result<Option<i64>, Refusal> {
    match body.get("timeout") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_i64().filter(|seconds| (1..=86_400).contains(seconds));
            seconds.map(Some).ok_or_else(|| invalid("timeout must be an integer from 1 to 86400."))
        }
    }
}

fn order(body: &Map<String, Value>) -> Result<Option<bool>, Refusal> {
    match body.get("order") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_bool().map(Some).ok_or_else(|| invalid("order must be true or false.")),
    }
}

fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let body = json_body(call)?;
    let name = text(&body, "consumerGroup")?;
    if !(1..=128).contains(&name.len()) {
        return Err(invalid("consumerGroup must have 1 to 128 characters."));
    }
    if consumer::list(call.conn, logstore.id)?.len() >= GROUPS_MAX {
        let message = format!("a Logstore has at most {GROUPS_MAX} consumer groups");
        return Err(Refusal::new(400, "ConsumerGroupQuotaExceed", message));
    }
    let timeout = timeout(&body)?.ok_or_else(|| invalid("timeout is required."))?;
    let group = Group { name: name.to_owned(), timeout, in_order: order(&body)?.unwrap_or(false) };
    if consumer::create(call.conn, logstore.id, &group)? {
        Ok(Answer::empty())
    } else {
        Err(Refusal::new(400, "ConsumerGroupAlreadyExist", format!("consumer group {name} already exists")))
    }
}

fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let groups = consumer::list(call.conn, logstore.id)?;
    let shown = groups
        .iter()
        .map(|group| json!({"name": group.name, "timeout": group.timeout, "order": group.in_order}));
    Ok(Answer::json(shown.collect()))
}

fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, mut group) = place(call)?;
    let body = json_body(call)?;
    group.timeout = timeout(&body)?.unwrap_or(group.timeout);
    group.in_order = order(&body)?.unwrap_or(group.in_order);
    consumer::update(call.conn, logstore.id, &group)?;
    Ok(Answer::empty())
}

fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, group) = place(call)?;
    consumer::delete(call.conn, logstore.id, &group.name)?;
    Ok(Answer::empty())
}

/// The numbers of the shards there are, in order.
fn numbers(call: &Call<'_>, logstore: &Logstore) -> Result<Vec<i64>, Refusal> {
    Ok(layout::all(call.conn, logstore)?.iter().map(|shard| shard.number).collect())
}

fn heartbeat(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, group) = place(call)?;
    let listed: Result<BTreeSet<i64>, _> = serde_json::from_slice(&call.request.body);
    let listed =
        listed.map_err(|_| Refusal::new(400, "PostBodyInvalid", "The body is not a list of shards."))?;
    let name = call.optional("consumer").ok_or_else(|| invalid("consumer is required."))?;
    consumer::beat(call.conn, logstore.id, &group, name, call.now)?;
    let living = consumer::living(call.conn, logstore.id, &group, call.now)?;
    let holders = consumer::holders(call.conn, logstore.id, &group.name)?;
    let turn = sls_handover::turn(&numbers(call, &logstore)?, &living, &holders, name, &listed);
    for shard in turn.released {
        consumer::release(call.conn, logstore.id, &group.name, shard)?;
    }
    for shard in turn.taken {
        consumer::hold(call.conn, logstore.id, &group.name, shard, name)?;
    }
    Ok(Answer::json(json!(turn.told)))
}

fn check(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, group) = place(call)?;
    let body = json_body(call)?;
    let numbers = numbers(call, &logstore)?;
    let number = body.get("shard").and_then(Value::as_i64).filter(|number| numbers.contains(number));
    let shard = number.ok_or_else(|| Refusal::new(400, "ShardNotExist", "the shard does not exist"))?;
    let name = call.optional("consumer").unwrap_or_default();
    if !call.optional("forceSuccess").is_some_and(|force| force.eq_ignore_ascii_case("true")) {
        owns(call, &logstore, &group, name, shard)?;
    }
    let (cursor, consumer) = (text(&body, "checkpoint")?.to_owned(), name.to_owned());
    let checkpoint = Checkpoint { shard, cursor, consumer, updated: call.now };
    consumer::check(call.conn, logstore.id, &group.name, &checkpoint)?;
    Ok(Answer::empty())
}

/// Whether a consumer lives and holds a shard; official consumers stop at these two codes.
fn owns(call: &Call<'_>, logstore: &Logstore, group: &Group, name: &str, shard: i64) -> Result<(), Refusal> {
    let living = consumer::living(call.conn, logstore.id, group, call.now)?;
    if !living.iter().any(|one| one == name) {
        // Spelt so: it is what the official Go and Rust consumers compare with.
        return Err(Refusal::new(404, "ConsumerNotExsit", format!("consumer {name} does not exist")));
    }
    let holders = consumer::holders(call.conn, logstore.id, &group.name)?;
    if holders.get(&shard).is_some_and(|holder| holder == name) {
        Ok(())
    } else {
        let message = format!("shard {shard} does not belong to consumer {name}");
        Err(Refusal::new(400, "ConsumerNotMatch", message))
    }
}

/// One for each shard, also where nothing is saved: official consumers wait for ever for a shard that is not there.
fn checkpoints(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (logstore, group) = place(call)?;
    let wanted = call.optional("shard").map(str::parse::<i64>).transpose();
    let wanted = wanted.map_err(|_| invalid("shard must be a number."))?.filter(|number| *number >= 0);
    let saved = consumer::checkpoints(call.conn, logstore.id, &group.name)?;
    let shards = numbers(call, &logstore)?.into_iter();
    let shown = shards.filter(|shard| wanted.is_none_or(|number| number == *shard)).map(|shard| {
        let point = saved.iter().find(|point| point.shard == shard);
        json!({
            "shard": shard,
            "checkpoint": point.map_or("", |point| &point.cursor),
            "updateTime": point.map_or(0, |point| point.updated),
            "consumer": point.map_or("", |point| &point.consumer),
        })
    });
    Ok(Answer::json(shown.collect()))
}
