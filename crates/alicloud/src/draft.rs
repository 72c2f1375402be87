//! A request before it is signed, and how it is signed.
//!
//! Takes method, path, query, headers and body; each attempt takes a key, a time and a nonce and returns a
//! request ready to be sent. *Invariant:* every attempt is signed by itself; nothing of an earlier one is used.

use alicloud_sign::{acs3, sls_v4};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::credentials::AccessKey;

/// Headers whose values are kept out of every `Debug` text.
const SECRET_HEADERS: [&str; 2] = ["authorization", "x-acs-security-token"];

/// How a request is signed.
#[derive(Clone, Debug)]
pub(crate) enum Scheme {
    Acs3 { action: String, version: String },
    SlsV4 { region: String },
}

/// Why a request cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsendable {
    /// Host, path and query are no address, or one that is too long.
    Address,
    /// A header cannot carry what it should. All but those that signing adds hold checked names.
    Header,
}

/// A request before it is signed: everything but the headers that signing adds.
pub(crate) struct Draft {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// Percent-encoded, without `?`.
    pub(crate) query: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) scheme: Scheme,
    /// Something in the body that no error may repeat.
    pub(crate) secret: Option<SecretString>,
}

impl Draft {
    /// The request as it goes on the wire. Without a key it goes unsigned.
    pub(crate) fn request(
        &self,
        host: &str,
        key: Option<&AccessKey>,
        time: Timestamp,
        nonce: &str,
    ) -> Result<Request<Bytes>, Unsendable> {
        let added = key.map(|key| self.sign(key, time, nonce)).unwrap_or_default();
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let uri = format!("https://{host}{}{query}", self.path);
        let request = Request::builder().method(self.method).uri(uri).body(self.body.clone());
        let mut request = request.map_err(|_| Unsendable::Address)?;
        let own = self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        for (name, text) in own.chain(added) {
            let mut value = HeaderValue::from_str(&text).map_err(|_| Unsendable::Header)?;
            value.set_sensitive(SECRET_HEADERS.contains(&name.as_str()));
            let name = HeaderName::try_from(name).map_err(|_| Unsendable::Header)?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    fn sign(&self, key: &AccessKey, time: Timestamp, nonce: &str) -> Vec<(String, String)> {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let (method, path, query) = (self.method, &*self.path, &*self.query);
        let request = alicloud_sign::Request { method, path, query, headers: &headers, body: &self.body };
        match &self.scheme {
            Scheme::Acs3 { action, version } => {
                acs3::sign(&request, &key.signing(), &acs3::Stamp { action, version, nonce, time })
            }
            Scheme::SlsV4 { region } => {
                sls_v4::sign(&request, &key.signing(), &sls_v4::Stamp { region, time })
            }
        }
    }

    /// `text` without the secrets of the request, should a server have echoed them.
    pub(crate) fn redact(&self, key: Option<&AccessKey>, text: &str) -> String {
        let text = key.map_or_else(|| text.to_owned(), |key| key.redact(text));
        let secret =
            self.secret.as_ref().map(SecretString::expose_secret).filter(|secret| !secret.is_empty());
        secret.map_or(text.clone(), |secret| text.replace(secret, "***"))
    }
}
