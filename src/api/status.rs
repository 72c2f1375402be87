//! `InnerTrail.status`: what was seen, as told to people and to `kubectl wait`.
//!
//! Types only. Status is output: of all this only the condition list, the source of the trail, the Secret in use, the
//! coverage and the open intent are ever read back. Must never hold a secret or the server's own words where a time would change them.

#![allow(unreachable_pub, reason = "KubeSchema derives each schema from a private twin of the struct")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator saw at its last look, and what it concludes. Written by the operator alone.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct InnerTrailStatus {
    /// The generation of the spec that everything below was judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// `Authorized`, `LogstoreReady`, `Shipping` and `Indexed`, in that order, and `Ready`, which is all
    /// four; while they apply also `Reconciling`, `Stalled`, `Drifted` and `Suspended`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_owned()]))]
    pub conditions: Vec<Condition>,

    /// The first of `Authorized`, `LogstoreReady`, `Shipping` and `Indexed` that is not True, or `Ready`; `Suspended`
    /// or `Deleting` while the object is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,

    /// The account that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountStatus>,

    /// The inner trail as seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<TrailStatus>,

    /// The project and Logstore as seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<DestinationStatus>,

    /// What is known about events arriving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryStatus>,

    /// The index of the Logstore as seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexStatus>,

    /// What in the cloud differs from the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,

    /// How much of the past is known to be recorded. Not filled in by this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,

    /// With `mode: Plan`, what would be done. Not filled in by this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,

    /// The last call that failed while something was open; gone when all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,

    /// When recording was last seen to be in order. Moved in coarse steps, so that an unchanged world is
    /// not rewritten at every look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_verified_time: Option<Time>,

    /// The value of the annotation `innertrail.io/requestedAt` that was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,

    /// The Secret that is kept from being deleted, because switching shipping off needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_in_use: Option<String>,

    /// A change of the cloud that was announced and not yet seen finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
}

/// The account that is recorded.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AccountStatus {
    /// The 16-digit account id.
    pub id: String,
    /// ARN of who acts: a user, a role session, or the account itself.
    pub caller: String,
}

/// The inner trail as seen.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TrailStatus {
    /// Name of the trail; none where events arrive and no trail is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Region that the trail belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_region: Option<String>,
    /// Whether shipping is switched on.
    pub enabled: bool,
    /// How that is known: from `ActionTrail`, from a setting in the `LogService` console, or by the
    /// `Evidence` of events alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<TrailSource>,
}

/// How it is known that shipping is on.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailSource {
    /// The trail is listed by ActionTrail.
    ActionTrail,
    /// Set in the console of Simple Log Service, which ActionTrail does not show.
    LogService,
    /// Events arrive; who switched them on is not known.
    Evidence,
}

/// The project and Logstore as seen.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DestinationStatus {
    /// Name of the SLS project.
    pub project: String,
    /// Name of the Logstore.
    pub logstore: String,
    /// Days that events are kept; 3650 is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>")]
    pub retention_days: Option<u32>,
    /// Number of shards of the Logstore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>")]
    pub shards: Option<u32>,
}

/// What is known about events arriving.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryStatus {
    /// `Delivering`: a fresh event was seen. `QuietHealthy`: no fresh event, and everything is in order.
    /// `Failing`: something says that delivery fails. `Unknown`: it could not be judged.
    pub verdict: DeliveryVerdict,
    /// When events last arrived in the Logstore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_delivery_time: Option<Time>,
    /// What ActionTrail says about its last failed delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When the newest event in the Logstore happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_time: Option<Time>,
}

/// The judgement about delivery.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryVerdict {
    /// A fresh event was seen.
    Delivering,
    /// No fresh event, and every piece of configuration was seen right.
    QuietHealthy,
    /// Something says that delivery fails.
    Failing,
    /// It could not be judged.
    #[default]
    Unknown,
}

/// The index of the Logstore as seen.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct IndexStatus {
    /// Fields of platform events that are indexed as they should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields_present: Vec<String>,
    /// Fields of platform events that are not indexed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields_missing: Vec<String>,
}

/// One difference between the spec and the cloud.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// What differs, as a path, for example `trail.enabled`.
    pub path: String,
    /// What the spec asks for.
    pub want: String,
    /// What was seen.
    pub have: String,
    /// Since when it is known to differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Who made the difference, where that can be told. Not filled in by this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
}

/// How much of the last 30 days is known to be recorded.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Share of the time that is known to be recorded, for example `99.98%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// Share of the time of which nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// Share of the time that is known not to be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<String>,
}

/// What would be done, with `mode: Plan`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Fingerprint of this plan.
    pub hash: String,
    /// The calls that would be made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// The RAM actions that those calls need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_actions: Vec<String>,
}

/// The last call that failed.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    /// The stage that the call was made for.
    pub stage: String,
    /// The service and operation, for example `sls/GetLogStore`.
    pub api: String,
    /// The service's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The request id to quote to Alibaba Cloud support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When the call was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
}

/// A change of the cloud, announced before it is made.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// The change, for example `CreateLogstore`.
    pub step: String,
    /// What it is made to.
    pub target: String,
    /// Until then the cloud is left alone, because the request may still be under way.
    pub not_before: Time,
}
