//! What happens to a struck call: instead of its effect, after it, or to the reply on its way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gateway::route::Service;
use crate::reply::{INTERNAL, Refusal};

/// Longest delay a fault may ask for, milliseconds.
const DELAY_MS_MAX: u64 = 600_000;
/// Size of an oversized reply unless the fault names one: 64 MiB.
const OVERSIZED_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;
/// Longest time for which reads may be stale, seconds.
const STALE_SECS_MAX: u32 = 86_400;

/// What happens to a struck call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Effect {
    /// Answer an error, do nothing.
    ErrorBefore(Answered),
    /// Do it, then answer an error.
    ErrorAfter(Answered),
    /// Do it only once released, even if the caller has gone.
    HoldBefore,
    /// Do it, answer once released.
    HoldAfter,
    /// Wait, then do it, even if the caller has gone.
    DelayBefore {
        /// How long.
        milliseconds: u64,
    },
    /// Do it, wait, then answer.
    DelayAfter {
        /// How long.
        milliseconds: u64,
    },
    /// Do it, then cut the connection.
    LostReply,
    /// Do nothing, reset the connection before a byte of a reply.
    ConnectionReset,
    /// Do it, send a part of the reply, cut the connection.
    Truncated {
        /// Bytes of the body that are sent; absent is half of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<usize>,
    },
    /// Do it, answer with blanks behind the body, without saying how many.
    Oversized {
        /// Bytes of the body in all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
    },
    /// Do it, answer what is of another type than documented.
    WrongType(WrongType),
    /// Do it, send the reply byte by byte.
    SlowBytes {
        /// Wait before each byte.
        milliseconds: u64,
    },
    /// From this call on, reads of its service see the state as it was before it.
    StaleReads {
        /// For how long, by the emulator's clock.
        seconds: u32,
    },
    /// Answer a part of what a search finds, and say so.
    Incomplete,
    /// Answer that there were too many calls, do nothing.
    Throttle(Answered),
}

/// The error a fault answers; what is absent has a default.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Answered {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Answered {
    fn refusal(&self, status: u16, code: &str, message: &str) -> Refusal {
        let mut refusal = Refusal::new(
            self.status.unwrap_or(status),
            self.code.clone().unwrap_or_else(|| code.to_owned()),
            self.message.clone().unwrap_or_else(|| message.to_owned()),
        );
        refusal.retry_after_ms = self.retry_after_ms;
        refusal
    }

    fn error(&self) -> Refusal {
        self.refusal(500, INTERNAL, "The request processing has failed due to some unknown error.")
    }

    fn throttled(&self, service: Service) -> Refusal {
        match service {
            Service::Sls => {
                self.refusal(403, "MetaOperationQpsLimitExceeded", "Meta operation qps limit exceeded.")
            }
            Service::ActionTrail | Service::Ram | Service::Sts => {
                self.refusal(400, "Throttling.User", "Request was denied due to user flow control.")
            }
        }
    }
}

/// Which part of the reply is of another type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WrongType {
    /// JSON pointer to the field that is of another type, such as `/TrailList`; absent is the whole body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Content type that is claimed; absent is `text/html` for a whole body, and unchanged for a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
}

impl Effect {
    /// Name in the journal.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ErrorBefore(_) => "error-before",
            Self::ErrorAfter(_) => "error-after",
            Self::HoldBefore => "hold-before",
            Self::HoldAfter => "hold-after",
            Self::DelayBefore { .. } => "delay-before",
            Self::DelayAfter { .. } => "delay-after",
            Self::LostReply => "lost-reply",
            Self::ConnectionReset => "connection-reset",
            Self::Truncated { .. } => "truncated",
            Self::Oversized { .. } => "oversized",
            Self::WrongType(_) => "wrong-type",
            Self::SlowBytes { .. } => "slow-bytes",
            Self::StaleReads { .. } => "stale-reads",
            Self::Incomplete => "incomplete",
            Self::Throttle(_) => "throttle",
        }
    }

    /// What is out of its limits, if anything is.
    pub(crate) fn complaint(&self) -> Option<String> {
        let limit = |name: &str, value: u64, max: u64| {
            (value > max).then(|| format!("`{name}` of {} must be at most {max}", self.name()))
        };
        match self {
            Self::DelayBefore { milliseconds }
            | Self::DelayAfter { milliseconds }
            | Self::SlowBytes { milliseconds } => limit("milliseconds", *milliseconds, DELAY_MS_MAX),
            Self::StaleReads { seconds } => limit("seconds", u64::from(*seconds), u64::from(STALE_SECS_MAX)),
            Self::ErrorBefore(_)
            | Self::ErrorAfter(_)
            | Self::HoldBefore
            | Self::HoldAfter
            | Self::LostReply
            | Self::ConnectionReset
            | Self::Truncated { .. }
            | Self::Oversized { .. }
            | Self::WrongType(_)
            | Self::Incomplete
            | Self::Throttle(_) => None,
        }
    }

    /// How long the call waits for its effect.
    pub(crate) fn delay_before(&self) -> Option<Duration> {
        if let Self::DelayBefore { milliseconds } = self {
            return Some(Duration::from_millis(*milliseconds));
        }
        None
    }

    /// How long the reply waits after the effect.
    pub(crate) fn delay_after(&self) -> Option<Duration> {
        if let Self::DelayAfter { milliseconds } = self {
            return Some(Duration::from_millis(*milliseconds));
        }
        None
    }

    /// Bytes of an oversized reply.
    pub(crate) fn oversized(&self) -> Option<u64> {
        if let Self::Oversized { bytes } = self {
            return Some(bytes.unwrap_or(OVERSIZED_BYTES_DEFAULT));
        }
        None
    }

    /// The refusal instead of the effect.
    pub(crate) fn refusal_before(&self, service: Service) -> Option<Refusal> {
        match self {
            Self::ErrorBefore(answered) => Some(answered.error()),
            Self::ConnectionReset => Some(Answered::default().error()),
            Self::Throttle(answered) => Some(answered.throttled(service)),
            Self::ErrorAfter(_)
            | Self::HoldBefore
            | Self::HoldAfter
            | Self::DelayBefore { .. }
            | Self::DelayAfter { .. }
            | Self::LostReply
            | Self::Truncated { .. }
            | Self::Oversized { .. }
            | Self::WrongType(_)
            | Self::SlowBytes { .. }
            | Self::Incomplete
            | Self::StaleReads { .. } => None,
        }
    }

    /// The refusal that hides the effect.
    pub(crate) fn refusal_after(&self, service: Service) -> Option<Refusal> {
        if let Self::ErrorAfter(answered) = self {
            return Some(answered.error());
        }
        self.refusal_before(service)
    }
}
