//! `InnerTrail.spec`: what a user asks for.
//!
//! Types and defaults only; every field's doc is shown by `kubectl explain`. Must never hold a secret:
//! credentials are named, never contained. Admission rules are in [`super::rules`].

#![allow(unreachable_pub, reason = "KubeSchema derives each schema from a private twin of the struct")]

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::DEFAULT_ROLE;
use super::rules;
use super::status::InnerTrailStatus;

/// What is to be recorded, where it goes, and how far the operator may go to keep it so.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "innertrail.io",
    version = "v1alpha1",
    kind = "InnerTrail",
    plural = "innertrails",
    singular = "innertrail",
    shortname = "itrail",
    category = "innertrail",
    category = "audit",
    namespaced,
    status = "InnerTrailStatus",
    derive = "PartialEq",
    doc = "InnerTrail keeps the inner-ActionTrail feature (Platform Operation Log) of one Alibaba Cloud account \
           switched on: the log of what Alibaba Cloud's own engineers and systems did to the account's resources, \
           shipped into one Logstore of Simple Log Service. Ready=True means recording, verified recently.",
    validation = rules::object_name_is_trail_name(),
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "True while platform events are recorded and that was verified recently"),
    printcolumn(name = "Stage", type_ = "string", json_path = ".status.stage",
        description = "The first stage that is not reached, or Ready"),
    printcolumn(name = "Logstore", type_ = "string", json_path = ".status.destination.logstore",
        description = "The Logstore that events are shipped to"),
    printcolumn(name = "Last-Delivery", type_ = "date", json_path = ".status.delivery.lastDeliveryTime",
        description = "How long ago events last arrived"),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why Ready is what it is"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp",
        description = "How long ago the object was created"),
    printcolumn(name = "Account", type_ = "string", json_path = ".status.account.id", priority = 1,
        description = "The account that is recorded"),
    printcolumn(name = "Retention", type_ = "integer", json_path = ".status.destination.retentionDays", priority = 1,
        description = "Days that events are kept; 3650 is for ever"),
    printcolumn(name = "Coverage", type_ = "string", json_path = ".status.coverage.recorded", priority = 1,
        description = "Share of the last 30 days that is known to be recorded"),
    printcolumn(name = "Drift", type_ = "string", json_path = ".status.drift[*].path", priority = 1,
        description = "What in the cloud differs from the spec"),
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode", priority = 1,
        description = "How far the operator may go")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::trail_name_immutable(),
    validation = rules::trail_name_names_logstore(),
    validation = rules::account_id_matches_chain(),
    validation = rules::console_retains()
)]
pub struct InnerTrailSpec {
    /// Region of the trail and of its SLS project, for example `cn-hangzhou`. Required, immutable.
    #[schemars(length(max = 64))]
    #[x_kube(validation = rules::region_shape(), validation = rules::region_immutable())]
    pub region: String,

    /// Name of the trail in ActionTrail: 6 to 36 lower-case letters, digits, `-` and `_`, starting with a
    /// letter. Immutable. Default: `metadata.name`. Example: `prod-ops`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::trail_name_shape())]
    pub trail_name: Option<String>,

    /// A guard: the 16-digit id of the account that this object is about. When the credentials belong to
    /// another account, nothing is changed and the reason is `WrongAccount`. Default: no guard, the account
    /// of the credentials is used. Example: `"1234567890123456"` (quoted, so that YAML keeps it a string).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = rules::account_id_shape())]
    pub account_id: Option<String>,

    /// Where the credentials come from: exactly one of `secretRef`, `rrsa` and `ecsRole`, optionally followed
    /// by a chain of roles in `assumeRole`; with `assumeRole` alone the chain starts from the operator's own
    /// credentials. The spec names credentials and never contains them. Default: the operator's own.
    /// Example: `{secretRef: {name: alibaba}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,

    /// The RAM role that ActionTrail assumes to write into the Logstore. It must stay: when it is revoked or
    /// deleted, shipping stops. Default: `{name: AliyunActionTrailDefaultRole, manage: false}`.
    #[serde(default)]
    pub role: Role,

    /// Where platform events go: an SLS project and a Logstore in it, whether they may be created, and how
    /// long events are kept. All platform events of an account go to exactly one Logstore. The operator never
    /// deletes a project, a Logstore or an event.
    /// Example: `{project: my-audit, create: ProjectAndLogstore, retention: {minDays: 180}}`.
    pub destination: Destination,

    /// How strictly the index of the Logstore is looked after. Default: `{policy: Additive}`.
    #[serde(default)]
    pub index: Index,

    /// How far the operator may go. `Enforce` changes the cloud until it is as the spec says. `Observe` changes
    /// nothing and only reports. `Plan` is answered with `NotYetSupported` by this version. Default: `Enforce`.
    #[serde(default)]
    pub mode: Mode,

