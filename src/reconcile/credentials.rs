//! From the spec's credentials to somebody who may call.
//!
//! Takes what an object asks for; returns a [`Session`] and who it belongs to, or a finding saying what is missing. A
//! pass signs everything with the one key it begins with, so that what is changed is what was looked at, and no
//! change waits for a new key.

use alicloud::{AccessKey, FaultKind, Session};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use secrecy::SecretString;

use super::context::Context;
use super::error::ReconcileError;
use super::keyring::Label;
use super::{Subject, hold, observe};
use crate::api::names::{SECRET_KEY_ID, SECRET_KEY_SECRET, SECRET_KEY_TOKEN};
use crate::api::reasons::Reason;
use crate::decide::{Finding, keyless, without};
use crate::desired::CredentialsWanted;
use crate::observed::{Caller, Seen};

/// Who calls in one pass.
pub(super) struct SignedIn {
    /// Signs with the one key of the pass.
    pub(super) session: Session,
    /// Who the key belongs to: the first read of the pass.
    pub(super) caller: Seen<Caller>,
}

/// Why nobody can call.
pub(super) enum NoKey {
    /// There is no access key: what is missing, and what to do about it.
    Missing(Box<Finding>),
    /// The API server did not say.
    Unread(ReconcileError),
}

/// A session with a key that is good now. One that the cloud refuses although it has not expired is replaced once,
/// where its source has another.
pub(super) async fn sign_in(
    ctx: &Context,
    subject: &mut Subject,
    wanted: &CredentialsWanted,
    region: &str,
) -> Result<SignedIn, NoKey> {
    let secret = match wanted.secret() {
        Some(name) => Some(from_secret(ctx, subject, name).await?),
        None => None,
    };
    let label = Label::new(&subject.namespace, wanted, region);
    let credentials = ctx.keyring.credentials(&ctx.cloud, &subject.uid, label, secret);
    let credentials = credentials.map_err(|why| NoKey::Missing(Box::new(without(&wanted.source, &why))))?;
    let key = credentials.access_key().await;
    let key = key.map_err(|error| NoKey::Missing(Box::new(keyless(&wanted.source, &error))))?;
    let signed_in = introduce(ctx, key.clone(), region).await;
    if !is_refused(&signed_in.caller) {
        return Ok(signed_in);
    }
    match credentials.renew(&key).await {
        Ok(another) => Ok(introduce(ctx, another, region).await),
        Err(_) => Ok(signed_in),
    }
}

async fn introduce(ctx: &Context, key: AccessKey, region: &str) -> SignedIn {
    let session = ctx.cloud.session(key, region);
    SignedIn { caller: observe::caller(&session).await, session }
}

fn is_refused(caller: &Seen<Caller>) -> bool {
    let kind = caller.fault().map(|fault| fault.kind);
    matches!(kind, Some(FaultKind::CredentialsInvalid | FaultKind::CredentialsExpired))
}

fn missing(message: String) -> NoKey {
    NoKey::Missing(Box::new(Finding::new(Reason::CredentialsMissing, message)))
}

async fn from_secret(ctx: &Context, subject: &mut Subject, name: &str) -> Result<AccessKey, NoKey> {
    let namespace = &subject.namespace.clone();
    let api: Api<Secret> = Api::namespaced(ctx.client.clone(), namespace);
    let secret = match api.get_opt(name).await {
        Ok(Some(secret)) => secret,
        Ok(None) => {
            return Err(missing(format!(
                "Secret `{namespace}/{name}` does not exist; create it with the keys `{SECRET_KEY_ID}` and `{SECRET_KEY_SECRET}`"
            )));
        }
        Err(kube::Error::Api(answer)) if answer.code == 403 => {
            return Err(missing(format!(
                "Secret `{namespace}/{name}` may not be read; cluster admin: let the operator's ServiceAccount get it"
            )));
        }
        Err(error) => {
            return Err(NoKey::Unread(ReconcileError::Kubernetes {
                doing: "read the Secret",
                source: Box::new(error),
            }));
        }
    };
    hold::hold(ctx, subject, &secret).await;
    let text = |key: &str| {
        let bytes = secret.data.as_ref().and_then(|data| data.get(key)).map(|bytes| bytes.0.as_slice());
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::trim).filter(|text| !text.is_empty())
    };
    let need = |key: &str| {
        text(key)
            .ok_or_else(|| missing(format!("Secret `{namespace}/{name}` has no text under `{key}`; add it")))
    };
    let (id, secret_text) = (need(SECRET_KEY_ID)?.to_owned(), SecretString::from(need(SECRET_KEY_SECRET)?));
    Ok(AccessKey::new(id, secret_text, text(SECRET_KEY_TOKEN).map(SecretString::from)))
}
