//! The shell: from a watch event to a status.
//!
//! Read [`pass`] first, then `gate` (finalizer), `apply` (the line), `farewell` (the line for deletion), `observe`,
//! `act`, `record`. `memory`, `claims` and `keyring` hold what passes share.
//!
//! *Invariant:* at most one change in the cloud between two looks at it, and none before the finalizer is on the
//! object and the intent is in its status.

mod act;
mod apply;
mod claims;
mod context;
mod controller;
mod credentials;
mod error;
mod farewell;
mod gate;
mod hold;
mod keyring;
mod memory;
mod observe;
mod record;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use kube::core::DeserializeGuard;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use serde_json::Value;

pub use context::{Context, Settings};
pub use controller::run;
pub use error::ReconcileError;

use crate::api::names::{GROUP, REQUESTED_AT_ANNOTATION, VERSION};
use crate::api::{InnerTrail, InnerTrailStatus};
use crate::decide::Step;
use crate::desired::parse_duration;
use crate::observed::Before;
use crate::report::Report;
use gate::Gate;
use memory::Wake;

/// Wait before the finalizer is tried again: the object changed in between, or a policy of the cluster refuses it.
const FINALIZER_RETRY: Duration = Duration::from_secs(5);

/// An object of the watch cache; one that does not fit the schema is one object's problem.
pub type Cached = DeserializeGuard<InnerTrail>;

/// One pass over one object.
async fn pass(cached: &Cached, ctx: &Context) -> Result<Action, ReconcileError> {
    let uid = cached.meta().uid.clone().unwrap_or_default();
    if let Some(wait) = ctx.memory.early(&uid, &wake_of(cached.meta()), ctx.now()) {
        return Ok(Action::requeue(wait));
    }
    let Some(stored) = read(cached, ctx).await? else {
        if ctx.forget(&uid) {
            ctx.wake_claimants();
        }
        return Ok(Action::await_change());
    };
    let mut subject = Subject::of(&stored);
    ctx.memory.begin(&subject.uid, &subject.wake);
    if let Some(wait) = subject.intent_wait(ctx, ctx.now()) {
        tracing::info!(object = %subject.key(), wait_secs = wait.as_secs(), "waiting until an earlier change cannot land any more");
        return Ok(Action::requeue(wait));
    }
    match Gate::of(&stored.metadata) {
        Gate::Arm => arm(ctx, &mut subject, &stored).await,
        Gate::Apply => apply::apply(ctx, &mut subject, &stored).await,
        Gate::Cleanup => farewell::farewell(ctx, &mut subject, &stored).await,
        Gate::Released => Ok(Action::await_change()),
    }
}

/// Adds the finalizer, shows that nothing is known yet, and stops: the change it makes starts the next pass.
async fn arm(ctx: &Context, subject: &mut Subject, stored: &Stored) -> Result<Action, ReconcileError> {
    if gate::arm(ctx, stored).await? {
        record::record(ctx, subject, &Report::pending()).await?;
        return Ok(Action::await_change());
    }
    tracing::warn!(object = %subject.key(), "the finalizer was not accepted; nothing is done before it is on the object");
    Ok(Action::requeue(FINALIZER_RETRY))
}

/// The object as the API server has it now: the cache may be behind our own last write.
async fn read(cached: &Cached, ctx: &Context) -> Result<Option<Stored>, ReconcileError> {
    let namespace = cached.meta().namespace.clone().unwrap_or_default();
    let found = ctx.objects(&namespace).get_opt(&cached.name_any()).await.map_err(|source| {
        ReconcileError::Kubernetes { doing: "read the object", source: Box::new(source) }
    })?;
    found.map(Stored::of).transpose()
}

/// An object as stored: metadata typed, the rest as it came.
struct Stored {
    metadata: ObjectMeta,
    object: Value,
}

impl Stored {
    fn of(found: DynamicObject) -> Result<Self, ReconcileError> {
        let object = serde_json::to_value(&found).map_err(ReconcileError::Encode)?;
        Ok(Self { metadata: found.metadata, object })
    }

    fn name(&self) -> String {
        self.metadata.name.clone().unwrap_or_default()
    }

    fn namespace(&self) -> String {
        self.metadata.namespace.clone().unwrap_or_default()
    }
}

