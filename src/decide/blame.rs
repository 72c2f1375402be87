//! From a fault to the reason and the sentence of a condition: the one table.
//!
//! *Invariant:* sentences hold no request id, no time and none of the server's words, so that an unchanged failure
//! reads the same on every pass.

use alicloud::{Fault, FaultKind};

use super::Finding;
use crate::api::reasons::Reason;

/// Whether a fault says something about the caller or the account as a whole, whichever call met it.
pub const fn is_account_level(kind: FaultKind) -> bool {
    match kind {
        FaultKind::CredentialsInvalid
        | FaultKind::CredentialsExpired
        | FaultKind::ClockSkewed
        | FaultKind::Denied
        | FaultKind::FeatureNotGranted
        | FaultKind::ServiceNotOpened
        | FaultKind::AccountOverdue => true,
        FaultKind::NotFound
        | FaultKind::AlreadyExists
        | FaultKind::Throttled
        | FaultKind::Unavailable
        | FaultKind::QuotaExceeded
        | FaultKind::Foreign
        | FaultKind::Invalid
        | FaultKind::Unexpected => false,
    }
}

/// The finding for one fault.
pub fn blame(fault: &Fault) -> Finding {
    let (reason, sentence) = sentence(fault);
    finding(fault, reason, &sentence)
}

/// What is said of a fault, followed by its code.
pub(super) fn finding(fault: &Fault, reason: Reason, sentence: &str) -> Finding {
    let code = fault.code.as_deref().map_or_else(String::new, |code| format!(" (code `{code}`)"));
    Finding { reason, message: format!("{sentence}{code}"), fault: Some(fault.clone()) }
}

fn sentence(fault: &Fault) -> (Reason, String) {
    let (action, host, service) = (fault.action, &fault.host, service_name(fault));
    match fault.kind {
        FaultKind::Throttled => (
            Reason::Throttled,
            format!("too many calls of `{action}` for {service} or the operator's own limit; the operator waits and tries again"),
        ),
        FaultKind::Unavailable => (
            Reason::Unavailable,
            format!(
                "no usable answer from `{host}`; the operator keeps trying. Cluster admin: check that the region \
                 exists and that the cluster reaches this host"
            ),
        ),
        FaultKind::NotFound | FaultKind::AlreadyExists => {
            (Reason::Settling, format!("a change is accepted but not visible yet to `{action}`; the operator looks again"))
        }
        FaultKind::CredentialsInvalid => (
            Reason::CredentialsInvalid,
            format!("{service} refuses the access key; cluster admin: replace it by a valid one"),
        ),
        FaultKind::CredentialsExpired => (
            Reason::CredentialsExpired,
            "the security token has expired; cluster admin: supply a fresh one".to_owned(),
        ),
        FaultKind::ClockSkewed => (
            Reason::ClockSkewed,
            "the clock here is more than 15 minutes off; cluster admin: synchronise the node's clock".to_owned(),
        ),
        FaultKind::Denied => (
            Reason::AccessDenied,
            format!("the caller lacks `{}`; cloud admin: allow it in a RAM policy of the caller", fault.ram_action),
        ),
        FaultKind::FeatureNotGranted => (
            Reason::FeatureNotGranted,
            "inner-ActionTrail is not granted to this account; open a ticket with Alibaba Cloud to have it granted. \
             The operator notices by itself"
                .to_owned(),
        ),
        FaultKind::ServiceNotOpened => (
            Reason::ServiceNotOpened,
            format!("{service} is not activated for this account; cloud admin: activate it in the console"),
        ),
        FaultKind::AccountOverdue => (
            Reason::AccountOverdue,
            format!("{service} is suspended for overdue payment; account owner: settle the bill"),
        ),
        FaultKind::QuotaExceeded => (
            Reason::QuotaExceeded,
            format!("`{action}` exceeds a quota of the account; cloud admin: free some or ask for more"),
        ),
        FaultKind::Foreign => (
            Reason::OwnedElsewhere,
            format!("what `{action}` names belongs to another account; choose another name"),
        ),
        FaultKind::Invalid => (
            Reason::InvalidSpec,
            format!("{service} refuses the parameters of `{action}`; correct the spec"),
        ),
        FaultKind::Unexpected => (
            Reason::UnexpectedResponse,
            format!(
                "{service} answered `{action}` in a way this version does not know; the request id is in \
                 `status.lastError`. For an inner-trail call, correct the wire profile"
            ),
        ),
    }
}

const fn service_name(fault: &Fault) -> &'static str {
    match fault.service {
        alicloud::Service::ActionTrail => "ActionTrail",
        alicloud::Service::Sls => "Log Service",
        alicloud::Service::Ram => "RAM",
        alicloud::Service::Sts => "STS",
    }
}
