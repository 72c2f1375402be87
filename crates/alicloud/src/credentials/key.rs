//! The credential a session signs with.
//!
//! *Invariant:* the secret and the token are in no `Debug` text and are wiped from memory when dropped.

use alicloud_sign::AccessKey as SigningKey;
use secrecy::{ExposeSecret as _, SecretString};

/// An access key, permanent or temporary. `Debug` shows the id alone.
#[derive(Clone, Debug)]
pub struct AccessKey {
    id: String,
    secret: SecretString,
    security_token: Option<SecretString>,
}

impl AccessKey {
    /// Takes the access key id (not secret), its secret, and the token of a temporary credential.
    pub fn new(id: impl Into<String>, secret: SecretString, security_token: Option<SecretString>) -> Self {
        Self { id: id.into(), secret, security_token }
    }

    /// The access key id; not secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether both are the same key with the same secrets.
    pub fn is_same(&self, other: &Self) -> bool {
        let (one, two) = (self.signing(), other.signing());
        (one.id, one.secret, one.security_token) == (two.id, two.secret, two.security_token)
    }

    /// Whether nothing that a key needs is empty.
    pub(super) fn is_complete(&self) -> bool {
        let key = self.signing();
        !key.id.is_empty()
            && !key.secret.is_empty()
            && key.security_token.is_none_or(|token| !token.is_empty())
    }

    pub(crate) fn signing(&self) -> SigningKey<'_> {
        SigningKey {
            id: &self.id,
            secret: self.secret.expose_secret(),
            security_token: self.security_token.as_ref().map(SecretString::expose_secret),
        }
    }

    /// `text` with the secret and the token struck out, should a server have echoed them.
    pub(crate) fn redact(&self, text: &str) -> String {
        let key = self.signing();
        let secrets = [Some(key.secret), key.security_token].into_iter().flatten();
        secrets
            .filter(|secret| !secret.is_empty())
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}
