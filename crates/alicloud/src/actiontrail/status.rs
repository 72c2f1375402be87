//! `GetTrailStatus`: whether a trail delivers, and what went wrong last (cloud-api §2.2).

use serde::Deserialize;

use super::{VERSION, operations};
use crate::error::CallError;
use crate::fault::Service;
use crate::rpc::Rpc;
use crate::session::Session;
use crate::tolerant;

/// How delivery of a trail is going. Absent fields were not in the reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailStatus {
    /// Whether the trail is switched on.
    pub is_logging: Option<bool>,
    /// Last delivery to Log Service: ISO text or epoch milliseconds, as the service gives it.
    pub latest_delivery_time: Option<String>,
    /// Why the last delivery to Log Service failed, in the words of the service.
    pub latest_delivery_error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatusReply {
    #[serde(default, deserialize_with = "tolerant::flag")]
    is_logging: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::text")]
    latest_delivery_log_service_time: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    latest_delivery_log_service_error: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    latest_delivery_time: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    latest_delivery_error: Option<String>,
}

impl Session {
    /// Reads how delivery of a trail is going. The fields about Log Service win over the general ones, which
    /// are documented for OSS.
    pub async fn get_trail_status(&self, name: &str) -> Result<TrailStatus, CallError> {
        let operation = operations::GET_TRAIL_STATUS;
        let (action, host) = (operation.action, self.host(Service::ActionTrail));
        let parameters = vec![("Name", name)];
        let reply: StatusReply =
            self.rpc(&Rpc { operation, action, version: VERSION, host, parameters }).await?;
        Ok(TrailStatus {
            is_logging: reply.is_logging,
            latest_delivery_time: reply.latest_delivery_log_service_time.or(reply.latest_delivery_time),
            latest_delivery_error: reply.latest_delivery_log_service_error.or(reply.latest_delivery_error),
        })
    }
}
