//! Logstores (cloud-api §6.2). Retention is in days, 1 to 3650; 3650 keeps for ever.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{SlsCall, logstore_path};
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::Sls;
use crate::session::Session;
use crate::tolerant;

const GET: Operation = Operation::reads(Sls, "GetLogStore", "log:GetLogStore");
const CREATE: Operation = Operation::writes(Sls, "CreateLogStore", "log:CreateLogStore");
const UPDATE: Operation = Operation::writes(Sls, "UpdateLogStore", "log:UpdateLogStore");

/// Fields that the service alone sets; not sent back.
const READ_ONLY: [&str; 4] = ["createTime", "lastModifyTime", "productType", "resourceQuota"];

/// A Logstore.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Logstore {
    /// Its name.
    #[serde(rename = "logstoreName")]
    pub name: String,
    /// How long logs are kept, in days; 3650 keeps for ever.
    #[serde(rename = "ttl", deserialize_with = "tolerant::number")]
    pub retention_days: u32,
    /// Number of shards it was created with.
    #[serde(rename = "shardCount", deserialize_with = "tolerant::number")]
    pub shard_count: u32,
}

/// What to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLogstore {
    /// Its name: 3 to 63 lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// How long to keep logs, in days; 3650 keeps for ever.
    pub retention_days: u32,
    /// Number of shards, 1 to 10.
    pub shard_count: u32,
}

impl Session {
    /// Reads a Logstore.
    pub async fn get_logstore(&self, project: &str, name: &str) -> Result<Logstore, CallError> {
        let (call, reply) = self.sls(&SlsCall::new(GET, project, "GET", logstore_path(name, ""))).await?;
        reply.decode(&call)
    }

    /// Creates a Logstore.
    pub async fn create_logstore(&self, project: &str, logstore: &NewLogstore) -> Result<(), CallError> {
        let body = json!({
            "logstoreName": logstore.name,
            "ttl": logstore.retention_days,
            "shardCount": logstore.shard_count,
        });
        let call = SlsCall::new(CREATE, project, "POST", "/logstores".to_owned()).with_body(&body);
        self.sls(&call).await.map(|_| ())
    }

    /// Changes how long a Logstore keeps logs, and nothing else: one read, then one write of the whole with the
    /// other settings as they were read.
    pub async fn update_logstore_retention(
        &self,
        project: &str,
        name: &str,
        days: u32,
    ) -> Result<(), CallError> {
        let path = logstore_path(name, "");
        let (call, reply) = self.sls(&SlsCall::new(GET, project, "GET", path.clone())).await?;
        let mut settings: Map<String, Value> = reply.decode(&call)?;
        settings.retain(|field, _| !READ_ONLY.contains(&field.as_str()));
        settings.insert("ttl".to_owned(), days.into());
        let body = Value::Object(settings);
        self.sls(&SlsCall::new(UPDATE, project, "PUT", path).with_body(&body)).await.map(|_| ())
    }
}
