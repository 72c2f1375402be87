//! `GetTrailStatus`: whether a trail delivers, and what went wrong last (cloud-api §2.2).

use serde::Deserialize;

use super::{VERSION, operations};
use crate::error::CallError;
use crate::fault::Service;
use crate::rpc::Rpc;
use crate::session::Session;
use crate::tolerant;

/// How delivery of a trail is going. Absent fields were not in the reply. Times are ISO text or epoch milliseconds, as
/// the service gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailStatus {
    /// Whether the trail is switched on.
    pub is_logging: Option<bool>,
    /// Last delivery to Log Service.
    pub latest_delivery_time: Option<String>,
    /// Why the last delivery to Log Service failed, in the words of the service.
    pub latest_delivery_error: Option<String>,
    /// What the service says of the Logstore, `SlsLogStoreStatus`.
    pub logstore_status: Option<bool>,
    /// Last delivery to OSS.
    pub oss_delivery_time: Option<String>,
    /// Why the last delivery to OSS failed, in the words of the service.
    pub oss_delivery_error: Option<String>,
    /// What the service says of the bucket, `OssBucketStatus`.
    pub bucket_status: Option<bool>,
    /// When the trail was last switched on.
    pub start_logging_time: Option<String>,
    /// When it was last switched off.
    pub stop_logging_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatusReply {
    #[serde(default, deserialize_with = "tolerant::flag")]
    is_logging: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    sls_log_store_status: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::text_or_empty")]
    latest_delivery_log_service_time: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text_or_empty")]
    latest_delivery_log_service_error: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    oss_bucket_status: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::text_or_empty")]
    latest_delivery_time: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text_or_empty")]
    latest_delivery_error: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    start_logging_time: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    stop_logging_time: Option<String>,
}

impl Session {
    /// Reads how delivery of a trail is going. The general fields are documented for OSS; they count for Log Service too in
    /// a reply that holds no field about the latter.
    pub async fn get_trail_status(&self, name: &str) -> Result<TrailStatus, CallError> {
        let operation = operations::GET_TRAIL_STATUS;
        let (action, host) = (operation.action, self.host(Service::ActionTrail));
        let parameters = vec![("Name", name)];
        let reply: StatusReply =
            self.rpc(&Rpc { operation, action, version: VERSION, host, parameters }).await?;
        Ok(reply.into())
    }
}

impl From<StatusReply> for TrailStatus {
    fn from(reply: StatusReply) -> Self {
        let oss = (reply.latest_delivery_time, reply.latest_delivery_error);
        let (time, error) =
            match (reply.latest_delivery_log_service_time, reply.latest_delivery_log_service_error) {
                (None, None) => oss.clone(),
                log_service => log_service,
            };
        let told = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            is_logging: reply.is_logging,
            latest_delivery_time: told(time),
            latest_delivery_error: told(error),
            logstore_status: reply.sls_log_store_status,
            oss_delivery_time: told(oss.0),
            oss_delivery_error: told(oss.1),
            bucket_status: reply.oss_bucket_status,
            start_logging_time: reply.start_logging_time,
            stop_logging_time: reply.stop_logging_time,
        }
    }
}
