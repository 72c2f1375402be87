//! Holds the Secret in use: switching off needs the access key, so the Secret may not go before the last object that
//! names it.
//!
//! A finalizer of its own is put on the Secret when it is first used, and taken off when the last `InnerTrail` of the
//! namespace that names it is about to go or names another. Both patches are tied to the uid and resource version that
//! were read. Which Secret is held is in the object's status, so that a restart does not lose it.

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::Subject;
use super::context::Context;
use super::error::ReconcileError;
use super::gate::is_armed;
use crate::api::names::{FIELD_MANAGER, SECRET_FINALIZER};

/// Puts the finalizer on a Secret that is about to be used, and notes that it is. A Secret on its way out takes no new
/// finalizer. Best effort: what cannot be held is still used, and the next pass tries again.
pub(super) async fn hold(ctx: &Context, subject: &mut Subject, secret: &Secret) {
    let name = secret.metadata.name.clone().unwrap_or_default();
    let mut held = finalizers(secret);
    if !held.iter().any(|finalizer| finalizer == SECRET_FINALIZER) {
        if secret.metadata.deletion_timestamp.is_some() {
            return;
        }
        held.push(SECRET_FINALIZER.to_owned());
        if let Err(error) = patch(ctx, &subject.namespace, secret, &held).await {
            tracing::warn!(object = %subject.key(), secret = %name, %error, "cannot hold the Secret");
            return;
        }
    }
    subject.secret_in_use = Some(name);
}

/// Lets go of the Secret held for this object, if it is not the one it names now.
pub(super) async fn let_go_of_former(
    ctx: &Context,
    subject: &mut Subject,
    named: Option<&str>,
) -> Result<(), ReconcileError> {
    match subject.secret_in_use.clone() {
        Some(former) if named != Some(&former) => let_go(ctx, subject, &former).await,
        Some(_) | None => Ok(()),
    }
}

/// Takes the finalizer off, if this was the last object of the namespace that names the Secret.
///
/// # Errors
/// When the API server did not take part: the Secret is still held, and to be let go of by a later pass.
pub(super) async fn let_go(ctx: &Context, subject: &mut Subject, name: &str) -> Result<(), ReconcileError> {
    let api: Api<Secret> = Api::namespaced(ctx.client.clone(), &subject.namespace);
    let (users, secret) = tokio::join!(users(ctx, subject, name), api.get_opt(name));
    let unread =
        |source| ReconcileError::Kubernetes { doing: "let go of the Secret", source: Box::new(source) };
    if let (0, Some(secret)) = (users.map_err(unread)?, secret.map_err(unread)?) {
        let mut held = finalizers(&secret);
        let before = held.len();
        held.retain(|finalizer| finalizer != SECRET_FINALIZER);
        if held.len() != before {
            patch(ctx, &subject.namespace, &secret, &held).await.map_err(unread)?;
        }
    }
    subject.secret_in_use = subject.secret_in_use.take().filter(|held| held != name);
    Ok(())
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

async fn patch(ctx: &Context, namespace: &str, secret: &Secret, held: &[String]) -> Result<(), kube::Error> {
    let name = secret.metadata.name.clone().unwrap_or_default();
    let operations: json_patch::Patch = serde_json::from_value(json!([
        {"op": "test", "path": "/metadata/uid", "value": secret.metadata.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": secret.metadata.resource_version},
        {"op": "add", "path": "/metadata/finalizers", "value": held},
    ]))
    .map_err(kube::Error::SerdeError)?;
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let api: Api<Secret> = Api::namespaced(ctx.client.clone(), namespace);
    match api.patch(&name, &params, &Patch::Json::<()>(operations)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(()),
        Err(error) => Err(error),
    }
}
