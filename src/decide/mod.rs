//! The state machine: authorized → logstore ready → shipping → indexed.
//!
//! Takes what is asked ([`Desired`]) and what was seen ([`Observed`]) and returns a verdict for every stage plus at
//! most one [`Step`], the one that moves the first open stage. [`absence`] is the same thing for deletion.
//!
//! *Invariant:* knows nothing of HTTP, Kubernetes, time or status.

pub mod absence;
mod authorized;
mod blame;
mod indexed;
mod keyless;
mod logstore;
mod policy;
mod shipping;
#[cfg(test)]
mod tests;

use alicloud::Fault;

pub(crate) use authorized::DELIVERY_POLICY;
pub use blame::{blame, is_account_level};
pub(crate) use indexed::fields_of;
pub use indexed::{IndexGap, platform_event_index};
pub use keyless::{keyless, without};
pub(crate) use policy::trusting_actiontrail;
pub(crate) use shipping::ours;

use crate::api::Control;
use crate::api::reasons::Reason;
use crate::desired::{Desired, Writes};
use crate::observed::Observed;

/// One of the four conditions, in the order in which they become true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// The caller may act, the feature is granted, the role lets ActionTrail deliver.
    Authorized,
    /// Project and Logstore are there and keep logs long enough.
    LogstoreReady,
    /// The switch is on, and what arrives agrees.
    Shipping,
    /// The index covers the platform event fields.
    Indexed,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 4] = [Self::Authorized, Self::LogstoreReady, Self::Shipping, Self::Indexed];

    /// Type of the condition that shows this stage.
    pub const fn condition_type(self) -> &'static str {
        match self {
            Self::Authorized => "Authorized",
            Self::LogstoreReady => "LogstoreReady",
            Self::Shipping => "Shipping",
            Self::Indexed => "Indexed",
        }
    }
}

/// One change in the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Create the role ActionTrail assumes.
    CreateRole,
    /// Let the role's trust policy let ActionTrail in, besides whoever it lets in already.
    UpdateRoleTrust,
    /// Attach the system policy to the role.
    AttachRolePolicy,
    /// Create the project.
    CreateProject,
    /// Create the Logstore.
    CreateLogstore,
    /// Lengthen the retention of the Logstore to this many days.
    UpdateRetention(u32),
    /// Create the inner trail: shipping starts.
    CreateInnerTrail,
    /// Delete the inner trail of this name: shipping stops.
    DeleteInnerTrail(String),
    /// Create the index.
    CreateIndex,
    /// Add the missing fields to the index.
    UpdateIndex,
}

impl Step {
    /// The step's name, as written into the intent and events.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CreateRole => "CreateRole",
            Self::UpdateRoleTrust => "UpdateRoleTrust",
            Self::AttachRolePolicy => "AttachRolePolicy",
            Self::CreateProject => "CreateProject",
            Self::CreateLogstore => "CreateLogstore",
            Self::UpdateRetention(_) => "UpdateRetention",
            Self::CreateInnerTrail => "CreateInnerTrail",
            Self::DeleteInnerTrail(_) => "DeleteInnerTrail",
            Self::CreateIndex => "CreateIndex",
            Self::UpdateIndex => "UpdateIndex",
        }
    }

    /// The stage the step belongs to.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::CreateRole | Self::UpdateRoleTrust | Self::AttachRolePolicy => Stage::Authorized,
            Self::CreateProject | Self::CreateLogstore | Self::UpdateRetention(_) => Stage::LogstoreReady,
            Self::CreateInnerTrail | Self::DeleteInnerTrail(_) => Stage::Shipping,
            Self::CreateIndex | Self::UpdateIndex => Stage::Indexed,
        }
    }
}

/// Why a stage stands where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Reason of the condition.
    pub reason: Reason,
    /// Message of the condition: stable, our own words, what to do and who.
    pub message: String,
    /// The fault behind it, if the cloud gave one.
    pub fault: Option<Fault>,
}

impl Finding {
    /// A finding with no fault behind it.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), fault: None }
    }
}

/// Judgement of one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As asked.
    Met(Finding),
    /// Not as asked, and this change brings it closer.
    Unmet(Step, Finding),
    /// Not as asked, and nothing the operator may do helps.
    Blocked(Finding),
}

impl Verdict {
    /// Why.
    pub const fn finding(&self) -> &Finding {
        match self {
            Self::Met(finding) | Self::Unmet(_, finding) | Self::Blocked(finding) => finding,
        }
    }

    /// Whether the stage is as asked.
    pub const fn is_met(&self) -> bool {
        matches!(self, Self::Met(_))
    }

    fn met(reason: Reason, message: impl Into<String>) -> Self {
        Self::Met(Finding::new(reason, message))
    }

    fn unmet(step: Step, reason: Reason, message: impl Into<String>) -> Self {
        Self::Unmet(step, Finding::new(reason, message))
    }

    fn blocked(reason: Reason, message: impl Into<String>) -> Self {
        Self::Blocked(Finding::new(reason, message))
    }
}

/// Verdicts in stage order, and the one change to make now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// One verdict per stage, in the order of [`Stage::ALL`].
    pub verdicts: [Verdict; 4],
    /// The change that moves the first open stage, if one may be made.
    pub step: Option<Step>,
}

impl Decision {
    /// The first stage that is not as asked, with its verdict.
    pub fn first_open(&self) -> Option<(Stage, &Verdict)> {
        Stage::ALL.into_iter().zip(&self.verdicts).find(|(_, verdict)| !verdict.is_met())
    }
}

/// Judges every stage, and chooses the change for the first open one.
///
/// # Guarantees
/// `step` is `Some` only where the spec allows changes, and then moves the first open stage, with two exceptions: nothing
/// that is open before it keeps shipping on where `spec.enabled` is false (S8), and while a person is to turn the switch
/// the index is made, without which nobody sees that they did.
pub fn decide(desired: &Desired, observed: &Observed) -> Decision {
    let verdicts = Stage::ALL.map(|stage| judge(stage, desired, observed));
    let mut decision = Decision { verdicts, step: None };
    match desired.writes {
        Writes::Allowed => decision.step = chosen(desired, observed, &decision).cloned(),
        Writes::Forbidden => decision.verdicts.iter_mut().for_each(say_that_nothing_is_changed),
    }
    decision
}

fn chosen<'a>(desired: &Desired, observed: &Observed, decision: &'a Decision) -> Option<&'a Step> {
    let step_of = |stage: Stage| match &decision.verdicts[stage as usize] {
        Verdict::Unmet(step, _) => Some(step),
        Verdict::Met(_) | Verdict::Blocked(_) => None,
    };
    if !desired.enabled && authorized::is_right_account(desired, observed) {
        let off = step_of(Stage::Shipping);
        if off.is_some() {
            return off;
        }
    }
    let (open, _) = decision.first_open()?;
    let awaits_person = open == Stage::Shipping && desired.control == Control::Console;
    step_of(if awaits_person { Stage::Indexed } else { open })
}

fn say_that_nothing_is_changed(verdict: &mut Verdict) {
    if let Verdict::Unmet(_, finding) = verdict {
        finding.message.push_str(" when `spec.mode` is Enforce, and changes nothing under Observe");
    }
}

fn judge(stage: Stage, desired: &Desired, observed: &Observed) -> Verdict {
    match stage {
        Stage::Authorized => authorized::judge(desired, observed),
        Stage::LogstoreReady => logstore::judge(desired, observed),
        Stage::Shipping => shipping::judge(desired, observed),
        Stage::Indexed => indexed::judge(desired, observed),
    }
}
