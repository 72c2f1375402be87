//! From the reply of a server to a success or to a fault.
//!
//! Takes a call and what came back; returns a [`Reply`], or the parts of a [`CallError`]. *Invariant:* a reply
//! that is not understood is never a success, and a bare status is never an absence.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::Call;
use crate::credentials::AccessKey;
use crate::draft::Unsendable;
use crate::error::CallError;
use crate::fault::FaultKind;
use crate::transport::TransportError;

/// Longest wait that an error asks for; a longer one is cut to this.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

const NO_ENVELOPE: &str = "the reply holds no error code";

/// A successful reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) request_id: Option<String>,
    /// The key the request was signed with: what decoding must not repeat.
    pub(crate) key: Option<AccessKey>,
}

impl Reply {
    /// Reads the JSON body.
    pub(crate) fn decode<T: DeserializeOwned>(&self, call: &Call) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The text of the error can quote the body.
            let text = error.to_string();
            let quoted = self.key.as_ref().map_or_else(|| text.clone(), |key| key.redact(&text));
            undecodable(call, self, &format!("the reply cannot be understood: {quoted}"))
        })
    }

    /// Reads a JSON body that holds secrets, which no error quotes.
    pub(crate) fn decode_quietly<T: DeserializeOwned>(&self, call: &Call) -> Result<T, CallError> {
        let decoded = serde_json::from_slice(&self.body);
        decoded.map_err(|_| undecodable(call, self, "the reply cannot be understood"))
    }
}

/// Judges a reply that is not a success. `redact` strikes secrets out.
pub(crate) fn refused(
    call: &Call,
    reply: &Response<Bytes>,
    meaning: impl Fn(&str, &str) -> FaultKind,
    redact: impl Fn(&str) -> String,
) -> CallError {
    let refusal = Refusal::read(reply.body());
    let known = refusal.as_ref().map(|refusal| meaning(&refusal.code, &refusal.message));
    let kind = match known {
        Some(kind) if kind != FaultKind::Unexpected => kind,
        Some(_) | None => kind_by_status(reply.status()),
    };
    let replayed = refusal.as_ref().is_some_and(|refusal| refusal.code == NONCE_USED);
    let effect_unknown = refusal.is_none() || reply.status().is_server_error() || replayed;
    let mut fault = call.fault(kind, effect_unknown);
    fault.request_id = request_id(reply.headers(), reply.body()).map(|id| redact(&id));
    fault.retry_after = retry_after(reply.headers());
    let (code, message) = refusal.map_or((None, NO_ENVELOPE.to_owned()), |it| (Some(it.code), it.message));
    fault.code = code.map(|code| redact(&code));
    CallError::new(fault, &redact(&message)).with_status(reply.status())
}

/// The code of a nonce that was seen before.
pub(crate) const NONCE_USED: &str = "SignatureNonceUsed";

/// What a status means when no known code came with it. A bare 404 is not an absence: it may come from
/// anything on the way.
fn kind_by_status(status: StatusCode) -> FaultKind {
    match status.as_u16() {
        429 => FaultKind::Throttled,
        500..=599 => FaultKind::Unavailable,
        _ => FaultKind::Unexpected,
    }
}

/// Code and sentence of an error body, whichever of the two envelopes it is (cloud-api §6.9, §7).
struct Refusal {
    code: String,
    message: String,
}

impl Refusal {
    fn read(body: &[u8]) -> Option<Self> {
        let envelope: Value = serde_json::from_slice(body).ok()?;
        let text = |names: [&str; 3]| names.iter().find_map(|name| envelope.get(name)?.as_str());
        let code = text(["Code", "code", "errorCode"]).filter(|code| is_token(code))?;
        let message = text(["Message", "message", "errorMessage"]).unwrap_or_default();
        Some(Self { code: code.to_owned(), message: message.to_owned() })
    }
}

/// The error of a request that had no reply.
pub(crate) fn unanswered(call: &Call, error: TransportError) -> CallError {
    let kind = match error {
        TransportError::Connect(_) | TransportError::Timeout | TransportError::Lost(_) => {
            FaultKind::Unavailable
        }
        TransportError::TooLarge { .. } => FaultKind::Unexpected,
    };
    let fault = call.fault(kind, error.may_have_arrived());
    CallError::new(fault, "no usable reply").with_source(error)
}

/// The error of a request that cannot be made. Nothing of it is quoted.
pub(crate) fn unsendable(call: &Call, why: Unsendable) -> CallError {
    let (kind, message) = match why {
        Unsendable::Address => {
            (FaultKind::Invalid, "not sent: the host is none, or the parameters are too long for an address")
        }
        Unsendable::Header => (
            FaultKind::CredentialsInvalid,
            "not sent: the access key or token holds characters that no header can carry",
        ),
    };
    CallError::new(call.fault(kind, false), message)
}

/// A reply of success whose body is not what the operation returns.
pub(crate) fn undecodable(call: &Call, reply: &Reply, why: &str) -> CallError {
    let mut fault = call.fault(FaultKind::Unexpected, true);
    fault.request_id.clone_from(&reply.request_id);
    CallError::new(fault, why)
}

/// The id the service gave the request, from a header or the body.
pub(crate) fn request_id(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let header =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let found = header("x-log-requestid").or_else(|| header("x-acs-request-id")).or_else(|| {
        let body: Value = serde_json::from_slice(body).ok()?;
        body.get("RequestId").or_else(|| body.get("requestId"))?.as_str().map(str::to_owned)
    });
    found.filter(|id| is_token(id))
}

/// Whether `text` is fit to be repeated in logs and conditions as a code or an id: short, printable, no spaces.
fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `x-acs-retry-after` is in milliseconds (cloud-api §7), `retry-after` in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name| headers.get(name).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    let wait = number("x-acs-retry-after").map(Duration::from_millis);
    let wait = wait.or_else(|| number("retry-after").map(Duration::from_secs));
    wait.map(|wait| wait.min(LONGEST_RETRY_AFTER))
}

/// The time of the server, from the `Date` of its reply.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(http::header::DATE)?.to_str().ok()?;
    rfc2822::parse(date).ok().map(|zoned| zoned.timestamp())
}
