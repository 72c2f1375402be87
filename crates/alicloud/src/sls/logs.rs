//! Reading logs and counting them (cloud-api §6.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Compression, SlsCall, header, logstore_path, packing};
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::Sls;
use crate::http_transport::BODY_LIMIT;
use crate::reply::undecodable;
use crate::session::Session;
use crate::tolerant::as_text;

const GET_LOGS: Operation = Operation::reads(Sls, "GetLogs", "log:GetLogStoreLogs");
const GET_LOGS_V2: Operation = Operation::reads(Sls, "GetLogsV2", "log:GetLogStoreLogs");
const GET_HISTOGRAMS: Operation = Operation::reads(Sls, "GetHistograms", "log:GetLogStoreHistogram");

/// Which logs to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Start of the time range, epoch seconds, included.
    pub from: i64,
    /// End of the time range, epoch seconds, excluded.
    pub to: i64,
    /// Search, with an optional analysis after `|`.
    pub query: String,
    /// Most rows to return, up to 100.
    pub line: u32,
    /// Rows to skip.
    pub offset: u32,
    /// Newest first.
    pub reverse: bool,
}

/// Rows found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logs {
    /// Whether the whole range was searched; if not, the same query later finds more.
    pub complete: bool,
    /// Fields of each row as text.
    pub rows: Vec<BTreeMap<String, String>>,
}

/// A count of logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histograms {
    /// Whether the whole range was counted.
    pub complete: bool,
    /// Number of logs in the range.
    pub count: u64,
    /// The parts of the range, in order.
    pub bars: Vec<Bar>,
}

/// A count of logs in a part of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Bar {
    /// Start of the part, epoch seconds, included.
    pub from: i64,
    /// Its end, excluded.
    pub to: i64,
    /// Number of logs in it.
    pub count: u64,
    /// Whether the whole part was counted.
    #[serde(rename = "progress", deserialize_with = "complete")]
    pub complete: bool,
}

#[derive(Deserialize)]
struct LogsReply {
    meta: Meta,
    data: Vec<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Meta {
    progress: String,
}

impl Session {
    /// Reads logs by a query (`GetLogsV2`), the reply packed with lz4.
    pub async fn get_logs(&self, project: &str, logstore: &str, query: &LogQuery) -> Result<Logs, CallError> {
        self.get_logs_packed(project, logstore, query, Compression::Lz4).await
    }

    /// [`get_logs`](Self::get_logs), with a reply packed as asked; the service may choose another way.
    pub async fn get_logs_packed(
        &self,
        project: &str,
        logstore: &str,
        query: &LogQuery,
        compression: Compression,
    ) -> Result<Logs, CallError> {
        let body = json!({
            "from": query.from, "to": query.to, "query": query.query, "topic": "",
            "line": query.line, "offset": query.offset, "reverse": query.reverse,
        });
        let mut sls =
            SlsCall::new(GET_LOGS_V2, project, "POST", logstore_path(logstore, "/logs")).with_body(&body);
        sls.accept_encoding = compression.asked_as();
        let (call, mut reply) = self.sls(&sls).await?;
        reply.body = packing::unpacked(&reply, BODY_LIMIT).map_err(|why| undecodable(&call, &reply, why))?;
        let LogsReply { meta, data } = reply.decode(&call)?;
        Ok(Logs { complete: is_complete(&meta.progress), rows: rows(data) })
    }

    /// Reads logs by a query in the older form of the call (`GetLogs`), whose reply is the rows alone, never packed:
    /// compression is documented for the newer form alone (cloud-api §6.4).
    pub async fn get_logs_v1(
        &self,
        project: &str,
        logstore: &str,
        query: &LogQuery,
    ) -> Result<Logs, CallError> {
        let parameters = vec![
            ("type", "log".to_owned()),
            ("from", query.from.to_string()),
            ("to", query.to.to_string()),
            ("query", query.query.clone()),
            ("topic", String::new()),
            ("line", query.line.to_string()),
            ("offset", query.offset.to_string()),
            ("reverse", query.reverse.to_string()),
        ];
        let sls = SlsCall::new(GET_LOGS, project, "GET", logstore_path(logstore, "")).with_query(parameters);
        let (call, reply) = self.sls(&sls).await?;
        let Some(progress) = header(&reply.headers, "x-log-progress") else {
            return Err(undecodable(&call, &reply, "the reply does not say whether it is complete"));
        };
        Ok(Logs { complete: is_complete(progress), rows: rows(reply.decode(&call)?) })
    }

    /// Counts the logs of a time range (epoch seconds, end excluded) that a search finds.
    pub async fn get_histograms(
        &self,
        project: &str,
        logstore: &str,
        from: i64,
        to: i64,
        query: &str,
    ) -> Result<Histograms, CallError> {
        let mut sls = SlsCall::new(GET_HISTOGRAMS, project, "GET", logstore_path(logstore, "/index"));
        sls.query = vec![
            ("type", "histogram".to_owned()),
            ("from", from.to_string()),
            ("to", to.to_string()),
            ("query", query.to_owned()),
            ("topic", String::new()),
        ];
        let (call, reply) = self.sls(&sls).await?;
        let bars: Vec<Bar> = reply.decode(&call)?;
        let every_bar = !bars.is_empty() && bars.iter().all(|bar| bar.complete);
        let complete = header(&reply.headers, "x-log-progress").map_or(every_bar, is_complete);
        let count = bars.iter().fold(0, |count: u64, bar| count.saturating_add(bar.count));
        Ok(Histograms { complete, count, bars })
    }
}

fn rows(data: Vec<BTreeMap<String, Value>>) -> Vec<BTreeMap<String, String>> {
    let texts = |row: BTreeMap<String, Value>| {
        row.into_iter().map(|(name, value)| (name, row_text(&value))).collect()
    };
    data.into_iter().map(texts).collect()
}

fn complete<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    String::deserialize(deserializer).map(|progress| is_complete(&progress))
}

fn is_complete(progress: &str) -> bool {
    progress.eq_ignore_ascii_case("Complete")
}

/// Text as it is, null as nothing, anything else as JSON.
fn row_text(value: &Value) -> String {
    if value.is_null() { String::new() } else { as_text(value).unwrap_or_else(|| value.to_string()) }
}
