//! The index of a Logstore (cloud-api §6.3).
//!
//! Documents are passed on as they are, so that settings nobody here knows of survive an update.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{SlsCall, logstore_path};
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::Sls;
use crate::reply::undecodable;
use crate::session::Session;

const GET: Operation = Operation::reads(Sls, "GetIndex", "log:GetIndex");
const CREATE: Operation = Operation::writes(Sls, "CreateIndex", "log:CreateIndex");
const UPDATE: Operation = Operation::writes(Sls, "UpdateIndex", "log:UpdateIndex");

/// Fields that the service alone sets; not sent back.
const READ_ONLY: [&str; 3] = ["index_mode", "storage", "lastModifyTime"];

/// The index of a Logstore.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The full-text part, if it is switched on.
    pub line: Option<Value>,
    /// The indexed fields by name.
    pub keys: BTreeMap<String, IndexKey>,
    /// The whole document as read; change a copy of it and send that back to update.
    pub raw: Value,
}

/// The index of one field. What is not here is in [`Index::raw`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IndexKey {
    /// `text`, `long`, `double` or `json`.
    #[serde(rename = "type")]
    pub key_type: String,
    /// Whether the field can be analysed, not only searched.
    #[serde(default)]
    pub doc_value: bool,
}

#[derive(Deserialize)]
struct IndexReply {
    #[serde(default)]
    line: Option<Value>,
    #[serde(default)]
    keys: BTreeMap<String, IndexKey>,
}

impl Session {
    /// Reads the index of a Logstore.
    pub async fn get_index(&self, project: &str, logstore: &str) -> Result<Index, CallError> {
        let (call, reply) =
            self.sls(&SlsCall::new(GET, project, "GET", logstore_path(logstore, "/index"))).await?;
        let raw: Value = reply.decode(&call)?;
        if !raw.is_object() {
            return Err(undecodable(&call, &reply, "the index in the reply is not an object"));
        }
        let IndexReply { line, keys } = reply.decode(&call)?;
        Ok(Index { line, keys, raw })
    }

    /// Creates the index of a Logstore that has none. Takes effect within a minute, for later data.
    pub async fn create_index(&self, project: &str, logstore: &str, index: &Value) -> Result<(), CallError> {
        self.put_index(CREATE, "POST", project, logstore, index).await
    }

    /// Replaces the index of a Logstore by the whole document given.
    pub async fn update_index(&self, project: &str, logstore: &str, index: &Value) -> Result<(), CallError> {
        self.put_index(UPDATE, "PUT", project, logstore, index).await
    }

    async fn put_index(
        &self,
        operation: Operation,
        method: &'static str,
        project: &str,
        logstore: &str,
        index: &Value,
    ) -> Result<(), CallError> {
        let mut body = index.clone();
        if let Some(document) = body.as_object_mut() {
            document.retain(|field, _| !READ_ONLY.contains(&field.as_str()));
        }
        let path = logstore_path(logstore, "/index");
        self.sls(&SlsCall::new(operation, project, method, path).with_body(&body)).await.map(|_| ())
    }
}