    /// Who turns the switch of inner-ActionTrail. `API`: the operator, through the inner-trail operations of
    /// ActionTrail. `Console`: a person, in the console; the operator prepares and checks everything else,
    /// says in the condition `Shipping` what to do, and never calls an inner-trail operation. `Console`
    /// requires `deletionPolicy: Retain`. Default: `API`.
    #[serde(default)]
    pub control: Control,

    /// Whether events are to be shipped. `false` switches shipping off and keeps everything else: project,
    /// Logstore, index and the events in it. Default: `true`.
    #[serde(default = "yes")]
    pub enabled: bool,

    /// `true` takes the operator's hands off: nothing is changed in the cloud and `Ready` is Unknown, reason
    /// `Suspended`. Deleting the object still works. Default: `false`.
    #[serde(default)]
    pub suspend: bool,

    /// Time between two looks at the cloud, 1m to 24h in whole hours, minutes and seconds, shortened by up to
    /// 20 % so that many objects do not look at once. Also the longest time that a change made by somebody else
    /// goes unnoticed.
    /// Default: `5m`. Example: `1h30m`.
    #[serde(default = "default_interval")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = rules::interval_range())]
    pub interval: String,

    /// What to do about shipping that somebody else has set up already. `IfCompatible` takes over an inner trail
    /// that ships into this Logstore, and leaves a setting made in the Log Service console alone while it
    /// delivers here. `Always` replaces whatever does not match. `Never` leaves alone and reports what this
    /// object did not make. Projects and Logstores that exist are used in any case. Default: `IfCompatible`.
    #[serde(default)]
    pub adoption: Adoption,

    /// What deleting this object does to the cloud. `Disable` switches shipping off and lets the object go
    /// only after that was seen; project, Logstore and events stay until their retention period ends.
    /// `Retain` leaves shipping on, as do `mode: Observe`, `mode: Plan` and `control: Console`.
    /// Default: `Disable`.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// `true` refuses `kubectl delete` of this object (by a ValidatingAdmissionPolicy that comes with the
    /// installation) until the field is set to `false`. Default: `false`.
    #[serde(default)]
    pub deletion_protection: bool,
}

impl Default for InnerTrailSpec {
    /// The defaults of the API server; `region` and `destination.project`, which have none, are empty.
    fn default() -> Self {
        Self {
            region: String::new(),
            trail_name: None,
            account_id: None,
            credentials: None,
            role: Role::default(),
            destination: Destination::default(),
            index: Index::default(),
            mode: Mode::default(),
            control: Control::default(),
            enabled: yes(),
            suspend: false,
            interval: default_interval(),
            adoption: Adoption::default(),
            deletion_policy: DeletionPolicy::default(),
            deletion_protection: false,
        }
    }
}

/// Exactly one of `secretRef`, `rrsa` and `ecsRole`, followed by an optional chain of roles. With
/// `assumeRole` alone the chain starts from the operator's own credentials.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::one_credential_source())]
pub struct Credentials {
    /// A Secret in the namespace of this object with the keys `accessKeyId`, `accessKeySecret` and, for
    /// temporary credentials, `securityToken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,

    /// RAM Roles for Service Accounts (ACK): the operator's ServiceAccount token is exchanged for a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrsa: Option<Rrsa>,

    /// The RAM role attached to the ECS instance that the operator runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_role: Option<EcsRole>,

    /// Roles assumed one after another, at most 2; the last one is who acts, and its account is the account
    /// that is recorded. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(validation = rules::assume_role_length())]
    pub assume_role: Vec<AssumeRole>,
}

/// Names a Secret.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// Name of the Secret, in the namespace of this object. Example: `alibaba`.
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::secret_name_shape())]
    pub name: String,
}

/// A role assumed with the token of the operator's ServiceAccount.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Rrsa {
    /// ARN of the RAM role. Example: `acs:ram::1234567890123456:role/innertrail`.
    #[schemars(length(max = 256))]
    #[x_kube(validation = rules::rrsa_role_arn_shape())]
    pub role_arn: String,

    /// ARN of the cluster's OIDC provider in RAM. Default: `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` of the
    /// operator's environment. Example: `acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123456789`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::rrsa_provider_arn_shape())]
    pub oidc_provider_arn: Option<String>,
}

/// A role of the machine.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EcsRole {
    /// Name of the RAM role of the ECS instances: 1 to 64 letters, digits, `.` and `-`. Example:
    /// `innertrail-node`.
    #[schemars(length(max = 256))]
    #[x_kube(validation = rules::ecs_role_name_shape())]
    pub role_name: String,
}

