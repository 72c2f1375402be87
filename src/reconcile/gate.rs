//! The finalizer gate: nothing is changed in the cloud before the finalizer is on the object, and the finalizer leaves
//! only when cleanup says so.
//!
//! # Guarantees
//! Both patches name the object by uid and resource version, so that neither can land on another incarnation of the
//! same name (`faults.md` §3.3). A patch that does not apply any more means "look again", never an error.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::Stored;
use super::context::Context;
use super::error::ReconcileError;
use crate::api::names::{FIELD_MANAGER, FINALIZER};

/// What the metadata of an object asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Add the finalizer, and stop.
    Arm,
    /// Work towards the spec.
    Apply,
    /// Work towards absence.
    Cleanup,
    /// Deleted and not ours any more.
    Released,
}

impl Gate {
    pub(super) fn of(meta: &ObjectMeta) -> Self {
        match (meta.deletion_timestamp.is_some(), is_armed(meta)) {
            (false, false) => Self::Arm,
            (false, true) => Self::Apply,
            (true, true) => Self::Cleanup,
            (true, false) => Self::Released,
        }
    }
}

pub(super) fn is_armed(meta: &ObjectMeta) -> bool {
    meta.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
}

/// Puts the finalizer on the object; returns whether that was done.
pub(super) async fn arm(ctx: &Context, stored: &Stored) -> Result<bool, ReconcileError> {
    let change = if stored.metadata.finalizers.as_ref().is_none_or(Vec::is_empty) {
        json!({"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]})
    } else {
        json!({"op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER})
    };
    patch(ctx, stored, None, change).await
}

/// Takes the finalizer off the object as it was at `resource_version`; returns whether that was done.
pub(super) async fn release(
    ctx: &Context,
    stored: &Stored,
    resource_version: &str,
) -> Result<bool, ReconcileError> {
    let others: Vec<&String> =
        stored.metadata.finalizers.iter().flatten().filter(|finalizer| *finalizer != FINALIZER).collect();
    let change = json!({"op": "replace", "path": "/metadata/finalizers", "value": others});
    patch(ctx, stored, Some(resource_version), change).await
}

async fn patch(
    ctx: &Context,
    stored: &Stored,
    version: Option<&str>,
    change: Value,
) -> Result<bool, ReconcileError> {
    let version = version.or(stored.metadata.resource_version.as_deref());
    let operations: json_patch::Patch = serde_json::from_value(json!([
        {"op": "test", "path": "/metadata/uid", "value": stored.metadata.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        change,
    ]))
    .map_err(ReconcileError::Encode)?;
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let api = ctx.objects(&stored.namespace());
    match api.patch(&stored.name(), &params, &Patch::Json::<()>(operations)).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409 | 422) => Ok(false),
        Err(error) => {
            Err(ReconcileError::Kubernetes { doing: "patch the finalizer", source: Box::new(error) })
        }
    }
}