/// The object a pass is about, and what was last written of it.
struct Subject {
    namespace: String,
    name: String,
    uid: String,
    resource_version: String,
    generation: i64,
    created: Timestamp,
    requested_at: Option<String>,
    interval: Duration,
    status: InnerTrailStatus,
    /// The Secret that is held for the object.
    secret_in_use: Option<String>,
    /// Whether what the last status write announced must not be done: the object is gone, has lost the finalizer or asks
    /// for something else by now, or the write took too long.
    superseded: bool,
    wake: Wake,
    reference: ObjectReference,
}

impl Subject {
    fn of(stored: &Stored) -> Self {
        let meta = &stored.metadata;
        let wake = wake_of(meta);
        let status = status_of(stored);
        Self {
            namespace: stored.namespace(),
            name: stored.name(),
            uid: meta.uid.clone().unwrap_or_default(),
            resource_version: meta.resource_version.clone().unwrap_or_default(),
            generation: wake.generation,
            created: meta.creation_timestamp.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0),
            requested_at: wake.requested_at.clone(),
            interval: interval_of(stored),
            secret_in_use: status.secret_in_use.clone(),
            status,
            superseded: false,
            reference: reference(stored),
            wake,
        }
    }

    /// `namespace/name`.
    fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// How long an open intent may still land. Never longer than a step can take, whatever the clock said when it was
    /// written.
    fn intent_wait(&self, ctx: &Context, now: Timestamp) -> Option<Duration> {
        let left = self.status.intent.as_ref()?.not_before.0.duration_since(now);
        let window = record::intent_window_max(ctx.settings.call_limit);
        (left > SignedDuration::ZERO).then(|| left.unsigned_abs().min(window))
    }

    /// What earlier looks, and an intent that may have been carried out, say of shipping.
    fn before(&self) -> Before {
        let announced = self.status.intent.as_ref();
        Before {
            source: self.status.trail.as_ref().and_then(|trail| trail.source),
            creating: announced.is_some_and(|intent| intent.step == Step::CreateInnerTrail.name()),
            switched_off: false,
        }
    }

    /// Whether nothing can have been changed in the cloud for this object: before the first change its status tells whose
    /// account it is, and what is about to be changed.
    fn never_acted(&self) -> bool {
        self.status.account.is_none() && self.status.intent.is_none() && self.status.trail.is_none()
    }

    /// Takes over what a status write returned of the object.
    fn written(&mut self, meta: ObjectMeta) {
        self.superseded = meta.generation != Some(self.generation)
            || (meta.deletion_timestamp.is_some() && !self.wake.deleting)
            || !gate::is_armed(&meta);
        self.resource_version = meta.resource_version.unwrap_or_default();
    }

    /// A number that differs from object to object and stays the same for one.
    fn salt(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.uid.hash(&mut hasher);
        hasher.finish()
    }
}

/// The interval, whatever else is wrong with the spec.
fn interval_of(stored: &Stored) -> Duration {
    let text = stored.object.pointer("/spec/interval").and_then(Value::as_str);
    text.and_then(|text| parse_duration(text).ok()).unwrap_or(Duration::from_mins(5))
}

/// The status as last written. One field that cannot be read must not hide the intent or the transition times.
fn status_of(stored: &Stored) -> InnerTrailStatus {
    let status = &stored.object["status"];
    serde_json::from_value(status.clone()).unwrap_or_else(|error| {
        tracing::warn!(%error, "the status does not fit this version; conditions, intent and Secret are read");
        let read = ["conditions", "intent", "secretInUse"].map(|field| (field.to_owned(), status[field].clone()));
        let kept = Value::Object(read.into_iter().filter(|(_, value)| !value.is_null()).collect());
        serde_json::from_value(kept).unwrap_or_default()
    })
}

fn reference(stored: &Stored) -> ObjectReference {
    ObjectReference {
        api_version: Some(format!("{GROUP}/{VERSION}")),
        kind: Some("InnerTrail".to_owned()),
        name: stored.metadata.name.clone(),
        namespace: stored.metadata.namespace.clone(),
        uid: stored.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}

fn wake_of(meta: &ObjectMeta) -> Wake {
    Wake {
        generation: meta.generation.unwrap_or_default(),
        requested_at: meta.annotations.as_ref().and_then(|all| all.get(REQUESTED_AT_ANNOTATION).cloned()),
        deleting: meta.deletion_timestamp.is_some(),
        finalizer: gate::is_armed(meta),
    }
}