/// One link of a chain of roles.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AssumeRole {
    /// ARN of the RAM role to assume. Example: `acs:ram::1234567890123456:role/innertrail`.
    #[schemars(length(max = 256))]
    #[x_kube(validation = rules::assume_role_arn_shape())]
    pub role_arn: String,

    /// The external id that the role's trust policy asks for, 2 to 1224 characters. It is not a secret.
    /// Default: none. Example: `audit-prod-7f3a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = rules::external_id_length())]
    pub external_id: Option<String>,
}

/// The RAM role that ActionTrail assumes to write into the Logstore. It must stay: when it is revoked or
/// deleted, shipping stops.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Name of the role. Default: `AliyunActionTrailDefaultRole`, whose policy allows only Logstores named
    /// `innertrail_*` or `actiontrail_*`.
    #[serde(default = "default_role_name")]
    #[schemars(length(max = 256))]
    #[x_kube(validation = rules::role_name_shape())]
    pub name: String,

    /// `true` lets the operator create the role, its trust policy and its permission policy, and repair
    /// them. `false` only checks them and says what to do. Default: `false`.
    #[serde(default)]
    pub manage: bool,
}

impl Default for Role {
    fn default() -> Self {
        Self { name: default_role_name(), manage: false }
    }
}

/// Where platform events go. All platform events of an account go to exactly one Logstore. The operator
/// never deletes a project, a Logstore or an event.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::logstore_immutable())]
pub struct Destination {
    /// Name of the SLS project: 3 to 63 lower-case letters, digits and `-`. Names are shared by all accounts
    /// of a region. Required, immutable. Example: `my-audit`.
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::project_shape(), validation = rules::project_immutable())]
    pub project: String,

    /// Name of the Logstore: 3 to 63 lower-case letters, digits, `-` and `_`. Immutable. Default: the
    /// dedicated Logstore `innertrail_<trail name>`, which ActionTrail makes and to which nobody else can
    /// write. Example: `innertrail_prod-ops`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::logstore_shape())]
    pub logstore: Option<String>,

    /// What may be created when it is missing: `None`, the `Logstore` (the project must exist), or
    /// `ProjectAndLogstore`. Default: `Logstore`.
    #[serde(default)]
    pub create: Create,

    /// How long events are kept. Default: left as it is in the cloud, which keeps events for ever unless
    /// somebody changed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// How long events are kept, in days from 1 to 3650; 3650 means for ever.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::min_days_up_to_desired_days())]
pub struct Retention {
    /// The floor, in days: with less, `LogstoreReady` is False, reason `RetentionTooShort`. Classified
    /// protection asks for 180. Default: no floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>")]
    #[x_kube(validation = rules::min_days_range())]
    pub min_days: Option<u32>,

    /// The wish, in days: a Logstore that keeps events for less is lengthened, never shortened, because that
    /// would delete events. A refusal is reported instead of tried for ever. Not less than `minDays`.
    /// Default: no wish. Example: `365`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>")]
    #[x_kube(validation = rules::desired_days_range())]
    pub desired_days: Option<u32>,
}

/// What may be created when it is missing.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Create {
    /// Nothing: project and Logstore must exist.
    None,
    /// The Logstore; the project must exist.
    #[default]
    Logstore,
    /// The project and the Logstore.
    ProjectAndLogstore,
}

/// How the index of the Logstore is looked after.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// `Additive` adds the index and the fields that are missing and leaves everything else as it is.
    /// `Required` only checks that the fields of platform events are indexed. `Ignore` does not look.
    /// Default: `Additive`.
    #[serde(default)]
    pub policy: IndexPolicy,
}

/// How far the index is looked after.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexPolicy {
    /// Checked, never changed.
    Required,
    /// Checked; what is missing is added.
    #[default]
    Additive,
    /// Not looked at.
    Ignore,
}

/// How far the operator may go.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Changes the cloud until it is as the spec says.
    #[default]
    Enforce,
    /// Changes nothing; lists the calls it would make.
    Plan,
    /// Changes nothing; reports.
    Observe,
}

/// Who turns the switch.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// The operator, through the inner-trail operations.
    #[default]
    #[serde(rename = "API")]
    Api,
    /// A person, in the console.
    Console,
}

/// What to do about what exists already.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adoption {
    /// Taken over when that overwrites nothing.
    #[default]
    IfCompatible,
    /// Taken over and changed to match.
    Always,
    /// Left alone and reported.
    Never,
}

/// What deletion of the object does to the cloud.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// Shipping is switched off, and seen off, before the object goes.
    #[default]
    Disable,
    /// Shipping stays on.
    Retain,
}

fn yes() -> bool {
    true
}

fn default_interval() -> String {
    "5m".to_owned()
}

fn default_role_name() -> String {
    DEFAULT_ROLE.to_owned()
}
