//! Log Service, version 0.6.0: projects, Logstores, indexes and queries (cloud-api §6).
//!
//! Takes a project, a path and a body; sends them to the host of the project, signed with SLS4-HMAC-SHA256;
//! returns the reply. One file per kind of thing.

mod consume;
mod dashboard;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod index;
mod logs;
mod logstore;
mod packing;
mod project;
mod proto;
mod put;
mod tags;

use alicloud_sign::encode;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

pub use consume::{Checkpoint, ConsumerGroup, CursorFrom, PulledLogs, Shard};
pub use dashboard::Dashboard;
pub use index::{Index, IndexKey};
pub use logs::{Bar, Histograms, LogQuery, Logs};
pub use logstore::{Logstore, NewLogstore};
pub use packing::Compression;
pub use project::Project;
pub use proto::{LogBatch, LogEntry};
pub use tags::Tagged;

use crate::call::{Call, Effect, Operation};
use crate::draft::{Draft, Scheme};
use crate::error::CallError;
use crate::fault::Service;
use crate::reply::{Reply, undecodable};
use crate::session::{Session, by_table, is_label, not_a_label};

const API_VERSION: &str = "0.6.0";

/// A call to the host of a project, or to that of the region when there is no project.
#[derive(Debug)]
struct SlsCall<'a> {
    operation: Operation,
    project: Option<&'a str>,
    method: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Body,
    accept: &'static str,
    accept_encoding: Option<&'static str>,
}

/// What a call sends.
#[derive(Debug)]
enum Body {
    Empty,
    Json(Bytes),
    /// Protobuf, packed in that way, of that size before.
    Packed {
        bytes: Bytes,
        by: Compression,
        raw_size: usize,
    },
}

impl<'a> SlsCall<'a> {
    fn new(operation: Operation, project: &'a str, method: &'static str, path: String) -> Self {
        Self { project: Some(project), ..Self::of_region(operation, method, path) }
    }

    fn of_region(operation: Operation, method: &'static str, path: String) -> Self {
        let (query, body, accept, accept_encoding) = (Vec::new(), Body::Empty, "application/json", None);
        Self { operation, project: None, method, path, query, body, accept, accept_encoding }
    }

    fn with_body(self, body: &Value) -> Self {
        Self { body: Body::Json(Bytes::from(body.to_string())), ..self }
    }

    fn with_query(self, query: Vec<(&'static str, String)>) -> Self {
        Self { query, ..self }
    }

    fn draft(&self, host: &str, region: &str) -> Draft {
        let query: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mut headers = vec![
            ("host", host.to_owned()),
            ("accept", self.accept.to_owned()),
            ("x-log-apiversion", API_VERSION.to_owned()),
            ("x-log-bodyrawsize", self.body.raw_size().to_string()),
        ];
        headers.extend(self.body.headers().map(|(name, value)| (name, value.to_owned())));
        headers.extend(self.accept_encoding.map(|encoding| ("accept-encoding", encoding.to_owned())));
        let scheme = Scheme::SlsV4 { region: region.to_owned() };
        let (method, path, query, body) =
            (self.method, self.path.clone(), query.join("&"), self.body.bytes());
        Draft { method, path, query, headers, body, scheme, secret: None }
    }
}

impl Body {
    fn bytes(&self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::Json(bytes) | Self::Packed { bytes, .. } => bytes.clone(),
        }
    }

    fn raw_size(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Json(bytes) => bytes.len(),
            Self::Packed { raw_size, .. } => *raw_size,
        }
    }

    fn headers(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let (kind, compression) = match self {
            Self::Empty => (None, None),
            Self::Json(_) => (Some("application/json"), None),
            Self::Packed { by, .. } => (Some("application/x-protobuf"), by.written_as()),
        };
        let kind = kind.map(|kind| ("content-type", kind));
        kind.into_iter().chain(compression.map(|compression| ("x-log-compresstype", compression)))
    }
}

impl Session {
    /// The call as errors name it.
    fn sls_call(&self, operation: Operation, project: Option<&str>) -> Call {
        let region = self.host(Service::Sls);
        Call { operation, host: project.map_or(region.clone(), |project| format!("{project}.{region}")) }
    }

    /// Sends the call and returns its reply with the call as errors name it.
    async fn sls(&self, sls: &SlsCall<'_>) -> Result<(Call, Reply), CallError> {
        let call = self.sls_call(sls.operation, sls.project);
        if !sls.project.is_none_or(is_label) {
            return Err(not_a_label(&call, "project name"));
        }
        if !is_label(self.region()) {
            return Err(not_a_label(&call, "region"));
        }
        let draft = sls.draft(&call.host, self.region());
        let reply = self.send(&call, &draft, by_table(Service::Sls)).await?;
        if call.operation.effect == Effect::Writes && !is_of_the_service(&reply) {
            return Err(undecodable(&call, &reply, "the reply is not one of Log Service"));
        }
        Ok((call, reply))
    }
}

/// Whether the reply to a write, of which nothing else is read, comes from the service and not from something on the way:
/// it is empty or carries an id.
fn is_of_the_service(reply: &Reply) -> bool {
    reply.body.is_empty() || reply.headers.contains_key("x-log-requestid")
}

/// The path of a Logstore, or of something inside it.
fn logstore_path(logstore: &str, rest: &str) -> String {
    format!("/logstores/{}{rest}", encode(logstore))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
