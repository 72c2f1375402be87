//! Why there is no access key to be had.

use crate::call::Call;
use crate::credentials::source::Origin;
use crate::error::CallError;
use crate::fault::{Fault, FaultKind};

/// A source gave no usable access key. Cheap to clone, holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no access key from {}: {message}", .origin.map_or("any source", Origin::as_str))]
pub struct CredentialsError {
    origin: Option<Origin>,
    trouble: CredentialsTrouble,
    message: String,
    fault: Option<Box<Fault>>,
    role_arn: Option<String>,
}

/// What kind of trouble a source met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialsTrouble {
    /// The source is not there: no such file, no metadata server. The next one may be asked.
    Absent,
    /// The source is there but does not answer; asking later may help.
    Unavailable,
    /// The source answers and refuses: an invalid token, a role that does not trust the caller.
    Refused,
    /// What the source gives is incomplete, unreadable or of no use.
    Unusable,
}

impl CredentialsError {
    pub(super) fn new(origin: Origin, trouble: CredentialsTrouble, message: impl Into<String>) -> Self {
        Self { origin: Some(origin), trouble, message: message.into(), fault: None, role_arn: None }
    }

    pub(super) fn absent(origin: Origin, message: impl Into<String>) -> Self {
        Self::new(origin, CredentialsTrouble::Absent, message)
    }

    pub(super) fn unusable(origin: Origin, message: impl Into<String>) -> Self {
        Self::new(origin, CredentialsTrouble::Unusable, message)
    }

    /// The error of sources none of which is there.
    pub(super) fn nowhere(tried: &[Self]) -> Self {
        let told: Vec<String> = tried
            .iter()
            .map(|error| format!("{}: {}", error.origin.map_or("", Origin::as_str), error.message))
            .collect();
        let message = if told.is_empty() {
            "none is configured".to_owned()
        } else {
            format!("tried {}", told.join("; "))
        };
        let trouble = CredentialsTrouble::Absent;
        Self { origin: None, trouble, message, fault: None, role_arn: None }
    }

    /// The error of a call that `origin` had to make.
    pub(super) fn of_call(origin: Origin, error: &CallError) -> Self {
        let fault = error.fault();
        let trouble = match fault.kind {
            FaultKind::Throttled | FaultKind::Unavailable => CredentialsTrouble::Unavailable,
            FaultKind::Unexpected => CredentialsTrouble::Unusable,
            FaultKind::NotFound
            | FaultKind::AlreadyExists
            | FaultKind::CredentialsInvalid
            | FaultKind::CredentialsExpired
            | FaultKind::ClockSkewed
            | FaultKind::Denied
            | FaultKind::FeatureNotGranted
            | FaultKind::ServiceNotOpened
            | FaultKind::AccountOverdue
            | FaultKind::QuotaExceeded
            | FaultKind::Foreign
            | FaultKind::Invalid => CredentialsTrouble::Refused,
        };
        Self { fault: Some(Box::new(fault)), ..Self::new(origin, trouble, error.to_string()) }
    }

    /// The same, met while this role was being assumed.
    pub(super) fn assuming(self, role_arn: &str) -> Self {
        Self { role_arn: Some(role_arn.to_owned()), ..self }
    }

    /// The source that failed; nothing when none is there.
    pub fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// What kind of trouble it was.
    pub fn trouble(&self) -> CredentialsTrouble {
        self.trouble
    }

    /// The call that failed, if one did.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_deref()
    }

    /// The role that could not be assumed, if it came to that.
    pub fn role_arn(&self) -> Option<&str> {
        self.role_arn.as_deref()
    }

    /// What went wrong, without secrets. Holds the words of the service and the id of the request when a call failed.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error of a call that could not be signed.
    pub(crate) fn for_call(self, call: &Call) -> CallError {
        let kind = match self.trouble {
            CredentialsTrouble::Unavailable => FaultKind::Unavailable,
            CredentialsTrouble::Absent | CredentialsTrouble::Refused | CredentialsTrouble::Unusable => {
                FaultKind::CredentialsInvalid
            }
        };
        CallError::new(call.fault(kind, false), "not sent: there is no access key to sign with")
            .with_source(self)
    }
}

/// More roles than may be assumed one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} roles to assume one after the other; at most {limit} are supported")]
pub struct TooManyRoles {
    /// How many were given.
    pub given: usize,
    /// How many there may be.
    pub limit: usize,
}
