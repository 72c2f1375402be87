//! What goes back: an answer or a refusal, before and after it is put into a service's own words.

use serde_json::Value;

/// A finished HTTP reply.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// Error code, for the journal.
    pub(crate) code: Option<String>,
    /// How it is sent.
    pub(crate) manner: Manner,
}

/// How a reply goes over the wire; all but the first are faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    #[default]
    Whole,
    /// As much of the body, then the connection is cut.
    Truncated { kept: usize },
    /// The body and blanks behind it, so many bytes in all.
    Oversized { bytes: u64 },
    /// So long a wait before each byte.
    Slow { milliseconds: u64 },
}

impl Reply {
    /// A JSON reply.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json;charset=utf-8".to_owned())],
            body: value.to_string().into_bytes(),
            ..Self::default()
        }
    }

    /// A plain-text reply.
    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())],
            body: text.into().into_bytes(),
            ..Self::default()
        }
    }
}

/// What an operation answers when it succeeds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

/// Body of an [`Answer`].
#[derive(Debug, Clone, Default)]
pub(crate) enum Body {
    #[default]
    Empty,
    Json(Value),
    Bytes(Vec<u8>),
}

impl Answer {
    /// A JSON document.
    pub(crate) fn json(value: Value) -> Self {
        Self { headers: Vec::new(), body: Body::Json(value) }
    }

    /// Nothing but success.
    pub(crate) fn empty() -> Self {
        Self::default()
    }
}

/// Why an operation was refused, in the service's own code.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// `AccessDeniedDetail` of a denied call.
    pub(crate) detail: Option<Value>,
    /// Hint in milliseconds for a throttled call.
    pub(crate) retry_after_ms: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), detail: None, retry_after_ms: None }
    }

    /// Our own failure; the cause goes to the log, not to the caller.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed inside the emulator");
        Self::new(500, INTERNAL, "The request processing has failed due to some unknown error.")
    }
}

/// Code of our own failures; Log Service spells it `InternalServerError`.
pub(crate) const INTERNAL: &str = "InternalError";

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(&error)
    }
}
