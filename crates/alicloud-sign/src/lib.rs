//! Alibaba Cloud request signing and verification.
//!
//! Takes a request as bytes, an access key and a time; returns the headers (or parameters) to add, or says
//! whether a received request was signed with a given secret. One module per scheme, each with the same
//! three functions: `sign`, `presented` (who signed, read without checking anything) and `verify`.
//!
//! *Invariant:* no I/O, no clock, no randomness. Replay windows and nonces are the caller's business.

mod canon;
mod digest;

pub mod acs3;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod rpc_v1;
pub mod sls_v1;
pub mod sls_v4;

use std::fmt;

pub use canon::{encode, parameters};

/// A request as it goes on the wire, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method, upper case.
    pub method: &'a str,
    /// Path exactly as sent, percent-encoded, starting with `/`.
    pub path: &'a str,
    /// Query exactly as sent, without the `?`; empty when there is none.
    pub query: &'a str,
    /// Headers as sent; names in any case.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body as sent (compressed form, if it is compressed).
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of that name (given in lower case), trimmed.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A credential to sign with. `Debug` shows the id alone.
#[derive(Clone, Copy)]
pub struct AccessKey<'a> {
    /// Access key id; not secret.
    pub id: &'a str,
    /// Access key secret.
    pub secret: &'a str,
    /// Token of a temporary credential.
    pub security_token: Option<&'a str>,
}

impl fmt::Debug for AccessKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The request carries no signature of the scheme asked for, or one that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No header or parameter holds a signature.
    #[error("the request is not signed")]
    Unsigned,
    /// The signature is of another scheme.
    #[error("the request is not signed with {0}")]
    OtherScheme(&'static str),
    /// A part of the signature is missing or unreadable.
    #[error("`{0}` is missing from the signature or unreadable")]
    Part(&'static str),
}

/// The signature is not the one the secret gives, or the body is not the one that was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct Mismatch {
    /// What the verifier signed, for the error message of a server. Holds no secret.
    pub string_to_sign: String,
}
