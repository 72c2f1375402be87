//! What is known of a call before it is sent: which operation, its effect, and where it goes.

use crate::fault::{Fault, FaultKind, Service};

/// Whether an operation changes anything. Decides whether a lost reply leaves its effect unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Writes,
}

/// One operation of one service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) service: Service,
    /// The name in the API, as in the documentation.
    pub(crate) action: &'static str,
    /// The name in a RAM policy.
    pub(crate) ram_action: &'static str,
    pub(crate) effect: Effect,
}

impl Operation {
    pub(crate) const fn reads(service: Service, action: &'static str, ram_action: &'static str) -> Self {
        Self { service, action, ram_action, effect: Effect::Reads }
    }

    pub(crate) const fn writes(service: Service, action: &'static str, ram_action: &'static str) -> Self {
        Self { service, action, ram_action, effect: Effect::Writes }
    }
}

/// An operation on its way to a host.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) host: String,
}

impl Call {
    /// A fault of this call. `effect_unknown` makes it ambiguous if the operation writes.
    pub(crate) fn fault(&self, kind: FaultKind, effect_unknown: bool) -> Fault {
        Fault {
            kind,
            service: self.operation.service,
            action: self.operation.action,
            ram_action: self.operation.ram_action,
            host: self.host.clone(),
            code: None,
            request_id: None,
            retry_after: None,
            ambiguous: effect_unknown && self.operation.effect == Effect::Writes,
        }
    }
}
