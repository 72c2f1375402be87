//! Holds the Secret in use: switching off needs the access key, so the Secret may not go before the last object that
//! names it.
//!
//! A finalizer of its own is put on the Secret when it is first used, and taken off when the last `InnerTrail` of the
//! namespace that names it is gone or names another. Both patches are tied to the uid and resource version that were
//! read.

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::Subject;
use super::context::Context;
use super::gate::is_armed;
use crate::api::names::{FIELD_MANAGER, SECRET_FINALIZER};

/// Puts the finalizer on a Secret that is about to be used. A Secret on its way out takes no new finalizer.
pub(super) async fn hold(ctx: &Context, namespace: &str, secret: &Secret) {
    let meta = &secret.metadata;
    if meta.deletion_timestamp.is_some() || finalizers(secret).iter().any(|held| held == SECRET_FINALIZER) {
        return;
    }
    let mut held = finalizers(secret);
    held.push(SECRET_FINALIZER.to_owned());
    patch(ctx, namespace, secret, &held).await;
}

/// Takes the finalizer off, if this was the last object of the namespace that names the Secret.
pub(super) async fn let_go(ctx: &Context, subject: &Subject, name: &str) {
    let api: Api<Secret> = Api::namespaced(ctx.client.clone(), &subject.namespace);
    let (users, secret) = tokio::join!(users(ctx, subject, name), api.get_opt(name));
    let (Ok(0), Ok(Some(secret))) = (users, secret) else { return };
    let mut held = finalizers(&secret);
    let before = held.len();
    held.retain(|finalizer| finalizer != SECRET_FINALIZER);
    if held.len() != before {
        patch(ctx, &subject.namespace, &secret, &held).await;
    }
}

/// How many other objects of the namespace name the Secret and may still need it, as the API server has them now.
async fn users(ctx: &Context, subject: &Subject, name: &str) -> Result<usize, kube::Error> {
    let objects = ctx.objects(&subject.namespace).list(&ListParams::default()).await?;
    let needs = |object: &&DynamicObject| {
        let meta = &object.metadata;
        meta.uid.as_deref() != Some(&subject.uid)
            && (meta.deletion_timestamp.is_none() || is_armed(meta))
            && object.data.pointer("/spec/credentials/secretRef/name").and_then(Value::as_str) == Some(name)
    };
    Ok(objects.items.iter().filter(needs).count())
}

fn finalizers(secret: &Secret) -> Vec<String> {
    secret.metadata.finalizers.clone().unwrap_or_default()
}

/// Best effort: what cannot be held is still used, and the next pass tries again.
async fn patch(ctx: &Context, namespace: &str, secret: &Secret, held: &[String]) {
    let name = secret.metadata.name.clone().unwrap_or_default();
    let operations: json_patch::Patch = match serde_json::from_value(json!([
        {"op": "test", "path": "/metadata/uid", "value": secret.metadata.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": secret.metadata.resource_version},
        {"op": "add", "path": "/metadata/finalizers", "value": held},
    ])) {
        Ok(operations) => operations,
        Err(error) => return tracing::error!(%error, "cannot write down a patch"),
    };
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let api: Api<Secret> = Api::namespaced(ctx.client.clone(), namespace);
    if let Err(error) = api.patch(&name, &params, &Patch::Json::<()>(operations)).await {
        tracing::warn!(secret = %format!("{namespace}/{name}"), %error, "cannot change the finalizer of the Secret");
    }
}
