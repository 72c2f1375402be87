//! A temporary credential as the metadata server and a credentials URI write it (cloud-api §4.3).

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use crate::credentials::AccessKey;

/// An access key and when it ends, if it does.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) key: AccessKey,
    pub(super) expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Issued {
    code: String,
    access_key_id: Option<String>,
    access_key_secret: Option<SecretString>,
    security_token: Option<SecretString>,
    expiration: Option<Timestamp>,
}

/// Reads a credential. The body is never quoted: it holds the secret.
pub(super) fn read(body: &[u8]) -> Result<Lease, &'static str> {
    let issued: Issued = serde_json::from_slice(body)
        .map_err(|_| "the reply is not a credential in JSON, or an incomplete one")?;
    if issued.code != "Success" {
        return Err("the reply does not say `Success`");
    }
    let (Some(id), Some(secret), Some(token), Some(expires_at)) =
        (issued.access_key_id, issued.access_key_secret, issued.security_token, issued.expiration)
    else {
        return Err("the credential in the reply is incomplete");
    };
    Ok(Lease { key: AccessKey::new(id, secret, Some(token)), expires_at: Some(expires_at) })
}
