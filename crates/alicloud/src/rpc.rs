//! Calls in the RPC style: `ActionTrail`, RAM and STS (cloud-api §2.1, §3, §5.2).
//!
//! Takes an operation and its parameters; sends them as the query of a POST with an empty body, signed with
//! ACS3-HMAC-SHA256 and asking for JSON; returns the decoded reply.

use alicloud_sign::encode;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::call::{Call, Operation};
use crate::draft::{Draft, Scheme};
use crate::error::CallError;
use crate::fault::FaultKind;
use crate::reply::Reply;
use crate::session::{Session, by_table, is_label, not_a_label};

/// A call of the RPC style. `action` is what is sent, which the wire profile may name otherwise than
/// `operation` does.
#[derive(Debug)]
pub(crate) struct Rpc<'a> {
    pub(crate) operation: Operation,
    pub(crate) action: &'a str,
    pub(crate) version: &'a str,
    pub(crate) host: String,
    pub(crate) parameters: Vec<(&'a str, &'a str)>,
}

/// The reply of an operation that returns nothing but its request id.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Done {}

impl Session {
    /// Sends the call, with errors read by the table of its service, and decodes the reply.
    pub(crate) async fn rpc<T: DeserializeOwned>(&self, rpc: &Rpc<'_>) -> Result<T, CallError> {
        let (call, reply) = self.rpc_reply(rpc, by_table(rpc.operation.service)).await?;
        reply.decode(&call)
    }

    /// Sends the call, with errors read by `meaning`, and returns its reply with the call as errors name it.
    pub(crate) async fn rpc_reply(
        &self,
        rpc: &Rpc<'_>,
        meaning: impl Fn(&str, &str) -> FaultKind + Send + Sync,
    ) -> Result<(Call, Reply), CallError> {
        let call = rpc.call();
        let reply = self.rpc_draft(&call, &draft(rpc), meaning).await?;
        Ok((call, reply))
    }

    /// Sends a draft of this style.
    pub(crate) async fn rpc_draft(
        &self,
        call: &Call,
        draft: &Draft,
        meaning: impl Fn(&str, &str) -> FaultKind + Send + Sync,
    ) -> Result<Reply, CallError> {
        if !is_label(self.region()) {
            return Err(not_a_label(call, "region"));
        }
        self.send(call, draft, meaning).await
    }
}

impl Rpc<'_> {
    /// The call as errors name it.
    pub(crate) fn call(&self) -> Call {
        Call { operation: self.operation, host: self.host.clone() }
    }
}

/// The parameters as a query.
pub(crate) fn draft(rpc: &Rpc<'_>) -> Draft {
    let format = std::iter::once(("Format", "JSON"));
    let pairs = format.chain(rpc.parameters.iter().copied());
    Draft {
        method: "POST",
        path: "/".to_owned(),
        query: encoded(pairs),
        headers: vec![("host", rpc.host.clone()), ("accept", "application/json".to_owned())],
        body: Bytes::new(),
        scheme: Scheme::Acs3 { action: rpc.action.to_owned(), version: rpc.version.to_owned() },
        secret: None,
    }
}

/// Pairs in the form of a query or of a form body.
pub(crate) fn encoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
