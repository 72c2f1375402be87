//! STS 2015-04-01: who the credential belongs to, and temporary credentials of a role (cloud-api §4.1).
//!
//! *Invariant:* what STS hands out is in no error and no log; an undecodable reply is not quoted.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::call::{Call, Operation};
use crate::cloud::Cloud;
use crate::credentials::AccessKey;
use crate::draft::Draft;
use crate::error::CallError;
use crate::fault::Service;
use crate::reply::Reply;
use crate::rpc::{Rpc, draft, encoded};
use crate::session::{Session, by_table};
use crate::tolerant;

const VERSION: &str = "2015-04-01";
const GET_CALLER_IDENTITY: Operation =
    Operation::reads(Service::Sts, "GetCallerIdentity", "sts:GetCallerIdentity");
/// Changes nothing that outlives the credential, so it counts as a read.
const ASSUME_ROLE: Operation = Operation::reads(Service::Sts, "AssumeRole", "sts:AssumeRole");
const ASSUME_ROLE_WITH_OIDC: Operation =
    Operation::reads(Service::Sts, "AssumeRoleWithOIDC", "sts:AssumeRoleWithOIDC");

/// The owner of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CallerIdentity {
    /// The number of the account.
    #[serde(deserialize_with = "tolerant::needed_text")]
    pub account_id: String,
    /// The ARN of the user or role.
    pub arn: String,
    /// `Account`, `RAMUser` or `AssumedRoleUser`; others may exist.
    pub identity_type: String,
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// `acs:ram::<account>:role/<name>`.
    pub role_arn: String,
    /// What the session is called in audit logs: 2 to 64 letters, digits and `.@-_`.
    pub session_name: String,
    /// How long the credential is to last: from 15 minutes to the limit of the role, in whole seconds.
    pub duration: Duration,
    /// What the trust policy of the role may ask for: 2 to 1224 characters.
    pub external_id: Option<String>,
    /// A policy (JSON text, up to 2048 characters) that narrows what the credential may do.
    pub policy: Option<String>,
}

/// A role to assume with the token of an OIDC provider.
#[derive(Clone, Debug)]
pub struct AssumeRoleWithOidc {
    /// `acs:ram::<account>:role/<name>`.
    pub role_arn: String,
    /// `acs:ram::<account>:oidc-provider/<name>`.
    pub provider_arn: String,
    /// The token, 4 to 20000 characters.
    pub token: SecretString,
    /// What the session is called in audit logs: 2 to 64 letters, digits and `.@-_`.
    pub session_name: String,
    /// How long the credential is to last: from 15 minutes to the limit of the role, in whole seconds.
    pub duration: Duration,
    /// A policy (JSON text, up to 2048 characters) that narrows what the credential may do.
    pub policy: Option<String>,
}

/// A credential that ends.
#[derive(Clone, Debug)]
pub struct TemporaryKey {
    /// What to sign with.
    pub key: AccessKey,
    /// When it ends, by the clock of the service.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CredentialsReply {
    credentials: Issued,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Issued {
    access_key_id: String,
    access_key_secret: SecretString,
    security_token: SecretString,
    expiration: Timestamp,
}

impl Session {
    /// Asks who the credential belongs to. Needs no permission.
    pub async fn get_caller_identity(&self) -> Result<CallerIdentity, CallError> {
        let action = GET_CALLER_IDENTITY.action;
        let (operation, host) = (GET_CALLER_IDENTITY, self.host(Service::Sts));
        self.rpc(&Rpc { operation, action, version: VERSION, host, parameters: Vec::new() }).await
    }

    /// Exchanges the session's credential for a temporary one of a role that trusts it.
    ///
    /// # Errors
    /// `Denied` when the caller may not or the role does not trust it, `NotFound` for an unknown role.
    pub async fn assume_role(&self, role: &AssumeRole) -> Result<TemporaryKey, CallError> {
        let seconds = role.duration.as_secs().to_string();
        let mut parameters = vec![
            ("RoleArn", &*role.role_arn),
            ("RoleSessionName", &*role.session_name),
            ("DurationSeconds", &*seconds),
        ];
        parameters.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
        parameters.extend(role.policy.as_deref().map(|policy| ("Policy", policy)));
        let (operation, action, host) = (ASSUME_ROLE, ASSUME_ROLE.action, self.host(Service::Sts));
        let rpc = Rpc { operation, action, version: VERSION, host, parameters };
        let call = rpc.call();
        issued(&call, &self.rpc_draft(&call, &draft(&rpc), by_table(Service::Sts)).await?)
    }
}

impl Cloud {
    /// Exchanges a token of an OIDC provider for a temporary credential of a role that trusts it, in a region's
    /// STS. Not signed: the token is the proof. It goes in the body, as the official Go client sends it
    /// (cloud-api §4.2), so that no log of addresses holds it.
    ///
    /// # Errors
    /// `CredentialsInvalid` for a token that is refused, `NotFound` for an unknown role or provider.
    pub async fn assume_role_with_oidc(
        &self,
        region: &str,
        role: &AssumeRoleWithOidc,
    ) -> Result<TemporaryKey, CallError> {
        let session = self.unsigned(&role.role_arn, region);
        let call = Call { operation: ASSUME_ROLE_WITH_OIDC, host: session.host(Service::Sts) };
        let draft = oidc_draft(role, &call, self.now());
        issued(&call, &session.rpc_draft(&call, &draft, by_table(Service::Sts)).await?)
    }
}

fn oidc_draft(role: &AssumeRoleWithOidc, call: &Call, now: Timestamp) -> Draft {
    let timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let parameters =
        vec![("Action", call.operation.action), ("Version", VERSION), ("Timestamp", &*timestamp)];
    let (operation, action, host) = (call.operation, call.operation.action, call.host.clone());
    let mut draft = draft(&Rpc { operation, action, version: VERSION, host, parameters });
    let seconds = role.duration.as_secs().to_string();
    let form = [
        ("RoleArn", &*role.role_arn),
        ("OIDCProviderArn", &*role.provider_arn),
        ("OIDCToken", role.token.expose_secret()),
        ("RoleSessionName", &*role.session_name),
        ("DurationSeconds", &*seconds),
    ];
    let policy = role.policy.as_deref().map(|policy| ("Policy", policy));
    draft.body = Bytes::from(encoded(form.into_iter().chain(policy)));
    draft.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    draft.secret = Some(role.token.clone());
    draft
}

fn issued(call: &Call, reply: &Reply) -> Result<TemporaryKey, CallError> {
    let CredentialsReply { credentials } = reply.decode_quietly(call)?;
    let key = AccessKey::new(
        credentials.access_key_id,
        credentials.access_key_secret,
        Some(credentials.security_token),
    );
    Ok(TemporaryKey { key, expires_at: credentials.expiration })
}
