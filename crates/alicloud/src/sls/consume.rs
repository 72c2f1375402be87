//! Reading a Logstore shard by shard, and who does so (cloud-api §6.6).

use serde::Deserialize;

use super::proto::{self, LogBatch};
use super::{Compression, SlsCall, header, logstore_path, packing};
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::Sls;
use crate::reply::undecodable;
use crate::session::Session;
use crate::tolerant;

const LIST_SHARDS: Operation = Operation::reads(Sls, "ListShards", "log:ListShards");
const GET_CURSOR: Operation = Operation::reads(Sls, "GetCursor", "log:GetCursorOrData");
const PULL_LOGS: Operation = Operation::reads(Sls, "PullLogs", "log:GetCursorOrData");
const LIST_GROUPS: Operation = Operation::reads(Sls, "ListConsumerGroup", "log:ListConsumerGroup");
const GET_CHECKPOINT: Operation = Operation::reads(Sls, "GetCheckPoint", "log:GetConsumerGroupCheckPoint");

/// Largest pull once unpacked, bytes. Log batches pack to a fraction, and several come at once.
const PULL_MAX: usize = 32 * 1024 * 1024;

/// A shard of a Logstore.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Shard {
    /// Its number.
    #[serde(rename = "shardID", deserialize_with = "tolerant::number")]
    pub id: u32,
    /// `readwrite` or `readonly`.
    pub status: String,
    /// Start of its range of hash keys, 32 hex digits, included.
    #[serde(rename = "inclusiveBeginKey")]
    pub begin_key: String,
    /// End of its range of hash keys, excluded.
    #[serde(rename = "exclusiveEndKey")]
    pub end_key: String,
}

/// Where to start reading a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorFrom {
    /// The oldest log kept.
    Begin,
    /// After the newest log.
    End,
    /// The first log received at or after this time, epoch seconds.
    Time(i64),
}

/// Logs pulled from a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledLogs {
    /// Where to go on; the cursor that was given when there is nothing new.
    pub next_cursor: String,
    /// The logs in batches as they were written.
    pub batches: Vec<LogBatch>,
}

/// A group of consumers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ConsumerGroup {
    /// Its name: `name` in answers as all three official clients read them, `consumerGroup` in requests.
    #[serde(alias = "consumerGroup")]
    pub name: String,
    /// Seconds without a heartbeat after which a consumer counts as gone.
    #[serde(rename = "timeout", deserialize_with = "tolerant::number")]
    pub timeout_secs: u32,
    /// Whether a shard is read in order across splits.
    #[serde(rename = "order")]
    pub in_order: bool,
}

/// How far a group has read a shard.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Checkpoint {
    /// The shard's number.
    #[serde(deserialize_with = "tolerant::number")]
    pub shard: u32,
    /// The cursor it goes on from; empty when none was saved.
    #[serde(default)]
    pub checkpoint: String,
    /// When it was saved, as the service gives it: epoch microseconds.
    #[serde(default, rename = "updateTime", deserialize_with = "tolerant::text")]
    pub update_time: Option<String>,
    /// Who saved it.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub consumer: Option<String>,
}

#[derive(Deserialize)]
struct CursorReply {
    cursor: String,
}

impl Session {
    /// Lists the shards of a Logstore; the service returns all of them at once.
    pub async fn list_shards(&self, project: &str, logstore: &str) -> Result<Vec<Shard>, CallError> {
        let path = logstore_path(logstore, "/shards");
        let (call, reply) = self.sls(&SlsCall::new(LIST_SHARDS, project, "GET", path)).await?;
        reply.decode(&call)
    }

    /// The cursor of a place in a shard.
    pub async fn get_cursor(
        &self,
        project: &str,
        logstore: &str,
        shard: u32,
        from: CursorFrom,
    ) -> Result<String, CallError> {
        let from = match from {
            CursorFrom::Begin => "begin".to_owned(),
            CursorFrom::End => "end".to_owned(),
            CursorFrom::Time(seconds) => seconds.to_string(),
        };
        let path = logstore_path(logstore, &format!("/shards/{shard}"));
        let query = vec![("type", "cursor".to_owned()), ("from", from)];
        let call = SlsCall::new(GET_CURSOR, project, "GET", path).with_query(query);
        let (call, reply) = self.sls(&call).await?;
        reply.decode::<CursorReply>(&call).map(|reply| reply.cursor)
    }

    /// Pulls up to `count` (1 to 1000) batches of logs from a place in a shard. Asked for in protobuf, as the older
    /// official Python client does (`aliyun-log-python-sdk` 0.9.52, cloud-api §6.6). Text that is not UTF-8 is read with
    /// its odd bytes replaced by `U+FFFD`.
    ///
    /// # Errors
    /// `Unavailable` for an answer that is cut off, `Unexpected` for one larger than 8 MiB as sent or 32 MiB unpacked: ask
    /// for fewer batches then. A batch is at most 10 MB (cloud-api §6.5).
    pub async fn pull_logs(
        &self,
        project: &str,
        logstore: &str,
        shard: u32,
        cursor: &str,
        count: u32,
    ) -> Result<PulledLogs, CallError> {
        let path = logstore_path(logstore, &format!("/shards/{shard}"));
        let query = vec![
            ("type", "log".to_owned()),
            ("cursor", cursor.to_owned()),
            ("count", count.clamp(1, 1000).to_string()),
        ];
        let mut call = SlsCall::new(PULL_LOGS, project, "GET", path).with_query(query);
        (call.accept, call.accept_encoding) = ("application/x-protobuf", Compression::Lz4.asked_as());
        let (call, reply) = self.sls(&call).await?;
        let body = packing::unpacked(&reply, PULL_MAX).map_err(|why| undecodable(&call, &reply, why))?;
        let batches = proto::decode(&body)
            .map_err(|_| undecodable(&call, &reply, "the reply is not a list of log groups"))?;
        let next = header(&reply.headers, "x-log-cursor").map(str::to_owned);
        let next = next.ok_or_else(|| undecodable(&call, &reply, "the reply does not say where to go on"))?;
        Ok(PulledLogs { next_cursor: next, batches })
    }

    /// Lists the consumer groups of a Logstore, which has at most 30.
    pub async fn list_consumer_groups(
        &self,
        project: &str,
        logstore: &str,
    ) -> Result<Vec<ConsumerGroup>, CallError> {
        let path = logstore_path(logstore, "/consumergroups");
        let (call, reply) = self.sls(&SlsCall::new(LIST_GROUPS, project, "GET", path)).await?;
        reply.decode(&call)
    }

    /// How far a consumer group has read each shard.
    pub async fn get_checkpoints(
        &self,
        project: &str,
        logstore: &str,
        group: &str,
    ) -> Result<Vec<Checkpoint>, CallError> {
        let path = logstore_path(logstore, &format!("/consumergroups/{}", alicloud_sign::encode(group)));
        let (call, reply) = self.sls(&SlsCall::new(GET_CHECKPOINT, project, "GET", path)).await?;
        reply.decode(&call)
    }
}
